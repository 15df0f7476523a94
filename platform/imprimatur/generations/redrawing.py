"""A picture's file was lost: draw it again exactly as it was asked for, and prove that it is the same one.

The proof is the pixel digest, taken before watermark and stamp: the same model, seed and environment give the same
pixels. What is drawn again is a picture of its own, with its own stamp and approvals.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from django.db import transaction
from django.utils import timezone

from imprimatur.audit import selectors as trail
from imprimatur.audit.services import record
from imprimatur.generations import cast, gate, notify
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.actor import actor_for
from imprimatur.tenants.ids import decode
from imprimatur.tenants.permissions import Permission

EVENT: Final = "generation.redrawn"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A lost output and what was drawn again for it. verdict: same pixels, other pixels, or not drawn yet."""

    lost: str
    generation: str
    verdict: Literal["same", "differs", "waiting"]


@transaction.atomic
def redraw(output: Output) -> Generation:
    """Queue it again, for whoever asked for it. Needs the tenant's scope.

    Raises NotPermitted when they no longer belong to the company, RightsRefused when a right has fallen away.
    """
    lost, now = output.generation, timezone.now()
    actor = actor_for(lost.requested_by, lost.tenant_id)
    actor.require(Permission.GENERATE)
    drawn_from = lost.references
    asked = {"references": drawn_from, "version": lost.template_version}
    answer = gate.require(actor, action="generate", **asked, use=lost.use, now=now)
    fresh = Generation.objects.create(
        tenant_id=lost.tenant_id,
        batch=uuid.uuid4(),
        **{"subject_reference": lost.subject_reference, "template_version": lost.template_version},
        variables=lost.variables,
        spec=lost.spec,
        spec_digest=lost.spec_digest,
        steps=lost.steps,
        use=lost.use,
        consent_receipt=gate.receipt(answer, references=drawn_from, use=lost.use, now=now),
        requested_by=lost.requested_by,
        retried_by=lost.retried_by,
    )
    cast.keep_same(fresh, lost)
    notify.ring()
    facts = {"lost": output.public_id, "pixel_digest": output.pixel_digest}
    record(lost.tenant_id, "system", EVENT, fresh.public_id, facts)
    return fresh


def proofs(tenant_id: uuid.UUID) -> Iterator[Proof]:
    """How every picture that was drawn again compares with the lost one, newest first. Needs the tenant's scope."""
    for event in trail.events(tenant_id, event=EVENT):
        said = json.loads(event.payload)
        drawn = Output.objects.filter(generation_id=decode(Generation.PREFIX, event.subject)).first()
        verdict: Literal["same", "differs"] | None = None
        if drawn is not None:
            verdict = "same" if drawn.pixel_digest == said["pixel_digest"] else "differs"
        yield Proof(lost=said["lost"], generation=event.subject, verdict=verdict or "waiting")
