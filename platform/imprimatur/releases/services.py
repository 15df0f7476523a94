"""Writes: release an approved picture, serve it as long as its rights hold, withdraw it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from imprimatur import objects
from imprimatur.audit.services import record, record_many
from imprimatur.generations import gate
from imprimatur.generations.holding import hold_records
from imprimatur.generations.models import Output
from imprimatur.releases.errors import Withdrawn
from imprimatur.releases.guard import require_rights_in_database
from imprimatur.releases.labelling import labels_for
from imprimatur.releases.models import Release
from imprimatur.releases.selectors import withdrawn_since
from imprimatur.releases.stamping import stamp_release
from imprimatur.review.facts import state_of, with_review_rows
from imprimatur.review.permissions import check_not_held
from imprimatur.review.states import OUT_OF_HOUSE, OutputState
from imprimatur.rights.places import require_known_place
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.ids import encode
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

_NAMES: Final = {"image/png": "picture.png", "image/jpeg": "picture.jpg", "image/webp": "picture.webp"}
USE_FIELDS: Final = ("channel", "territory", "purpose", "language", "paid", "contexts", "disclosed")
REASON_LENGTH: Final = 200


@transaction.atomic
def release(
    actor: Actor, output: Output, use: Mapping[str, Any] | None = None, looks: Mapping[str, Any] | None = None
) -> Release:
    """Let an approved picture out for `use` (default: what it was asked for); its file is labelled as that place
    demands and stamped as published. `looks`: what it is taken for (`labelling.LOOKS`), by whoever releases it.

    InvalidInput for a territory that is none; Conflict unless two people's approvals stand, and for a picture too small
    for its label; RightsRefused unless the rights cover the use now.
    """
    actor.require(Permission.RELEASE)
    now, locked = timezone.now(), _lock(output)
    use = {k: v for k, v in (use or locked.generation.use).items() if k in USE_FIELDS}
    require_known_place(str(use.get("territory") or ""))
    _check_approved(locked, state_of(locked, now))
    hold_records(locked.generation)
    _require_rights(actor, locked, "release", use, now)
    row_id = uuid.uuid4()
    labels = labels_for(locked, use, looks, timezone.localdate(now))
    stamped = stamp_release(locked, labels, encode(Release.PREFIX, row_id))
    row = Release(
        id=row_id,
        tenant_id=actor.tenant_id,
        output=locked,
        mime=stamped.mime,
        manifest_state=stamped.manifest_state,
        use=use,
        labels=labels.to_json(),
        released_by=_responsible(actor),
    )
    row.object_key = f"tenants/{actor.tenant_id}/releases/{row.id}/{_NAMES[stamped.mime]}"
    row.sha256 = objects.put(row.object_key, stamped.data, stamped.mime)
    row.save(force_insert=True)
    facts = {"output": locked.public_id, "sha256": row.sha256, "use": use, "labels": row.labels["rules"]}
    _record(actor, "release.published", row, facts)
    return row


def content(release: Release, now: datetime | None = None) -> tuple[bytes, str]:
    """The released file and its type. Its rights are asked again each time: Withdrawn or RightsRefused."""
    check_servable(release, now or timezone.now())
    return objects.get(release.object_key, release.sha256), release.mime


@transaction.atomic
def download(actor: Actor, release: Release, now: datetime | None = None) -> tuple[bytes, str]:
    """The released file to keep, and its type. Who took it is recorded: a withdrawal must be able to reach them."""
    data, mime = content(release, now)
    _record(actor, "release.downloaded", release, {"output": release.output.public_id, "sha256": release.sha256})
    return data, mime


def check_servable(release: Release, now: datetime) -> None:
    """Withdrawn or RightsRefused unless the picture may be handed out at `now`."""
    gone = withdrawn_since(release)
    if gone is not None:
        raise Withdrawn(gone)
    _require_rights(None, release.output, "serve", release.use, now)
    require_rights_in_database(release, now)


@transaction.atomic
def withdraw(actor: Actor, release: Release, reason: str) -> Release:
    """Serve the picture to nobody any more; the verify desk says so from now on. Cannot be taken back."""
    if not (actor.has(Permission.RELEASE) or actor.has(Permission.MANAGE_RIGHTS)):
        raise NotPermitted(_("Only creators, owners and rights managers can withdraw pictures."))
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        sentence = _("Say in up to %(limit)d characters why the picture is withdrawn.") % {"limit": REASON_LENGTH}
        raise InvalidInput(sentence, errors=[{"field": "reason", "message": sentence}])
    row = Release.objects.select_for_update(of=("self",)).get(pk=release.pk)
    if row.withdrawn_at is not None:
        raise Conflict(_("This picture has been withdrawn already."), "already_withdrawn")
    row.withdrawn_at, row.withdrawn_reason = timezone.now(), reason
    row.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    _record(actor, "release.withdrawn", row, {"output": row.output.public_id})
    return row


def withdraw_many(tenant_id: uuid.UUID, releases: Sequence[Release], reason: str, now: datetime) -> int:
    """Withdraw locked releases for good, all for one reason; those that are already stay as they are. Returns how
    many."""
    open_ones = [release for release in releases if release.withdrawn_at is None]
    ids = [release.pk for release in open_ones]
    Release.objects.filter(pk__in=ids).update(withdrawn_at=now, withdrawn_reason=reason[:REASON_LENGTH])
    facts = ((row.public_id, {"output": row.output.public_id}) for row in open_ones)
    return record_many(tenant_id, "system", "release.withdrawn", facts)


def _lock(output: Output) -> Output:
    """The output's row, locked, with what review knows about it freshly read."""
    Output.objects.select_for_update().get(pk=output.pk)
    return with_review_rows(Output.objects.all()).get(pk=output.pk)


def _check_approved(output: Output, state: OutputState) -> None:
    if state in OUT_OF_HOUSE:
        raise Conflict(_("This picture has been released already."), "already_released")
    if state == OutputState.QUARANTINED:
        raise Conflict(_("A right to this picture has fallen away: it is quarantined."), "quarantined")
    check_not_held(output)
    if state not in (OutputState.APPROVED, OutputState.HELD):  # a person's own yes is the policy's question
        raise Conflict(_("Two people must approve a picture before it is released."), "not_approved", state=str(state))


def _require_rights(actor: Actor | None, output: Output, action: str, use: Mapping[str, Any], now: datetime) -> None:
    generation = output.generation
    gate.require(
        actor,
        action=action,
        references=generation.references,
        version=generation.template_version,
        use=use,
        now=now,
        review_approved=True,
        made=generation,
    )


def _responsible(actor: Actor) -> User:
    """The person who released: for a key, whoever made it."""
    if actor.user is None:
        raise NotPermitted(_("A release needs a person who answers for it."))
    return actor.user


def _record(actor: Actor, event: str, row: Release, payload: dict[str, Any]) -> None:
    record(actor.tenant_id, actor.label, event, row.public_id, payload)
