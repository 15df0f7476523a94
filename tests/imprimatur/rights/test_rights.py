"""The life of consents and licences: who may do what, what follows what, and what the database refuses by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from imprimatur.audit.selectors import events, verify
from imprimatur.generations import services as generations
from imprimatur.rights import selectors, services
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.states import TRANSITIONS
from imprimatur.tenants.actor import Actor, actor_for, system_actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound, NotPermitted, PersonRequired
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from governance.consent import ConsentTerms
from governance.scope import Use
from governance.trademark import TrademarkTerms
from tests.factories import World, member
from tests.imprimatur.drawn import approved_version, uploaded

FIRST, SECOND = "a" * 64, "b" * 64
EVIDENCE = b"%PDF-1.7 signed by hand"
NOW = datetime.now(UTC)
WHERE = {"channel": "web", "territory": "JP", "purpose": "advertising"}
USE = Use(channel="web", territory="JP", purpose="advertising")


def terms(**changes: Any) -> ConsentTerms:
    said: dict[str, Any] = {
        "id": "draft",
        "kind": "likeness",
        "grantee": "me",
        "subject": "person-1",
        "reference_digests": frozenset({FIRST}),
        "valid_from": NOW - timedelta(days=1),
        "valid_until": NOW + timedelta(days=365),
        "channels": frozenset({"web"}),
        "territories": frozenset({"JP"}),
        "purposes": frozenset({"advertising"}),
        "synthetic_media_permitted": True,
    }
    return ConsentTerms(**said | changes)


def mark_terms(**changes: Any) -> TrademarkTerms:
    said: dict[str, Any] = {
        "id": "draft",
        "grantee": "me",
        "mark": "AOZORA",
        "owner": "Aozora Tea",
        "reference_digests": frozenset({FIRST}),
        "valid_from": NOW - timedelta(days=1),
        "valid_until": None,
        "channels": frozenset({"*"}),
        "territories": frozenset({"*"}),
        "purposes": frozenset({"*"}),
    }
    return TrademarkTerms(**said | changes)


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


def drafter(actor: Actor) -> Actor:
    """A colleague of the actor's who drafts: nobody verifies what they drafted."""
    with tenant_scope(actor.tenant_id):
        dora = member(Tenant.objects.get(), "dora", [Role.CREATOR, Role.RIGHTS_MANAGER], "correct-horse-battery")
        return actor_for(dora, actor.tenant_id)


def consent(actor: Actor, evidence: bytes | None = EVIDENCE, **changes: Any) -> ConsentRecord:
    agreed = terms(**changes)
    return services.draft_consent(
        drafter(actor),
        title="Hanako, spring",
        kind=agreed.kind,
        terms=agreed,
        evidence=evidence,
        evidence_name="scan.pdf",
    )


def drafted_by(actor: Actor) -> ConsentRecord:
    return services.draft_consent(actor, title="Hanako, spring", kind="likeness", terms=terms(), evidence=EVIDENCE)


def licence(actor: Actor, **changes: Any) -> TrademarkLicence:
    return services.draft_licence(drafter(actor), title="Own mark", terms=mark_terms(**changes), evidence=EVIDENCE)


def at(status: RightStatus, actor: Actor) -> ConsentRecord:
    """A record walked up to a status by the real services."""
    if status == RightStatus.VERIFIED:
        return _only_verified(consent(actor), actor)
    if status == RightStatus.EXPIRED:
        ended = {"valid_from": NOW - timedelta(days=9), "valid_until": NOW - timedelta(days=1)}
        return services.verify_record(actor, consent(actor, **ended))
    record = consent(actor)
    for step in _WALKS[status]:
        record = step(actor, record)
    return record


_WALKS: dict[RightStatus, tuple[Any, ...]] = {
    RightStatus.DRAFT: (),
    RightStatus.SENT: (services.mark_sent,),
    RightStatus.SIGNED: (services.mark_sent, services.mark_signed),
    RightStatus.ACTIVE: (services.verify_record,),
    RightStatus.SUSPENDED: (services.verify_record, services.suspend),
    RightStatus.REVOKED: (services.verify_record, services.revoke),
}


