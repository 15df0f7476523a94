"""Two different people decide, never the one who asked; decisions can be undone until the picture is out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from imprimatur.audit import selectors as audit
from imprimatur.generations.models import Output
from imprimatur.releases import services as releases
from imprimatur.review import selectors, services
from imprimatur.review.models import Claim, Decision, Verdict
from imprimatur.review.permissions import why_not_decide
from imprimatur.review.states import OutputState
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound, NotPermitted, PersonRequired, RightsRefused
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import USE, drawn


@pytest.fixture
def output(world: World):
    with tenant_scope(world.aozora.id):
        yield drawn(world)[0]


def state(output: Output) -> OutputState:
    return selectors.state_of(Output.objects.get(pk=output.pk))


def test_two_people_approve(world, output):
    assert state(output) == OutputState.PENDING
    services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    assert state(output) == OutputState.APPROVED_1
    services.decide(world.actor(world.ravi), output, Verdict.APPROVE)
    assert state(output) == OutputState.APPROVED


def test_one_person_counts_once(world, output):
    services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    with pytest.raises(Conflict, match="You have decided"):
        services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    assert state(output) == OutputState.APPROVED_1


def test_whoever_asked_does_not_decide(world):
    asker = member(world.aozora, "rei", [Role.CREATOR, Role.REVIEWER], world.password)
    with tenant_scope(world.aozora.id):
        output = drawn(world, asker)[0]
        with pytest.raises(NotPermitted, match="two other people"):
            services.decide(world.actor(asker), output, Verdict.APPROVE)
        assert "two other people" in why_not_decide(world.actor(asker), output, timezone.now())
        assert output not in selectors.queue(world.actor(asker))


def test_a_key_does_not_decide(world, output):
    key = world.key_actor([Permission.VIEW])
    for attempt in (lambda: services.decide(key, output, Verdict.APPROVE), lambda: services.comment(key, output, "Hm")):
        with pytest.raises(PersonRequired):
            attempt()
    with pytest.raises(PersonRequired):
        services.claim(key, output)


@pytest.mark.parametrize("name", ["alice", "olive", "gordon", "ada"])
def test_only_reviewers_decide(world, output, name):
    with pytest.raises(NotPermitted):
        services.decide(world.actor(getattr(world, name)), output, Verdict.APPROVE)
    assert not Decision.objects.exists()


def test_returning_needs_a_reason(world, output):
    rita = world.actor(world.rita)
    for verdict in (Verdict.REJECT, Verdict.REQUEST_CHANGES):
        with pytest.raises(InvalidInput) as refused:
            services.decide(rita, output, verdict)
        assert refused.value.errors[0]["field"] == "reason"
    with pytest.raises(InvalidInput):
        services.decide(rita, output, Verdict.REJECT, reason="other")
    services.decide(rita, output, Verdict.REQUEST_CHANGES, reason="likeness")
    assert state(output) == OutputState.CHANGES_REQUESTED


def test_a_word_that_is_no_verdict_is_refused(world, output):
    with pytest.raises(InvalidInput):
        services.decide(world.actor(world.rita), output, "maybe")


def test_one_rejection_ends_it(world, output):
    services.decide(world.actor(world.rita), output, Verdict.REJECT, reason="other", note="ｏｆｆ brand")
    assert Decision.objects.get().note == "off brand"
    with pytest.raises(Conflict, match="final decision"):
        services.decide(world.actor(world.ravi), output, Verdict.APPROVE)


def test_undo_opens_it_again(world, output):
    rita = world.actor(world.rita)
    decision = services.decide(rita, output, Verdict.REJECT, reason="brand")
    with pytest.raises(NotPermitted):
        services.undo(world.actor(world.ravi), decision)
    services.undo(rita, decision)
    assert state(output) == OutputState.PENDING
    with pytest.raises(Conflict):
        services.undo(rita, decision)
    services.decide(rita, output, Verdict.APPROVE)
    assert [d.undone_at is None for d in selectors.decisions(output)] == [False, True]


def test_an_approval_cannot_be_undone_after_the_release(world, output):
    decision = approve_twice(world, output)
    releases.release(world.actor(world.alice), output, USE)
    with pytest.raises(Conflict, match="released"):
        services.undo(world.actor(world.ravi), decision)


def test_the_queue_offers_what_i_can_decide(world, output):
    rita, ravi = world.actor(world.rita), world.actor(world.ravi)
    assert list(selectors.queue(rita)) == [output]
    services.decide(rita, output, Verdict.APPROVE)
    assert list(selectors.queue(rita)) == []
    assert list(selectors.queue(ravi)) == [output]
    services.decide(ravi, output, Verdict.APPROVE)
    assert list(selectors.queue(ravi)) == []
    assert list(selectors.approved(ravi)) == [output]


def test_a_claim_keeps_others_away_for_a_quarter_of_an_hour(world, output):
    rita, ravi = world.actor(world.rita), world.actor(world.ravi)
    held = services.claim(rita, output)
    assert timedelta(minutes=14) < held.expires_at - timezone.now() <= timedelta(minutes=15)
    assert state(output) == OutputState.CLAIMED
    assert list(selectors.queue(ravi)) == []
    with pytest.raises(Conflict, match="Rita"):
        services.decide(ravi, output, Verdict.APPROVE)
    with pytest.raises(Conflict, match="Rita"):
        services.release_claim(ravi, output)
    Claim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert state(output) == OutputState.PENDING
    assert services.claim(ravi, output).reviewer == world.ravi


def test_a_claim_is_given_back(world, output):
    rita = world.actor(world.rita)
    services.claim(rita, output)
    services.release_claim(rita, output)
    services.release_claim(rita, output)
    assert state(output) == OutputState.PENDING


def test_deciding_ends_the_claim(world, output):
    services.claim(world.actor(world.rita), output)
    services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    assert not Claim.objects.exists()


def test_the_queue_asks_the_database_a_constant_number_of_times(world, django_assert_num_queries):
    with tenant_scope(world.aozora.id):
        drawn(world, count=3)
        rita = world.actor(world.rita)
        with django_assert_num_queries(2):
            assert [selectors.state_of(o) for o in selectors.queue(rita)] == ["pending"] * 3


def test_a_fallen_right_stops_the_approval(world, output):
    reference = output.generation.subject_reference
    type(reference).objects.filter(pk=reference.pk).update(own_work=False)
    with pytest.raises(RightsRefused) as refused:
        services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    assert refused.value.reasons
    assert not ConsentRecord.objects.exists()
    services.decide(world.actor(world.rita), output, Verdict.REJECT, reason="brand")


def test_a_quarantined_picture_is_left_alone(world, output):
    decision = services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    Output.objects.filter(pk=output.pk).update(quarantined_at=timezone.now())
    assert state(output) == OutputState.QUARANTINED
    with pytest.raises(Conflict, match="quarantined"):
        services.decide(world.actor(world.ravi), output, Verdict.APPROVE)
    with pytest.raises(Conflict, match="quarantined"):
        services.undo(world.actor(world.rita), decision)


def test_rows_name_themselves(world, output):
    rita = world.actor(world.rita)
    assert "Rita" in str(services.claim(rita, output))
    assert str(services.comment(rita, output, "Fine")) == "Fine"
    assert str(services.decide(rita, output, Verdict.APPROVE)) == "approve by Rita"


def test_comments_are_said_to_everybody(world, output):
    services.comment(world.actor(world.alice), output, "  Is the label right？ ")
    assert [c.text for c in selectors.comments(output)] == ["Is the label right?"]
    for text in ("   ", "a" * 2001):
        with pytest.raises(InvalidInput):
            services.comment(world.actor(world.alice), output, text)


def test_other_ids_find_nothing(world, output):
    rita = world.actor(world.rita)
    assert selectors.get_output(rita, output.public_id) == output
    for nonsense in ("out_nonsense", "gen_" + "0" * 26, "out_" + "0" * 26):
        with pytest.raises(NotFound):
            selectors.get_output(rita, nonsense)


def test_another_company_does_not_see_it(world):
    with tenant_scope(world.aozora.id):
        public_id = drawn(world)[0].public_id
    with tenant_scope(world.northwind.id):
        charlie = world.actor(world.charlie)
        assert list(selectors.queue(charlie)) == []
        with pytest.raises(NotFound):
            selectors.get_output(charlie, public_id)


def test_everything_is_recorded_without_the_words(world, output):
    services.claim(world.actor(world.rita), output)
    services.comment(world.actor(world.rita), output, "secret words")
    decision = services.decide(world.actor(world.rita), output, Verdict.REJECT, reason="other", note="secret words")
    services.undo(world.actor(world.rita), decision)
    events = [e for e in audit.events(world.aozora.id) if e.event.startswith("review.")]
    assert {e.event for e in events} == {"review.claimed", "review.commented", "review.decided", "review.undone"}
    assert all("secret" not in e.payload for e in events)


def approve_twice(world: World, output: Output) -> Decision:
    services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    return services.decide(world.actor(world.ravi), output, Verdict.APPROVE)


def refused_by_the_database(statement: str, *values: object) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refused.value)


INSERT = (
    "INSERT INTO review_decision (id, created_at, tenant_id, output_id, reviewer_id, verdict, reason, note) "
    "VALUES (gen_random_uuid(), now(), %s, %s, %s, 'approve', '', '')"
)


def test_the_database_refuses_the_authors_decision(world, output):
    said = refused_by_the_database(INSERT, world.aozora.id, output.pk, world.alice.pk)
    assert "asked for a picture" in said


def test_the_database_refuses_to_edit_or_delete_a_decision(world, output):
    decision = services.decide(world.actor(world.rita), output, Verdict.REJECT, reason="brand")
    edit = "UPDATE review_decision SET verdict = 'approve' WHERE id = %s"
    assert "never edited" in refused_by_the_database(edit, decision.pk)
    assert "never deleted" in refused_by_the_database("DELETE FROM review_decision WHERE id = %s", decision.pk)
    services.undo(world.actor(world.rita), decision)
    again = "UPDATE review_decision SET undone_at = NULL WHERE id = %s"
    assert "only be undone" in refused_by_the_database(again, decision.pk)


def test_the_database_refuses_a_second_standing_decision(world, output):
    services.decide(world.actor(world.rita), output, Verdict.APPROVE)
    said = refused_by_the_database(INSERT, world.aozora.id, output.pk, world.rita.pk)
    assert "one_standing_decision_per_reviewer" in said


def test_the_database_refuses_a_decision_on_another_companys_picture(world, output):
    public = output.pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(world.northwind.id)])
        said = refused_by_the_database(INSERT, world.northwind.id, public, world.charlie.pk)
        assert "not this tenant's" in said
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [str(world.aozora.id)])
