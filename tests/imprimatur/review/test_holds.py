"""A picture that waits for a rights manager or for the person behind a record says so, wherever it is shown."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone, translation
from imprimatur.generations import approvals, screening
from imprimatur.generations.models import Generation, Output, Reliance
from imprimatur.review import holds, selectors, services
from imprimatur.review.facts import with_review_rows
from imprimatur.review.models import Verdict
from imprimatur.review.states import OutputState
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import drawn
from tests.imprimatur.generations.test_screening import FACE, with_output
from tests.imprimatur.rights.test_portal import Made, made


@pytest.fixture
def face_output(world: World, monkeypatch: pytest.MonkeyPatch) -> Output:
    """A bottle was asked for, and a face came."""
    with_output(monkeypatch, FACE)
    return drawn(world)[0]


def state(output: Output) -> OutputState:
    return selectors.state_of(Output.objects.get(pk=output.pk))


def reviewed(world: World, output: Output) -> None:
    for person in (world.rita, world.ravi):
        services.decide(world.actor(person), output, Verdict.APPROVE)


def answer(world: World, found: Made, output: Output, approved: bool) -> None:
    actor: Actor = world.actor(world.gordon)
    approvals.answer(actor, found.record, output, approved=approved, now=timezone.now())


def test_what_was_noticed_is_the_state_until_a_rights_manager_has_looked(world: World, face_output: Output) -> None:
    rita = world.actor(world.rita)
    with tenant_scope(world.aozora.id):
        assert state(face_output) == OutputState.HELD
        assert list(selectors.held(rita)) == [face_output]
        (hold,) = holds.holds_of([face_output])[face_output]
        assert (hold.code, hold.waits_for) == (screening.FACE, "rights_manager")
        screening.clear(world.actor(world.gordon), screening.held().get())
        assert state(face_output) == OutputState.PENDING
        assert not selectors.held(rita).exists()


def test_two_approvals_are_not_enough_where_the_person_approves_too(world: World) -> None:
    found = made(world, approval_right="per_output")
    (output,) = found.outputs
    rita = world.actor(world.rita)
    third = world.actor(member(world.aozora, "tomo", [Role.REVIEWER], world.password))
    with tenant_scope(world.aozora.id):
        assert state(output) == OutputState.PENDING  # reviewers need not wait
        assert not selectors.held(rita).exists()
        reviewed(world, output)
        assert state(output) == OutputState.HELD
        assert (list(selectors.held(rita)), list(selectors.approved(rita))) == ([output], [])
        with pytest.raises(Conflict, match="person behind it"):
            services.claim(third, output)
        answer(world, found, output, False)
        assert [h.code for h in holds.holds_of([output])[output]] == [holds.REFUSED]
        answer(world, found, output, True)
        assert state(output) == OutputState.APPROVED
        assert (list(selectors.held(rita)), list(selectors.approved(rita))) == ([], [output])
        assert holds.holds_of([output]) == {output: []}


def test_a_campaigns_yes_counts_as_python_counts_it(world: World) -> None:
    found = made(world, count=3, approval_right="per_campaign")
    first, second, _third = found.outputs
    with tenant_scope(world.aozora.id):
        relied = Reliance.objects.annotate(campaign=holds._campaign()).get(generation=second.generation_id)
        assert relied.campaign == approvals.campaign_of(Generation.objects.get(pk=second.generation_id))
        for said_to, approved in ((first, True), (second, False)):
            answer(world, found, said_to, approved)
        latest = approvals.latest(found.record, found.outputs)
        rows = with_review_rows(Output.objects.filter(pk__in=[o.pk for o in found.outputs]))
        assert {row: row.unanswered for row in rows} == {output: not said for output, said in latest.items()}


def test_a_list_of_held_pictures_asks_the_database_a_constant_number_of_times(
    world: World, django_assert_max_num_queries: object
) -> None:
    found = made(world, count=3, approval_right="per_output")
    rita = world.actor(world.rita)
    with tenant_scope(world.aozora.id):
        for output in found.outputs:
            reviewed(world, output)
        with django_assert_max_num_queries(9):  # type: ignore[operator]
            rows = list(selectors.held(rita))
            assert len(holds.holds_of(rows)) == 3
            assert {selectors.state_of(row) for row in rows} == {OutputState.HELD}


def test_an_ordinary_picture_is_held_by_nobody(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        assert holds.holds_of([output]) == {output: []}
        reviewed(world, output)
        assert state(output) == OutputState.APPROVED


def test_another_companys_answer_and_screening_do_not_reach_over(world: World) -> None:
    found = made(world, approval_right="per_output")
    (output,) = found.outputs
    with tenant_scope(world.northwind.id):
        assert not selectors.held(world.actor(world.charlie)).exists()
        assert not Output.objects.filter(holds.unanswered(), pk=output.pk).exists()


def test_the_api_says_who_must_act_in_the_callers_language(world: World, face_output: Output) -> None:
    client = world.client(world.rita)
    (row,) = client.get("/api/v1/reviews?queue=held", headers={"accept-language": "ja"}).json()["data"]
    assert (row["id"], row["state"]) == (face_output.public_id, "held")
    (hold,) = row["holds"]
    assert (hold["code"], hold["waits_for"], hold["record"]) == (screening.FACE, "rights_manager", "")
    with translation.override("ja"):
        assert hold["sentence"] == str(screening.SENTENCES[screening.FACE])
    assert not hold["sentence"].isascii()
    assert client.get("/api/v1/reviews?queue=mine").json()["data"] == []


def test_the_pages_say_it_and_filter_by_it(world: World) -> None:
    found = made(world, approval_right="per_output")
    (output,) = found.outputs
    with tenant_scope(world.aozora.id):
        reviewed(world, output)
    alice, gordon = world.client(world.alice), world.client(world.gordon)
    for page in ("/review?show=held", "/library", f"/review/{output.public_id}"):
        said = alice.get(page).content.decode()
        assert "has not answered yet" in said, page
        assert ">Held<" in said, page
    assert "Send them a link" in gordon.get(f"/review/{output.public_id}").content.decode()
    assert output.public_id in alice.get("/review?show=held").content.decode()
    with tenant_scope(world.aozora.id):
        answer(world, found, output, True)
    assert output.public_id not in alice.get("/review?show=held").content.decode()


def test_a_held_picture_is_a_task_of_the_rights_manager(world: World, face_output: Output) -> None:
    assert "Pictures held" in world.client(world.gordon).get("/").content.decode()
    assert "Pictures held" not in world.client(world.alice).get("/").content.decode()
    assert Client().get(f"/review/{face_output.public_id}").status_code == 302
