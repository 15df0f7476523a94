"""Operators make companies, and people of several companies, by a command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from imprimatur.tenants.models import User
from imprimatur.tenants.selectors import memberships_of, tenant_id_of_slug

from tests.factories import World

pytestmark = pytest.mark.django_db


def _provision(*arguments: str) -> str:
    said = StringIO()
    call_command("provision_tenant", *arguments, stdout=said)
    return said.getvalue()


def test_a_new_company_has_an_owner_who_can_sign_in(client: Client) -> None:
    said = _provision("contoso-tea", "wanda@contoso.example", "--name", "Contoso Tea", "--person", "Wanda")
    password = said.partition("once: ")[2].strip()
    wanda = User.objects.get(email="wanda@contoso.example")
    assert wanda.check_password(password)
    assert [(m.name, m.roles) for m in memberships_of(wanda)] == [("Contoso Tea", ["owner"])]


def test_a_person_of_another_company_joins_and_keeps_the_password(world: World) -> None:
    said = _provision("northwind", world.alice.email, "--role", "auditor", "--role", "reviewer")
    assert "Password" not in said
    assert ("Northwind Optics", ["auditor", "reviewer"]) in [(m.name, m.roles) for m in memberships_of(world.alice)]


def test_a_new_company_needs_its_name(world: World) -> None:
    with pytest.raises(CommandError, match="--name"):
        _provision("nowhere", "someone@nowhere.example")


def test_a_wrong_address_leaves_no_company_behind(world: World) -> None:
    with pytest.raises(CommandError, match="valid email"):
        _provision("half-made", "not-an-address", "--name", "Half made")
    assert tenant_id_of_slug("half-made") is None
