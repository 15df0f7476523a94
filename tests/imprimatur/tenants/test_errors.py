"""What went wrong is said in words, with an id to quote, and without a word of how we are built."""

import pytest
from django.test import Client

from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(world: World, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser that meets a fault of ours on every page and in the API."""

    def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("imprimatur.tenants.http.actor_for", fail)
    monkeypatch.setattr("imprimatur.tenants.rest.views.actor_for", fail)
    client = Client(raise_request_exception=False, headers={"accept-language": "ja"})
    client.force_login(world.rita)
    return client


def test_our_fault_in_the_api_is_a_problem_with_an_id(broken: Client) -> None:
    answer = broken.get("/api/v1/me", headers={"X-Request-ID": "quote-me-1234"})
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert answer.json()["request_id"] == answer["X-Request-ID"] == "quote-me-1234"
    assert b"secret" not in answer.content


def test_our_fault_on_a_page_is_a_page_with_an_id(broken: Client) -> None:
    answer = broken.get("/references")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert b"secret" not in answer.content


def test_a_strange_request_id_is_not_taken_over(world: World) -> None:
    answer = Client().get("/healthz", headers={"X-Request-ID": "<script>"})
    assert answer["X-Request-ID"].isalnum()


def test_a_role_that_may_not_is_told_who_may(world: World) -> None:
    answer = world.client(world.alice).get("/audit")
    assert answer.status_code == 403
    assert "Only owners, rights managers and auditors can read the audit trail." in answer.content.decode()


def test_a_person_reads_their_own_language(world: World) -> None:
    answer = world.client(world.rita).get("/audit")
    assert "監査記録を閲覧できるのはオーナー、権利管理者、監査担当だけです。" in answer.content.decode()


def test_the_api_follows_the_header(world: World) -> None:
    answer = world.client(world.alice).get("/api/v1/api-keys", headers={"accept-language": "ja"})
    assert answer.json()["detail"] == "メンバー、キー、Webhookを管理できるのはオーナーだけです。"


def test_pages_of_a_company_are_kept_by_nobody(world: World) -> None:
    answer = world.client(world.alice).get("/references")
    assert answer["Cache-Control"] == "private, no-store"
    assert world.client(world.alice).get("/api/v1/me")["Cache-Control"] == "private, no-store"


def test_a_person_of_no_company_gets_a_page_that_says_so(world: World) -> None:
    from imprimatur.tenants.scope import tenant_scope

    with tenant_scope(world.northwind.id):
        world.charlie.memberships.get().delete()
    answer = world.client(world.charlie).get("/references")
    assert answer.status_code == 404
    assert "not a member of any company" in answer.content.decode()
