"""Writes: claim, decide, undo, comment. Every write locks its output first, so two reviewers cannot pass each other."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from imprimatur.audit.services import record
from imprimatur.generations import gate
from imprimatur.generations.holding import hold_records
from imprimatur.generations.models import Output
from imprimatur.review.facts import live_claim
from imprimatur.review.models import Claim, Comment, Decision, Verdict
from imprimatur.review.permissions import check_can_decide, check_can_undo
from imprimatur.review.reasons import OTHER, REASONS
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput
from imprimatur.tenants.permissions import Permission

CLAIM_MINUTES: Final = 15
COMMENT_LENGTH: Final = 2000


@transaction.atomic
def claim(actor: Actor, output: Output) -> Claim:
    """Keep the output for this reviewer for 15 minutes; claiming again renews it."""
    now, locked = timezone.now(), _lock(output)
    person = check_can_decide(actor, locked, now)
    held, _made = Claim.objects.update_or_create(
        output=locked,
        defaults={
            "tenant_id": actor.tenant_id,
            "reviewer": person,
            "expires_at": now + timedelta(minutes=CLAIM_MINUTES),
        },
    )
    _record(actor, "review.claimed", locked, {"until": held.expires_at.isoformat()})
    return held


@transaction.atomic
def release_claim(actor: Actor, output: Output) -> None:
    """Give the output back to the queue. Nothing happens when nobody holds it."""
    person = actor.require_person()
    held = live_claim(_lock(output), timezone.now())
    if held is None:
        return
    if held.reviewer_id != person.pk:
        raise Conflict(_("%(name)s is looking at this picture now.") % {"name": held.reviewer}, "claimed")
    held.delete()
    _record(actor, "review.claim_released", output, {})


@transaction.atomic
def decide(actor: Actor, output: Output, verdict: str, reason: str = "", note: str = "") -> Decision:
    """One person's verdict. Approving asks the rights again; returning or rejecting needs a reason of `REASONS`."""
    now, locked = timezone.now(), _lock(output)
    person = check_can_decide(actor, locked, now)
    note = _clean(note)
    _check_words(verdict, reason, note)
    if verdict == Verdict.APPROVE:
        hold_records(locked.generation)
        require_rights(actor, locked, now)
    decision = Decision.objects.create(
        tenant_id=actor.tenant_id, output=locked, reviewer=person, verdict=verdict, reason=reason, note=note
    )
    Claim.objects.filter(output=locked).delete()
    _record(actor, "review.decided", locked, {"decision": decision.public_id, "verdict": verdict, "reason": reason})
    return decision


@transaction.atomic
def undo(actor: Actor, decision: Decision) -> Decision:
    """Take one's own decision back. It stays in the record, and no longer counts."""
    now = timezone.now()
    locked = _lock(decision.output)
    current = Decision.objects.get(pk=decision.pk)
    current.output = locked
    check_can_undo(actor, current, now)
    current.undone_at = now
    current.save(update_fields=["undone_at"])
    _record(actor, "review.undone", locked, {"decision": current.public_id})
    return current


@transaction.atomic
def comment(actor: Actor, output: Output, text: str) -> Comment:
    """Say something about an output. The words stay out of the audit trail; that they were said does not."""
    person = actor.require_person()
    actor.require(Permission.VIEW)
    text = _clean(text)
    if not text:
        raise _invalid("text", _("Write something first."))
    if len(text) > COMMENT_LENGTH:
        raise _invalid("text", _("Keep a comment under %(limit)d characters.") % {"limit": COMMENT_LENGTH})
    said = Comment.objects.create(tenant_id=actor.tenant_id, output=output, author=person, text=text)
    _record(actor, "review.commented", output, {"comment": said.public_id})
    return said


def require_rights(actor: Actor, output: Output, now: datetime) -> None:
    """RightsRefused unless the picture may still be used for what it was asked for."""
    generation = output.generation
    gate.require(
        actor,
        action="review",
        references=generation.references,
        version=generation.template_version,
        use=generation.use,
        now=now,
        made=generation,
    )


def _lock(output: Output) -> Output:
    """The output's row, locked until the transaction ends, freshly read."""
    return Output.objects.select_for_update(of=("self",)).select_related("generation").get(pk=output.pk)


def _check_words(verdict: str, reason: str, note: str) -> None:
    if verdict not in Verdict.values:
        raise _invalid("verdict", _("Say approve, request_changes or reject."))
    if verdict == Verdict.APPROVE:
        return
    if reason not in REASONS:
        raise _invalid("reason", _("Choose a reason: the maker needs to know what to change."))
    if reason == OTHER and not note:
        raise _invalid("note", _("Say in the note which other reason."))


def _invalid(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, errors=[{"field": field, "message": sentence}])


def _clean(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _record(actor: Actor, event: str, output: Output, payload: dict[str, str]) -> None:
    record(actor.tenant_id, actor.label, event, output.public_id, payload)
