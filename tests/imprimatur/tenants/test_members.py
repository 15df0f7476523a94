"""The first people come in by the operator's hand, and a company keeps an owner."""

import pytest
from django.test import Client
from imprimatur.audit.selectors import events
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.models import Membership, User
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import memberships_of
from imprimatur.tenants.services import add_member, change_roles, create_api_key, provision_tenant, remove_member

from tests.factories import World

pytestmark = pytest.mark.django_db


def test_no_member_adds_people_with_a_password_of_their_choice(world: World) -> None:
    with tenant_scope(world.aozora.id):
        for person, code in ((world.alice, "not_permitted"), (world.olive, "invite_instead")):
            with pytest.raises(NotPermitted) as refused:
                add_member(world.actor(person), world.aozora, "x@aozora.example", world.password, "X", [Role.CREATOR])
            assert refused.value.code == code
    assert not User.objects.filter(email="x@aozora.example").exists()


def test_adding_a_person_is_recorded_without_their_address(world: World) -> None:
    with tenant_scope(world.aozora.id):
        operator = system_actor(world.aozora.id)
        add_member(operator, world.aozora, "new@aozora.example", world.password, "New", [Role.CREATOR])
        event = events(world.aozora.id, event="member.added").first()
    assert event is not None
    assert event.actor == "system"
    assert "new@" not in event.payload


@pytest.mark.parametrize(
    ("email", "password", "roles", "field"),
    [
        ("not-an-address", "correct-horse-battery", [Role.CREATOR], "email"),
        (f"x@{'long.' * 60}example", "correct-horse-battery", [Role.CREATOR], "email"),
        ("x@aozora.example", "short", [Role.CREATOR], "password"),
        ("x@aozora.example", "correct-horse-battery", ["emperor"], "roles"),
        ("x@aozora.example", "correct-horse-battery", [], "roles"),
    ],
)
def test_wrong_facts_are_named(world: World, email: str, password: str, roles: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused, tenant_scope(world.aozora.id):
        add_member(system_actor(world.aozora.id), world.aozora, email, password, "X", roles)
    assert refused.value.errors[0]["field"] == field


def test_a_person_may_belong_to_two_companies_by_the_operators_hand(world: World) -> None:
    with tenant_scope(world.northwind.id):
        operator = system_actor(world.northwind.id)
        add_member(operator, world.northwind, "Alice@aozora.example", "ignored-password", "A", [Role.AUDITOR])
    found = [(m.name, m.roles) for m in memberships_of(world.alice)]
    assert found == [("Aozora Tea", ["creator"]), ("Northwind Optics", ["auditor"])]
    world.alice.refresh_from_db()
    assert world.alice.check_password(world.password)


def test_the_last_owner_stays(world: World) -> None:
    with tenant_scope(world.aozora.id):
        olive = Membership.objects.get(user=world.olive)
        with pytest.raises(Conflict, match="at least one owner"):
            remove_member(world.actor(world.olive), olive)
        with pytest.raises(Conflict, match="at least one owner"):
            change_roles(world.actor(world.olive), olive, [Role.CREATOR])


def test_a_slug_is_taken_once(world: World) -> None:
    with pytest.raises(Conflict, match="short name"):
        provision_tenant("aozora", "Another")


def test_no_key_may_decide(world: World) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(InvalidInput):
        create_api_key(world.actor(world.olive), "Robot reviewer", ["decide"])


def test_sign_in_is_by_address_and_nobody_signs_up(world: World) -> None:
    client = Client()
    answer = client.post("/accounts/login/", {"login": "alice@aozora.example", "password": world.password})
    assert answer.status_code == 302
    assert client.get("/api/v1/me").json()["person"]["email"] == "alice@aozora.example"
    Client().post(
        "/accounts/signup/", {"email": "m@x.example", "password1": "correct-horse-9", "password2": "correct-horse-9"}
    )
    assert not type(world.alice).objects.filter(email="m@x.example").exists()


def test_nobody_takes_another_persons_address(world: World) -> None:
    client = world.client(world.charlie)
    wanted = {"email": "director@aozora.example"}
    for action in ("action_add", "action_primary"):
        assert client.post("/accounts/email/", {action: "1", **wanted}).status_code == 404
    world.charlie.refresh_from_db()
    assert world.charlie.email == "charlie@northwind.example"
