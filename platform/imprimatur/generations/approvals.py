"""What the people in the pictures say: a record may reserve to them whether a picture leaves the house.

The newest answer counts. A record that reserves approval by output wants one for each picture; by campaign one for all
pictures of the same wording for the same use. Silence is no answer, whatever time they promised to answer in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from imprimatur.audit import services as audit
from imprimatur.generations.models import Generation, Output, SubjectApproval
from imprimatur.generations.quarantine import require_shown
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.ids import decode

_USE = ("channel", "territory", "purpose")


def campaign_of(row: Generation, use: Mapping[str, Any] | None = None) -> str:
    """Pictures of one template version for one use (default: what the row was asked for) belong together. A digest."""
    said = row.use if use is None else use
    parts = [str(row.template_version_id), *(str(said.get(name) or "") for name in _USE)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def answer(actor: Actor, record: ConsentRecord, output: Output, *, approved: bool, now: datetime) -> SubjectApproval:
    """Keep what the person said. The caller has made sure that the link is theirs and the picture made under it."""
    require_shown(output)
    row = SubjectApproval.objects.create(
        tenant_id=actor.tenant_id,
        record=record.public_id,
        output=output,
        campaign=campaign_of(output.generation),
        approved=approved,
        answered_by=actor.label,
        seconds=max(0, int((now - output.created_at).total_seconds())),
    )
    facts = {"record": record.public_id, "approved": approved, "seconds": row.seconds}
    audit.record(actor.tenant_id, actor.label, "output.subject_answered", output.public_id, facts)
    return row


def of_picture(row: Generation, use: Mapping[str, Any] | None = None) -> frozenset[str]:
    """Ids of the consents whose person approved this picture, or its campaign where that is what they reserved.

    use: what it shall go out for, where that is not what it was asked for: another use is another campaign.
    """
    output = Output.objects.filter(generation=row).first()
    if output is None:
        return frozenset()
    named = {line["record"] for line in row.consent_receipt.get("records", ())}
    campaign = campaign_of(row, use)
    consents = [record for record in _reserving(named) if _standing(record, output, [*answers(record)], campaign)]
    return frozenset(record.public_id for record in consents)


def answers(record: ConsentRecord) -> QuerySet[SubjectApproval]:
    """Everything the record's person said, newest first."""
    return SubjectApproval.objects.filter(record=record.public_id).select_related("output")


def latest(record: ConsentRecord, outputs: Iterable[Output]) -> dict[Output, bool | None]:
    """For each picture what counts of what was said to it; None as long as nothing was."""
    said = [*answers(record)]
    return {output: _standing(record, output, said, campaign_of(output.generation)) for output in outputs}


def _reserving(named: set[str]) -> list[ConsentRecord]:
    ids = [decode(ConsentRecord.PREFIX, name) for name in named if name.startswith(f"{ConsentRecord.PREFIX}_")]
    found = ConsentRecord.objects.filter(pk__in=ids)
    return [record for record in found if record.terms.get("approval_right", "none") != "none"]


def _standing(record: ConsentRecord, output: Output, said: list[SubjectApproval], campaign: str) -> bool | None:
    """To the picture itself first: a no to one picture is not outvoted by a yes to its campaign."""
    own = next((row for row in said if row.output_id == output.pk), None)
    by_campaign = record.terms.get("approval_right") == "per_campaign"
    if own is not None and (not own.approved or own.campaign == campaign or not by_campaign):
        return own.approved
    if not by_campaign:
        return None
    return next((row.approved for row in said if row.campaign == campaign), None)