def _only_verified(record: ConsentRecord, actor: Actor) -> ConsentRecord:
    """The one status nobody rests in: verifying goes on to active in the same transaction."""
    ConsentRecord.objects.filter(pk=record.pk).update(status="verified", verified_by=actor.user)
    return ConsentRecord.objects.get(pk=record.pk)


def test_a_draft_is_stamped_with_its_own_identity(gordon: Actor) -> None:
    record = consent(gordon, grantee="somebody else", status="active")
    agreed = selectors.terms_of(record)
    assert record.status == RightStatus.DRAFT
    assert (agreed.id, agreed.grantee, agreed.status) == (record.public_id, str(gordon.tenant_id), "draft")
    assert record.terms_digest == agreed.digest()
    assert isinstance(agreed, ConsentTerms)
    assert agreed.evidence_digest == record.evidence_sha256
    assert selectors.evidence(record) == (EVIDENCE, "application/pdf")
    assert len(bytes.fromhex(record.salt)) == 32


def test_a_draft_covers_nothing_and_a_verified_record_does(gordon: Actor) -> None:
    record = consent(gordon)
    assert [r.rule_id for r in selectors.terms_of(record).covers(USE, NOW)] == ["terms.not_active"]
    active = services.verify_record(gordon, record)
    assert active.status == RightStatus.ACTIVE
    assert active.verified_by == gordon.user
    assert selectors.terms_of(active).covers(USE, NOW) == []
    assert active.terms_digest == record.terms_digest


@pytest.mark.parametrize("end", [services.revoke, services.suspend])
def test_revoking_and_suspending_count_at_once(gordon: Actor, end: Any) -> None:
    record = services.verify_record(gordon, consent(gordon))
    ended = end(gordon, record)
    found, _ = selectors.covering([FIRST])
    assert found == [ended]
    assert [r.rule_id for r in selectors.terms_of(found[0]).covers(USE, NOW)] == [f"terms.{ended.status}"]


def test_covering_finds_both_kinds_by_pixel_digest(gordon: Actor) -> None:
    record, mark = consent(gordon), licence(gordon)
    consent(gordon, reference_digests=frozenset({SECOND}))
    assert selectors.covering([FIRST]) == ([record], [mark])
    assert selectors.covering([]) == ([], [])


@pytest.mark.parametrize("status", list(RightStatus))
@pytest.mark.parametrize(
    ("service", "to"),
    [
        (services.mark_sent, RightStatus.SENT),
        (services.mark_signed, RightStatus.SIGNED),
        (services.verify_record, RightStatus.ACTIVE),
        (services.suspend, RightStatus.SUSPENDED),
        (services.resume, RightStatus.ACTIVE),
        (services.revoke, RightStatus.REVOKED),
    ],
)
def test_services_move_along_the_table_only(gordon: Actor, status: RightStatus, service: Any, to: RightStatus) -> None:
    record = at(status, gordon)
    first_step = RightStatus.VERIFIED if service is services.verify_record else to
    allowed = first_step in TRANSITIONS[status]
    if service is services.resume:
        allowed = status == RightStatus.SUSPENDED
    if allowed:
        assert service(gordon, record).status == to
        return
    with pytest.raises(Conflict) as caught:
        service(gordon, record)
    assert caught.value.code == "wrong_status"
    assert ConsentRecord.objects.get(pk=record.pk).status == status


@pytest.mark.parametrize(("was", "to"), list(itertools.permutations(RightStatus, 2)))
def test_the_database_holds_the_same_table(gordon: Actor, was: RightStatus, to: RightStatus) -> None:
    record = at(was, gordon)
    columns: dict[str, Any] = {"status": to, "verified_by": gordon.user}
    columns["revoked_at"] = NOW if to == RightStatus.REVOKED else None
    allowed = to in TRANSITIONS[was]
    try:
        with transaction.atomic():
            ConsentRecord.objects.filter(pk=record.pk).update(**columns)
    except IntegrityError:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    "change",
    [
        {"terms": {}},
        {"terms_digest": "0" * 64},
        {"salt": "0" * 64},
        {"reference_digests": [SECOND]},
        {"valid_until": None},
        {"evidence_sha256": "0" * 64},
        {"kind": "copyright"},
    ],
)
def test_what_was_agreed_does_not_change_after_the_draft(gordon: Actor, change: dict[str, Any]) -> None:
    record = services.verify_record(gordon, consent(gordon))
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(**change)


