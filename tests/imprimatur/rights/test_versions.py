"""What was agreed changes into something smaller only; every text is kept; a minor's consent ends with childhood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from imprimatur.audit.selectors import events
from imprimatur.rights import expiry, selectors, services
from imprimatur.rights.models import ConsentRecord, RightStatus, TermsVersion
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.actor import Actor, system_actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from governance.consent import ConsentTerms
from tests.factories import World, member
from tests.imprimatur.rights.test_rights import NOW, USE, consent, drafter, licence


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


def active(actor: Actor, **changes: Any) -> ConsentRecord:
    return services.verify_record(actor, consent(actor, **changes))


def test_a_narrower_version_has_its_own_digest_and_the_former_stays(gordon: Actor) -> None:
    record = active(gordon, channels=frozenset({"web", "print"}))
    former = terms_in(record)
    narrowed = services.narrow(gordon, record, replace(former, channels=frozenset({"print"})), "no more web")
    assert narrowed.status == RightStatus.ACTIVE
    assert narrowed.terms_digest != former.digest()
    assert [(v.number, v.terms_digest) for v in selectors.versions(narrowed)] == [
        (2, narrowed.terms_digest),
        (1, former.digest()),
    ]
    assert [r.rule_id for r in selectors.terms_of(narrowed).covers(USE, NOW)] == ["terms.channel"]
    kept = ConsentTerms.from_json(selectors.versions(narrowed).get(number=1).terms)
    assert kept.digest() == former.digest()
    trail = selectors.receipts(narrowed).values_list("event", flat=True)
    assert {"consent.drafted", "consent.narrowed"} <= set(trail)


def test_more_than_was_agreed_is_refused_and_changes_nothing(gordon: Actor) -> None:
    record = active(gordon)
    with pytest.raises(InvalidInput) as caught:
        services.narrow(gordon, record, replace(terms_in(record), channels=frozenset({"*"}), paid_media=True))
    assert [error["field"] for error in caught.value.errors] == ["channels", "paid_media"]
    with pytest.raises(Conflict):
        services.narrow(gordon, record, terms_in(record))
    assert ConsentRecord.objects.get(pk=record.pk).terms_digest == record.terms_digest


def test_only_what_is_in_force_is_narrowed_and_only_by_a_manager(world: World, gordon: Actor) -> None:
    smaller = {"channels": frozenset[str]()}
    for record in (consent(gordon), services.revoke(gordon, active(gordon))):
        with pytest.raises(Conflict):
            services.narrow(gordon, record, replace(terms_in(record), **smaller))
    record = active(gordon)
    with pytest.raises(NotPermitted):
        services.narrow(world.actor(world.alice), record, replace(terms_in(record), **smaller))


def test_the_database_changes_terms_with_a_kept_version_only(gordon: Actor) -> None:
    record = active(gordon)
    smaller = replace(terms_in(record), channels=frozenset())
    change = {"terms": smaller.to_json(), "terms_digest": smaller.digest()}
    for extra in ({}, {"terms_version": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ConsentRecord.objects.filter(pk=record.pk).update(**change, **extra)
    services.narrow(gordon, record, smaller)
    for harm in (TermsVersion.objects.all().delete, lambda: TermsVersion.objects.update(terms={})):
        with pytest.raises(IntegrityError), transaction.atomic():
            harm()


def test_a_licence_is_narrowed_too(gordon: Actor) -> None:
    mark = services.verify_record(gordon, licence(gordon))
    narrowed = services.narrow(gordon, mark, replace(terms_in(mark), territories=frozenset({"JP"})))
    assert narrowed.terms["territories"] == ["JP"]


def test_a_draft_is_rewritten_by_its_new_author(world: World, gordon: Actor) -> None:
    draft = consent(gordon)
    rewritten = services.redraft(gordon, draft, replace(terms_in(draft), channels=frozenset({"tv"})))
    assert (rewritten.terms["channels"], rewritten.created_by) == (["tv"], gordon.user)
    with pytest.raises(NotPermitted):
        services.verify_record(gordon, rewritten)
    rei = world.actor(member(world.aozora, "rei", [Role.RIGHTS_MANAGER], world.password))
    verified = services.verify_record(rei, rewritten)
    with pytest.raises(Conflict):
        services.redraft(gordon, verified, terms_in(verified))


def test_a_renewal_is_a_new_draft_that_goes_on_where_the_record_ends(gordon: Actor) -> None:
    record = active(gordon)
    assert record.valid_until is not None
    following = services.renew(drafter(gordon), record, record.valid_until + timedelta(days=365))
    assert (following.status, following.renews_id, following.valid_from) == ("draft", record.pk, record.valid_until)
    assert (following.evidence_sha256, following.salt != record.salt) == ("", True)
    with pytest.raises(InvalidInput):
        services.renew(gordon, record, record.valid_until)
    with pytest.raises(Conflict):
        services.renew(gordon, services.verify_record(gordon, licence(gordon)), NOW)


def test_a_minors_consent_suspends_itself_when_they_come_of_age(world: World, gordon: Actor) -> None:
    birthday = (NOW + timedelta(days=20)).date()
    child = active(gordon, minor=True, majority_date=birthday, capacity="guardian")
    assert services.expire_due(system_actor(gordon.tenant_id), NOW) == 0
    assert expiry.expire_everywhere(NOW + timedelta(days=21)) == 1
    row = selectors.get_consent(child.public_id)
    assert (row.status, row.suspension_reason) == ("suspended", "majority")
    with pytest.raises(Conflict) as caught:
        services.resume(gordon, row, NOW + timedelta(days=22))
    assert caught.value.code == "of_age"
    assert events(gordon.tenant_id, event="consent.suspended").get().actor == "system"
    assert date.fromisoformat(row.terms["majority_date"]) == birthday
