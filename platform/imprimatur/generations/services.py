"""Ask for pictures, cancel, try again; and take in what workers say (`incoming`)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from generation.spec import Box, GenerationSpec
from imprimatur.audit import services as audit
from imprimatur.generations import asking, cast, gate, life, notify
from imprimatur.generations.cast import CastMember
from imprimatur.generations.incoming import record_hello, record_progress, record_report
from imprimatur.generations.models import Generation, GenerationState
from imprimatur.generations.states import ACTIVE, RETRYABLE
from imprimatur.library import sketches
from imprimatur.library.models import ReferenceImage, Sketch
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, NotFound, NotPermitted
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

__all__ = ["cancel", "record_hello", "record_progress", "record_report", "retry", "submit"]


def submit(
    actor: Actor,
    *,
    reference: ReferenceImage,
    version: TemplateVersion,
    variables: Mapping[str, str],
    use: Mapping[str, Any],
    dials: Mapping[str, Any] | None = None,
    count: int = 1,
    seed: int | None = None,
    views: Sequence[ReferenceImage] = (),
    box: Box | None = None,
    sketch: Sketch | None = None,
    others: Sequence[CastMember] = (),
) -> list[Generation]:
    """Queue `count` pictures, or none: rows, audit events and a ring at the dispatcher's door, in one transaction.

    reference, views, box, sketch: the first subject's, see `CastMember`; others: the further subjects.

    Raises NotPermitted, NotFound, InvalidInput (subjects, dials, variables, count, seed) or RightsRefused with every
    reason.
    """
    actor.require(Permission.GENERATE)
    asker, now, kept_use = _asker(actor), timezone.now(), asking.checked_use(use)
    chosen, seeds = asking.Dials.read(dials or {}), asking.seeds(count, seed)
    members = [CastMember(reference=reference, views=tuple(views), box=box, sketch=sketch), *others]
    cast.check(members, actor.tenant_id)
    specs = asking.specs(members=members, version=version, variables=variables, dials=chosen, seeds=seeds)
    asked: dict[str, Any] = {"references": cast.all_references(members), "version": version}
    _count_one_at_a_time(actor.tenant_id)
    words = {"prompt": specs[0].prompt, "variables": variables}
    answer = gate.require(actor, action="generate", **asked, **words, use=kept_use, now=now, requested=count)
    shared = {
        "tenant_id": actor.tenant_id,
        "batch": uuid.uuid4(),
        "subject_reference": reference,
        "template_version": version,
        "variables": dict(variables),
        "use": kept_use,
        "consent_receipt": gate.receipt(answer, references=asked["references"], use=kept_use, now=now),
        "requested_by": asker,
        "requested_with": actor.api_key,
    }
    return _queue(actor, [_row(spec, **shared) for spec in specs], members)


def cancel(actor: Actor, generation: Generation) -> Generation:
    """Stop a picture that is not finished; a finished one is returned as it is. Repeating it changes nothing."""
    actor.require(Permission.GENERATE)
    row = _locked(generation)
    if row.state not in ACTIVE:
        return row
    life.move(row, GenerationState.CANCELED, finished_at=timezone.now(), lease_until=None)
    if row.dispatched_at is not None:
        notify.ask_to_drop(row.public_id, row.attempt)
    notify.ring()
    life.record(row, "generation.canceled", actor=actor.label, attempt=row.attempt)
    return row


def retry(actor: Actor, generation: Generation) -> Generation:
    """Queue a failed, refused or canceled picture again, if its rights allow. Raises Conflict, RightsRefused."""
    actor.require(Permission.GENERATE)
    _count_one_at_a_time(actor.tenant_id)
    row = _locked(generation)
    if row.state not in RETRYABLE:
        raise Conflict(_("Only a failed, refused or canceled picture can be tried again."), state=row.state)
    _require_rights(actor, row, timezone.now())
    askers = _with_asker(row, _asker(actor))
    life.queue_again(row, retried_by=askers, lost_attempts=0, finished_at=None, error_code="", error="", reasons=[])
    life.record(row, "generation.retried", actor=actor.label)
    return row


def _with_asker(row: Generation, person: User) -> list[uuid.UUID]:
    """Everybody who tried it again asked for it too, and decides on it no more than the first."""
    return row.retried_by if person.pk in (row.requested_by_id, *row.retried_by) else [*row.retried_by, person.pk]


def _require_rights(actor: Actor, row: Generation, now: datetime) -> None:
    gate.require(
        actor,
        action="generate",
        references=row.references,
        version=row.template_version,
        use=row.use,
        now=now,
        already=row,
    )


def _queue(actor: Actor, rows: list[Generation], members: Sequence[CastMember]) -> list[Generation]:
    queued = Generation.objects.bulk_create(rows)
    cast.keep(queued, members)
    sketches.ordered([member.sketch for member in members if member.sketch], timezone.now())
    notify.ring()
    for row in queued:
        _record_request(actor, row)
    return queued


def _row(spec: GenerationSpec, **shared: Any) -> Generation:
    return Generation(spec=spec.to_json(), spec_digest=spec.digest(), steps=spec.steps, **shared)


def _record_request(actor: Actor, row: Generation) -> None:
    terms = [record["terms_digest"] for record in row.consent_receipt["records"]]
    facts = {"spec_digest": row.spec_digest, "batch": str(row.batch), "terms": terms}
    audit.record(row.tenant_id, actor.label, "generation.requested", row.public_id, facts)


def _asker(actor: Actor) -> User:
    """The person, or the person whose key it is: nobody may later decide about a picture they asked for."""
    if actor.user is None:
        raise NotPermitted(_("A picture is asked for by a person or with a person's key."))
    return actor.user


def _locked(generation: Generation) -> Generation:
    row = life.locked(generation.id)
    if row is None:
        raise NotFound
    return row


def _count_one_at_a_time(tenant_id: uuid.UUID) -> None:
    """Two requests at once must not both take the last picture that a consent's cap leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"generations {tenant_id}"])
