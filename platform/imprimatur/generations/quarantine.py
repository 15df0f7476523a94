"""A picture whose right fell away is shown to nobody: it is quarantined, and lifted when a right covers it again.

Whoever hands out pixels of an output asks `require_shown` first. The facts about it (manifest, receipt, decisions)
stay readable: they are the evidence. A rights manager may look at the picture itself, and is recorded.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from imprimatur import objects
from imprimatur.audit import services as audit
from imprimatur.generations.models import Output
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.permissions import Permission

SYSTEM: Final = "system"
BY_RIGHTS: Final = "rights:"  # before the rules that fell; such a quarantine is lifted by a right that covers again
_REASON_LENGTH: Final = 200


class Quarantined(DomainError):
    """A right to the picture has fallen away, so it is shown to nobody."""

    def __init__(self, output: Output) -> None:
        sentence = _("A right to this picture has fallen away: it is quarantined and not shown.")
        since = output.quarantined_at.isoformat() if output.quarantined_at else ""
        super().__init__("quarantined", sentence, 423, quarantined_at=since)


def require_shown(output: Output) -> None:
    """Raise Quarantined where no pixel of the picture, large or small, may be handed out."""
    if output.quarantined_at is not None:
        raise Quarantined(output)


def reason_of(rule_ids: tuple[str, ...]) -> str:
    """How `quarantine_reason` keeps the rules that refused; rules that do not fit are left out."""
    text = BY_RIGHTS + ",".join(rule_ids)
    return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH].rpartition(",")[0]


def fallen_rules(output: Output) -> list[str]:
    """The rules behind a quarantine of ours; empty for one of another kind."""
    reason = output.quarantine_reason
    return reason.removeprefix(BY_RIGHTS).split(",") if reason.startswith(BY_RIGHTS) else []


def impose(tenant_id: uuid.UUID, reasons: Mapping[Output, str], now: datetime) -> int:
    """Quarantine locked outputs, each for its reason; those that are already stay as they are. Returns how many."""
    fresh = {output: reason for output, reason in reasons.items() if output.quarantined_at is None}
    by_reason: dict[str, list[Output]] = defaultdict(list)
    for output, reason in fresh.items():
        by_reason[reason].append(output)
    for reason, outputs in by_reason.items():
        ids = [output.pk for output in outputs]
        Output.objects.filter(pk__in=ids).update(quarantined_at=now, quarantine_reason=reason)
    facts = ((output.public_id, {"reason": reason}) for output, reason in fresh.items())
    return audit.record_many(tenant_id, SYSTEM, "output.quarantined", facts)


def lift(tenant_id: uuid.UUID, outputs: list[Output]) -> int:
    """Show locked outputs again, where a right that fell away was the reason. Returns how many."""
    held = [output for output in outputs if output.quarantine_reason.startswith(BY_RIGHTS)]
    Output.objects.filter(pk__in=[output.pk for output in held]).update(quarantined_at=None, quarantine_reason="")
    return audit.record_many(tenant_id, SYSTEM, "output.reinstated", ((output.public_id, {}) for output in held))


def evidence(actor: Actor, output: Output) -> tuple[bytes, str]:
    """A quarantined picture and its type, for a rights manager in person; that they looked is recorded."""
    actor.require(Permission.MANAGE_RIGHTS)
    actor.require_person()
    data = objects.get(output.object_key, output.sha256)
    audit.record(actor.tenant_id, actor.label, "output.inspected", output.public_id, {"sha256": output.sha256})
    return data, output.mime