def test_a_licence_is_frozen_too(gordon: Actor) -> None:
    mark = services.verify_record(gordon, licence(gordon))
    with pytest.raises(IntegrityError), transaction.atomic():
        TrademarkLicence.objects.filter(pk=mark.pk).update(mark="OTHER")


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": NOW - timedelta(days=30)},
        {"revoked_at": NOW},
        {"status": "verified"},
        {"status": "signed", "evidence_key": ""},
        {"terms_digest": "not hex"},
    ],
)
def test_impossible_rows_are_refused(gordon: Actor, change: dict[str, Any]) -> None:
    record = consent(gordon)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(**change)


def test_a_record_cannot_be_born_active_nor_be_deleted_later(gordon: Actor) -> None:
    record = services.verify_record(gordon, consent(gordon))
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).delete()
    record.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save(force_insert=True)
    draft = consent(gordon)
    assert ConsentRecord.objects.filter(pk=draft.pk).delete()[0] == 1


def test_without_evidence_there_is_nothing_to_verify(gordon: Actor) -> None:
    record = consent(gordon, evidence=None)
    with pytest.raises(Conflict) as caught:
        services.verify_record(gordon, record)
    assert caught.value.code == "evidence_missing"
    with_document = services.attach_evidence(drafter(gordon), record, EVIDENCE, "../../scan.pdf")
    assert with_document.evidence_name == "scan.pdf"
    assert with_document.terms_digest != record.terms_digest
    assert services.verify_record(gordon, with_document).status == RightStatus.ACTIVE


def test_evidence_is_added_to_drafts_only(gordon: Actor) -> None:
    record = services.verify_record(gordon, consent(gordon))
    with pytest.raises(Conflict) as caught:
        services.attach_evidence(gordon, record, EVIDENCE, "other.pdf")
    assert caught.value.code == "not_a_draft"


def test_whoever_drafted_does_not_verify(world: World, gordon: Actor) -> None:
    record = drafted_by(gordon)
    with pytest.raises(NotPermitted) as caught:
        services.verify_record(gordon, record)
    assert caught.value.code == "own_record"
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(status="verified", verified_by=gordon.user)
    assert services.verify_record(drafter(gordon), record).status == RightStatus.ACTIVE


@pytest.mark.parametrize("data", [b"", b"MZ\x90\x00 a program", b"\xff\xfe\xfa", b"%PDF" * 2**22])
def test_other_files_are_no_evidence(gordon: Actor, data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        consent(gordon, evidence=data)
    assert caught.value.errors[0]["field"] == "evidence"
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff...", "image/jpeg"),
        ("同意します".encode(), "text/plain; charset=utf-8"),
    ],
)
def test_scans_and_letters_are_evidence(gordon: Actor, data: bytes, mime: str) -> None:
    assert selectors.evidence(consent(gordon, evidence=data)) == (data, mime)


def test_a_record_whose_term_is_over_expires_when_verified(gordon: Actor) -> None:
    assert at(RightStatus.EXPIRED, gordon).status == RightStatus.EXPIRED


def test_what_runs_out_is_marked_and_read_as_expired_before(gordon: Actor) -> None:
    soon = services.verify_record(gordon, consent(gordon, valid_until=NOW + timedelta(days=10)))
    endless = services.verify_record(gordon, licence(gordon))
    later = NOW + timedelta(days=11)
    assert selectors.expiring(NOW) == [soon]
    assert selectors.standing(soon, later) == RightStatus.EXPIRED
    assert selectors.standing(endless, later) == RightStatus.ACTIVE
    assert services.expire_due(system_actor(gordon.tenant_id), later) == 1
    assert selectors.get_record(soon.public_id).status == RightStatus.EXPIRED
    assert services.expire_due(system_actor(gordon.tenant_id), later) == 0


