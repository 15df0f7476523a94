"""Templates: who writes, who approves, what is frozen when, and what a wording may hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from imprimatur.audit.selectors import events
from imprimatur.prompts import selectors, services
from imprimatur.prompts.models import TemplateVersion, VersionStatus
from imprimatur.prompts.services import TRANSITIONS
from imprimatur.tenants.actor import Actor, system_actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound, NotPermitted, PersonRequired
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member

PLACE = {
    "name": "place",
    "label": {"en": "Place", "ja": "場所"},
    "options": [
        {"token": "on the beach", "label": {"en": "Beach", "ja": "砂浜"}},
        {"token": "in the snow", "label": {"en": "Snow", "ja": "雪"}},
    ],
}
TEXT = "a {subject} {place}"


@pytest.fixture
def alice(world: World) -> Iterator[Actor]:
    """A creator of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.alice)


@pytest.fixture
def rita(world: World, alice: Actor) -> Actor:
    """A reviewer: may approve templates."""
    return world.actor(world.rita)


def draft(actor: Actor, **changes: Any) -> TemplateVersion:
    said: dict[str, Any] = {"name_en": "Season", "name_ja": "季節", "text": TEXT, "variables": [PLACE]}
    return services.create_template(actor, **said | changes)


def at(status: VersionStatus, writer: Actor, decider: Actor) -> TemplateVersion:
    """A version walked up to a status by the real services."""
    version = draft(writer, name_en=f"Season {status}")
    if status != VersionStatus.DRAFT:
        services.submit(writer, version)
    if status in (VersionStatus.APPROVED, VersionStatus.RETIRED):
        services.approve(decider, version)
    if status == VersionStatus.RETIRED:
        services.retire(decider, version)
    if status == VersionStatus.REJECTED:
        services.reject(decider, version, "too long")
    return selectors.get_version(version.public_id)


def problems(caught: Any) -> list[str]:
    return [str(problem["message"]) for problem in caught.value.errors]


def test_from_draft_to_approved(alice: Actor, rita: Actor) -> None:
    version = draft(alice)
    assert (version.number, version.status, version.author) == (1, "draft", alice.user)
    services.submit(alice, version)
    assert not selectors.approved_versions().exists()
    assert [v.pk for v in selectors.waiting_for(rita)] == [version.pk]
    approved = services.approve(rita, version)
    assert (approved.status, approved.decided_by) == ("approved", rita.user)
    assert [v.pk for v in selectors.approved_versions()] == [version.pk]
    trail = [e.event for e in events(alice.tenant_id, subject=version.public_id).order_by("seq")]
    assert trail == [f"template.version.{verb}" for verb in ("drafted", "submitted", "approved")]


def test_a_new_version_leaves_the_approved_one_in_use(alice: Actor, rita: Actor) -> None:
    first = at(VersionStatus.APPROVED, alice, rita)
    second = services.new_version(alice, first.template, "the {subject} {place}", [PLACE])
    assert (second.number, second.profile, second.status) == (2, first.profile, "draft")
    assert list(selectors.approved_versions()) == [first]
    assert [v.number for v in selectors.versions(first.template)] == [2, 1]
    assert selectors.get_numbered(first.template, 2) == second
    services.retire(rita, first)
    assert not selectors.approved_versions().exists()


@pytest.mark.parametrize("status", list(VersionStatus))
@pytest.mark.parametrize(
    ("service", "to"),
    [
        (services.submit, VersionStatus.SUBMITTED),
        (services.approve, VersionStatus.APPROVED),
        (services.reject, VersionStatus.REJECTED),
        (services.retire, VersionStatus.RETIRED),
    ],
)
def test_services_move_along_the_table_only(
    alice: Actor, rita: Actor, status: VersionStatus, service: Any, to: VersionStatus
) -> None:
    version = at(status, alice, rita)
    actor = alice if service is services.submit else rita
    if to in TRANSITIONS[status]:
        assert service(actor, version).status == to
        return
    with pytest.raises(Conflict) as caught:
        service(actor, version)
    assert caught.value.code == "wrong_status"


@pytest.mark.parametrize(("was", "to"), list(itertools.permutations(VersionStatus, 2)))
def test_the_database_holds_the_same_table(alice: Actor, rita: Actor, was: VersionStatus, to: VersionStatus) -> None:
    version = at(was, alice, rita)
    decided = {"decided_by": rita.user, "decided_at": timezone.now()}
    try:
        with transaction.atomic():
            TemplateVersion.objects.filter(pk=version.pk).update(status=to, **decided)
    except IntegrityError:
        assert to not in TRANSITIONS[was]
    else:
        assert to in TRANSITIONS[was]


@pytest.mark.parametrize(
    "change", [{"text": "a {subject}"}, {"variables": []}, {"profile": "sd15"}, {"number": 7}, {"author": "rita"}]
)
def test_what_was_submitted_never_changes(alice: Actor, rita: Actor, change: dict[str, Any]) -> None:
    version = at(VersionStatus.SUBMITTED, alice, rita)
    columns = {"author": rita.user} if "author" in change else change
    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.filter(pk=version.pk).update(**columns)
    with pytest.raises(Conflict) as caught:
        services.edit_draft(alice, version, TEXT, [PLACE])
    assert caught.value.code == "not_a_draft"


def test_a_draft_can_be_edited(alice: Actor) -> None:
    version = services.edit_draft(alice, draft(alice), "one {subject} {place}, soft light", [PLACE])
    assert selectors.get_version(version.public_id).text == "one {subject} {place}, soft light"


