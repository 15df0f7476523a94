"""The released file: the reviewed picture with a new manifest that says that people approved it and it was published.

The reviewed file is the new one's parent, so its whole history stays inside. Only the manifest is new: not one pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from governance.provenance import ManifestReport, OutputFacts, read, sign_derivative, verify_signed
from imprimatur import keys, objects
from imprimatur.generations.models import Output
from imprimatur.tenants.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class StampedFile:
    """Bytes ready to be stored, and what their manifest was found to be."""

    data: bytes
    mime: str
    manifest_state: str


def stamp_release(output: Output) -> StampedFile:
    """Sign the reviewed file anew as published. Conflict when the stored file says it is of another generation."""
    anchors = keys.trust_anchors()
    reviewed = objects.get(output.object_key, output.sha256)
    facts = _facts_of(read(reviewed, output.mime, anchors), output)
    data = sign_derivative(
        reviewed,
        output.mime,
        reviewed,
        ["published"],
        replace(facts, oversight="human_validated"),
        keys.platform_signer(),
    )
    report = verify_signed(data, output.mime, anchors, generation_id=facts.generation_id)
    return StampedFile(data=data, mime=output.mime, manifest_state=report.state)


def _facts_of(report: ManifestReport, output: Output) -> OutputFacts:
    facts = report.facts
    if facts is None or facts.generation_id != output.generation.public_id:
        raise Conflict(_("The reviewed file does not carry its own manifest: draw it again."), "manifest_mismatch")
    return facts