def test_a_creator_drafts_and_cannot_verify(world: World, gordon: Actor) -> None:
    alice = world.actor(world.alice)
    record = drafted_by(alice)
    steps: tuple[Any, ...] = (services.verify_record, services.mark_sent, services.suspend, services.revoke)
    for step in steps:
        with pytest.raises(NotPermitted):
            step(alice, record)
    assert services.verify_record(gordon, record).created_by == world.alice


def test_reviewers_and_auditors_do_not_even_draft(world: World, gordon: Actor) -> None:
    for person in (world.rita, world.ada, world.olive):
        with pytest.raises(NotPermitted):
            drafted_by(world.actor(person))


def test_a_key_may_stop_uses_but_never_allow_them(world: World, gordon: Actor) -> None:
    manager = Actor(gordon.tenant_id, gordon.user, gordon.permissions, api_key=world.key()[0])
    record = consent(manager)
    with pytest.raises(PersonRequired):
        services.verify_record(manager, record)
    services.suspend(manager, services.verify_record(gordon, record))
    with pytest.raises(PersonRequired):
        services.resume(manager, record)
    services.resume(gordon, record)
    assert services.revoke(manager, record, "withdrawn by e-mail").status == RightStatus.REVOKED


def test_the_system_drafts_nothing(gordon: Actor) -> None:
    with pytest.raises(PersonRequired):
        drafted_by(system_actor(gordon.tenant_id))


@pytest.mark.parametrize("kind", ["trademark", "copyright"])
def test_the_kind_must_be_that_of_the_terms(gordon: Actor, kind: str) -> None:
    with pytest.raises(InvalidInput):
        services.draft_consent(gordon, title="x", kind=kind, terms=terms())


def test_a_title_is_needed_and_a_reason_is_short(gordon: Actor) -> None:
    with pytest.raises(InvalidInput):
        services.draft_consent(gordon, title="  ", kind="likeness", terms=terms())
    with pytest.raises(InvalidInput):
        services.revoke(gordon, services.verify_record(gordon, consent(gordon)), "x" * 301)


def test_every_change_is_in_the_trail_and_names_nobody(gordon: Actor) -> None:
    record = services.verify_record(gordon, services.mark_signed(gordon, services.mark_sent(gordon, consent(gordon))))
    services.revoke(gordon, record, "Hanako called")
    trail = [e.event.removeprefix("consent.") for e in selectors.receipts(record).order_by("seq")]
    assert trail == ["drafted", "sent", "signed", "verified", "active", "revoked"]
    assert not any("Hanako" in e.payload for e in events(gordon.tenant_id))
    assert selectors.get_consent(record.public_id).revocation_reason == "Hanako called"
    assert verify(gordon.tenant_id).intact


def test_receipts_name_every_picture_asked_for_under_the_record(world: World, gordon: Actor) -> None:
    alice = world.actor(world.alice)
    reference = uploaded(world, world.alice, shows_person=True)
    record = services.verify_record(gordon, consent(gordon, reference_digests=frozenset({reference.pixel_sha256})))
    other = services.verify_record(gordon, consent(gordon))
    asked = generations.submit(
        alice, reference=reference, version=approved_version(world), variables={"place": "on the beach"}, use=WHERE
    )
    newest = selectors.receipts(record)[0]
    assert (newest.event, newest.subject) == ("generation.requested", asked[0].public_id)
    assert {e.event.partition(".")[0] for e in selectors.receipts(other)} == {"consent"}


def test_another_company_sees_no_record(world: World, gordon: Actor) -> None:
    records: list[RightRecord] = [consent(gordon), licence(gordon)]
    with connection.cursor() as cursor:  # leave the scope without leaving the transaction
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(world.northwind.id)])
        for table in ("rights_consentrecord", "rights_trademarklicence"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names from the line above
            assert cursor.fetchone() == (0,)
    for record in records:
        with pytest.raises(NotFound):
            selectors.get_record(record.public_id)
