"""The released file: the reviewed picture with a new manifest that says that people approved it and it was published.

The reviewed file is the new one's parent, so its whole history stays inside. Not one pixel is new unless the place it
goes to demands a visible label: then that is drawn first, and the manifest says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from governance.labels import Labels
from governance.provenance import ManifestReport, OutputFacts, read, sign_derivative, verify_signed
from imprimatur import keys, objects
from imprimatur.audit import services as audit
from imprimatur.generations.models import Output
from imprimatur.releases.labelling import labelled, origin_of, require_marks
from imprimatur.tenants import selectors as tenants
from imprimatur.tenants.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class StampedFile:
    """Bytes ready to be stored, and what their manifest was found to be."""

    data: bytes
    mime: str
    manifest_state: str


def stamp_release(output: Output, labels: Labels, release_id: str) -> StampedFile:
    """Label the reviewed file and sign it anew as published; its manifest names the audit trail's end of this moment.

    Conflict when the stored file says it is of another generation, is too small for its label, or lacks a mark.
    """
    anchors = keys.trust_anchors()
    reviewed = objects.get(output.object_key, output.sha256)
    facts = _facts_of(read(reviewed, output.mime, anchors), output)
    require_marks(labels, facts)
    origin = origin_of(facts, publisher=tenants.tenant().name, release_id=release_id)
    done = labelled(reviewed, output.mime, labels, origin, facts)
    released = replace(
        facts,
        oversight="human_validated",
        audit_head=audit.head(output.tenant_id),
        labels=labels.rule_ids,
        label_table=labels.table,
    )
    actions = [*done.actions, "published"]
    data = sign_derivative(done.data, output.mime, reviewed, actions, released, keys.signer_for(output.tenant_id))
    report = verify_signed(data, output.mime, anchors, generation_id=facts.generation_id)
    return StampedFile(data=data, mime=output.mime, manifest_state=report.state)


def _facts_of(report: ManifestReport, output: Output) -> OutputFacts:
    facts = report.facts
    if facts is None or facts.generation_id != output.generation.public_id:
        raise Conflict(_("The reviewed file does not carry its own manifest: draw it again."), "manifest_mismatch")
    return facts
