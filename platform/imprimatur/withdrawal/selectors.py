"""Reads: withdrawals, what each reached, who received a picture."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from imprimatur.audit.models import AuditEvent
from imprimatur.generations.models import Output
from imprimatur.releases.models import Release
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import ConsentRecord, RightRecord
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.models import ApiKey, User
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find
from imprimatur.withdrawal.models import Cause, Notice, Reached, Recipient, Withdrawal

DOWNLOADED = "release.downloaded"


@dataclass(frozen=True, kw_only=True)
class Downloads:
    """Who took released files, how often. people: members, whoever's key it was included."""

    times: int
    people: dict[User, set[str]]  # person -> public ids of the releases


def withdrawals(actor: Actor) -> QuerySet[Withdrawal]:
    """Every withdrawal of the tenant, newest first; those that restored nothing are left out."""
    actor.require(Permission.VIEW)
    return Withdrawal.objects.exclude(cause=Cause.RESTORED, lifted=0)


def get(actor: Actor, public_id: str) -> Withdrawal:
    """`wdr_...`; NotFound."""
    actor.require(Permission.VIEW)
    return find(Withdrawal, public_id)


def of_record(actor: Actor, record: RightRecord) -> QuerySet[Withdrawal]:
    """What happened to the pictures of one record, newest first."""
    return withdrawals(actor).filter(record_id=record.pk)


def of_output(output: Output) -> list[Withdrawal]:
    """The withdrawals that hold a picture out of sight, newest first."""
    return list(Withdrawal.objects.filter(reached__output=output, reached__lifted_at__isnull=True))


def record_of(row: Withdrawal) -> RightRecord:
    """The record whose change it was."""
    return rights.get_record(row.record_public_id)


def is_consent(record: RightRecord) -> bool:
    """A consent, or else a trademark licence."""
    return isinstance(record, ConsentRecord)


def reached(row: Withdrawal) -> QuerySet[Reached]:
    """Every picture it took out of sight, with its release."""
    rows = row.reached.select_related("output", "release").order_by("pk")
    return rows.defer("output__environment", "output__seconds", "output__scores")


def reached_by_state(row: Withdrawal) -> dict[str, int]:
    """How many pictures stood where when they were reached."""
    counted = row.reached.order_by().values_list("was").annotate(many=Count("pk"))
    return {str(was): int(many) for was, many in counted}


def notices(row: Withdrawal) -> QuerySet[Notice]:
    """Who was told, or is still to be."""
    return row.notices.all()


def recipients(releases: Iterable[Release]) -> QuerySet[Recipient]:
    """Who was named as having been given one of them."""
    return Recipient.objects.filter(release__in=list(releases)).select_related("release", "named_by")


def may_name_people(actor: Actor) -> bool:
    """Whether the actor may read who was given a picture: rights managers and owners; others read how many."""
    return actor.has(Permission.MANAGE_RIGHTS) or actor.has(Permission.MANAGE_TENANT)


def downloads(releases: Iterable[Release]) -> Downloads:
    """Who took which of them, by the audit trail."""
    ids = [release.public_id for release in releases]
    events = AuditEvent.objects.filter(subject__in=ids, event=DOWNLOADED)
    taken = list(events.values_list("actor", "subject"))
    people: dict[User, set[str]] = defaultdict(set)
    persons = _persons({label for label, _subject in taken})
    for label, subject in taken:
        if label in persons:
            people[persons[label]].add(subject)
    return Downloads(times=len(taken), people=dict(people))


def _persons(labels: set[str]) -> dict[str, User]:
    """The people behind actors' labels: for a key, whoever made it."""
    found = {f"user:{user.pk}": user for user in User.objects.filter(pk__in=_ids(labels, "user"))}
    keys = ApiKey.objects.filter(pk__in=_ids(labels, "key")).select_related("created_by")
    return found | {f"key:{key.pk}": key.created_by for key in keys}


def _ids(labels: set[str], kind: str) -> list[uuid.UUID]:
    return [uuid.UUID(label.partition(":")[2]) for label in labels if label.startswith(f"{kind}:")]