def test_the_author_never_approves_in_the_service(world: World, alice: Actor) -> None:
    both = world.actor(member(world.aozora, "momo", [Role.CREATOR, Role.REVIEWER], world.password))
    version = services.submit(both, draft(both))
    for decide in (services.approve, services.reject):
        with pytest.raises(NotPermitted) as caught:
            decide(both, version)
        assert caught.value.code == "own_template"
    assert str(selectors.refusal_to_decide(both, version)).startswith("You wrote this version")
    assert not selectors.waiting_for(both).exists()


def test_the_author_never_approves_in_the_database(alice: Actor, rita: Actor) -> None:
    version = at(VersionStatus.SUBMITTED, alice, rita)
    for decider in (alice.user, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            columns = {"status": "approved", "decided_by": decider, "decided_at": timezone.now()}
            TemplateVersion.objects.filter(pk=version.pk).update(**columns)


def test_a_version_cannot_be_born_approved(alice: Actor, rita: Actor) -> None:
    version = at(VersionStatus.APPROVED, alice, rita)
    version.pk, version.number = None, 9
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save(force_insert=True)


def test_keys_write_for_their_maker_and_decide_nothing(world: World, alice: Actor, rita: Actor) -> None:
    key = Actor(alice.tenant_id, alice.user, alice.permissions | rita.permissions, api_key=world.key()[0])
    version = services.submit(key, draft(key))
    assert version.author == alice.user
    with pytest.raises(PersonRequired):
        services.approve(key, version)
    with pytest.raises(PersonRequired):
        draft(system_actor(alice.tenant_id))


def test_roles(world: World, alice: Actor, rita: Actor) -> None:
    with pytest.raises(NotPermitted):
        draft(rita)
    version = at(VersionStatus.SUBMITTED, alice, rita)
    for person in (world.gordon, world.ada):
        with pytest.raises(NotPermitted):
            services.approve(world.actor(person), version)
    with pytest.raises(NotPermitted):
        services.retire(alice, at(VersionStatus.APPROVED, alice, rita))
    assert services.approve(world.actor(world.olive), version).decided_by == world.olive


def test_a_rejection_says_why(alice: Actor, rita: Actor) -> None:
    assert at(VersionStatus.REJECTED, alice, rita).decision_note == "too long"
    with pytest.raises(InvalidInput):
        services.reject(rita, at(VersionStatus.SUBMITTED, alice, rita), "x" * 301)


def test_another_company_sees_no_template(world: World) -> None:
    with tenant_scope(world.aozora.id):
        version = draft(world.actor(world.alice))
    with tenant_scope(world.northwind.id):
        assert not selectors.templates().exists()
        for ask, public_id in (
            (selectors.get_version, version.public_id),
            (selectors.get_template, version.template.public_id),
            (selectors.get_template, "tpl_nonsense"),
        ):
            with pytest.raises(NotFound):
                ask(public_id)


def test_a_missing_number_is_not_found(alice: Actor) -> None:
    with pytest.raises(NotFound):
        selectors.get_numbered(draft(alice).template, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write the prompt."),
        ("a bottle {place}", "Write {subject} exactly once"),
        ("a {subject} and a {subject} {place}", "Write {subject} exactly once"),
        ("a {subject2} {place}", "Write {subject} exactly once"),
        ("a {subject} by a {subject2} by a {subject2} {place}", "Write {subject2} once"),
        ("a {subject} beside a {subject3} {place}", "Number the subjects without a gap"),
        ("a {subject} {place} in {season}", "{season} has no variable"),
        ("a {subject}", "does not use the variable “place”"),
        ("a {subject} {place", "A brace is not closed"),
        ("砂浜の {subject} {place}", "Write the prompt in English"),
        ("a {subject} {place} " + "x" * 300, "under 300 characters"),
    ],
)
def test_texts_that_cannot_be_offered(alice: Actor, text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        draft(alice, text=text)
    assert any(says in problem for problem in problems(caught)), problems(caught)
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Place"}, "Name variables with small letters"),
        ({"name": "subject"}, "Name variables with small letters"),
        ({"name": "subject2"}, "is where a subject stands"),
        ({"options": []}, "between 1 and 40 options"),
        ({"options": PLACE["options"] * 2}, "the same English words"),
        ({"options": [{"token": "砂浜", "label": {"en": "Beach", "ja": "砂浜"}}]}, "must be English words"),
        ({"options": [{"token": "{x}", "label": {"en": "Beach", "ja": "砂浜"}}]}, "must be English words"),
        ({"options": [{"token": "beach", "label": {"en": "Beach"}}]}, "in English and in Japanese"),
        ({"label": {"en": "Place", "ja": " "}}, "in English and in Japanese"),
    ],
)
def test_variables_that_cannot_be_offered(alice: Actor, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        draft(alice, variables=[PLACE | change])
    assert any(says in problem for problem in problems(caught)), problems(caught)


def test_variables_are_named_once_and_are_few(alice: Actor) -> None:
    for variables in ([PLACE, PLACE], [PLACE | {"name": f"v{n}"} for n in range(9)]):
        with pytest.raises(InvalidInput):
            draft(alice, variables=variables)


def test_names_are_needed(alice: Actor) -> None:
    for names in ({"name_en": " "}, {"name_en": "x" * 121}, {"name_ja": "あ" * 121}):
        with pytest.raises(InvalidInput):
            draft(alice, **names)


def test_full_width_letters_become_plain(alice: Actor) -> None:
    option = {"token": "ｏｎ ｔｈｅ　ｂｅａｃｈ", "label": {"en": "Beach", "ja": "ｽﾅﾊﾏ"}}
    version = draft(alice, text="ａ {subject}  {place}", variables=[PLACE | {"options": [option]}])
    assert version.text == "a {subject} {place}"
    assert version.variables[0]["options"] == [{"token": "on the beach", "label": {"en": "Beach", "ja": "スナハマ"}}]
