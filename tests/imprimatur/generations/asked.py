"""Asking for pictures in tests, through the real services, from every starting point."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from imprimatur.generations import gate, life, services
from imprimatur.generations.cast import CastMember
from imprimatur.generations.models import Generation
from imprimatur.generations.orders import begin_attempt
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.models import User
from imprimatur.tenants.scope import tenant_scope

from generation.spec import Box
from governance.consent import ConsentTerms
from gpu_worker.messages import RenderOrder, RenderProgress, RenderReport, Stage
from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, uploaded

BESIDE = "a {subject} beside a {subject2} {place}"
RIGHT = Box(left=0.5, top=0.0, right=1.0, bottom=1.0)


def ask(
    world: World, *, asker: User | None = None, reference: ReferenceImage | None = None, **asked: Any
) -> list[Generation]:
    """Alice asks for pictures of a bottle on the beach, from a new reference unless one is given."""
    declared = {name: asked.pop(name) for name in ("shows_person", "declared_marks", "own_work") if name in asked}
    with tenant_scope(world.aozora.id):
        return services.submit(
            world.actor(asker or world.alice),
            reference=reference or uploaded(world, world.alice, **declared),
            version=approved_version(world),
            variables={"place": "on the beach"},
            **({"use": USE} | asked),
        )


def ask_two(
    world: World, first: ReferenceImage | None = None, second: ReferenceImage | None = None, **asked: Any
) -> list[Generation]:
    """Alice asks for pictures of a bottle beside a mug, from new references unless they are given."""
    with tenant_scope(world.aozora.id):
        return services.submit(
            world.actor(world.alice),
            reference=first or uploaded(world, world.alice),
            others=[CastMember(reference=second or uploaded(world, world.alice, word="mug"), box=RIGHT)],
            version=approved_version(world, BESIDE),
            variables={"place": "on the beach"},
            **({"use": USE} | asked),
        )


def likeness(
    world: World, word: str = "bottle", contact: Contact | None = None, **changes: Any
) -> tuple[ReferenceImage, ConsentRecord]:
    """A person's picture and their active consent to the use that tests ask for; `changes` are its terms'."""
    now = timezone.now()
    terms: dict[str, Any] = {
        "valid_from": now - timedelta(days=1),
        "valid_until": now + timedelta(days=365),
        "channels": frozenset({"web"}),
        "territories": frozenset({"JP"}),
        "purposes": frozenset({"advertising"}),
        "synthetic_media_permitted": True,
    } | changes
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice, word=word, shows_person=True, own_work=False)
        agreed = ConsentTerms(
            id="draft",
            kind="likeness",
            grantee="me",
            subject="person-1",
            reference_digests=frozenset({reference.pixel_sha256}),
            **terms,
        )
        manager = world.actor(world.gordon)
        author = world.actor(world.alice)
        said = {"title": "Hanako", "kind": "likeness", "evidence": b"%PDF signed", "contact": contact}
        record = rights.draft_consent(author, terms=agreed, **said)
        return reference, rights.verify_record(manager, record, agreed.valid_from + timedelta(hours=1))


def dispatched(world: World, row: Generation) -> RenderOrder:
    """What the dispatcher does, but for sending: a new attempt and its order."""
    now = timezone.now()
    with tenant_scope(world.aozora.id):
        locked = life.locked(row.id)
        assert locked is not None
        answer = gate.require(
            None,
            action="generate",
            references=locked.references,
            version=locked.template_version,
            use=locked.use,
            now=now,
            already=locked,
        )
        return begin_attempt(locked, answer, now)


def progress(order: RenderOrder, stage: Stage = "accepted", step: int = 0, **changes: Any) -> RenderProgress:
    """What a worker says about the order."""
    said: dict[str, Any] = {
        "generation_id": order.generation_id,
        "tenant_id": order.tenant_id,
        "attempt": order.attempt,
        "attempt_secret": order.attempt_secret,
        "stage": stage,
        "worker": "tests",
        "step": step,
        "steps": order.spec.steps,
    }
    return RenderProgress(**(said | changes))


def ended(order: RenderOrder, outcome: Any, code: str = "", **changes: Any) -> RenderReport:
    """A report without a picture."""
    said: dict[str, Any] = {
        "generation_id": order.generation_id,
        "tenant_id": order.tenant_id,
        "attempt": order.attempt,
        "attempt_secret": order.attempt_secret,
        "outcome": outcome,
        "worker": "tests",
        "error_code": code,
    }
    return RenderReport(**(said | changes))


def now_of(world: World, row: Generation) -> Generation:
    """The row as it is in the database."""
    with tenant_scope(world.aozora.id):
        return Generation.objects.get(pk=row.pk)
