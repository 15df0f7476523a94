"""What every endpoint shares: keys and sessions, permissions, problems, replays, pages."""

import pytest
from django.test import Client
from imprimatur.tenants.models import ApiKey, IdempotentAnswer
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.services import revoke_api_key

from tests.factories import World

pytestmark = pytest.mark.django_db
NEW_KEY = {"name": "Shop", "scopes": ["view", "generate"]}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_without_sign_in_the_answer_is_401_with_a_problem(world: World) -> None:
    answer = Client().get("/api/v1/me")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_authenticated"
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_a_person_sees_themselves(world: World) -> None:
    me = world.client(world.alice).get("/api/v1/me").json()
    assert me["person"]["email"] == "alice@aozora.example"
    assert me["tenant"] == {"slug": "aozora", "name": "Aozora Tea"}
    assert "decide" not in me["permissions"]


def test_a_key_acts_with_its_scopes_and_is_no_person(world: World) -> None:
    key, secret = world.key([Permission.VIEW, Permission.GENERATE])
    me = Client().get("/api/v1/me", headers=bearer(secret)).json()
    assert (me["person"], me["key"]) == (None, key.public_id)
    assert me["permissions"] == ["generate", "view"]


@pytest.mark.parametrize("wrong", ["imp_live_", "imp_live_0000000000000000_x", "nonsense", "imp_live_" + "é" * 4])
def test_an_unknown_key_is_refused(world: World, wrong: str) -> None:
    answer = Client().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {wrong}")
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")


def test_a_key_with_a_wrong_secret_is_refused(world: World) -> None:
    _, secret = world.key()
    answer = Client().get("/api/v1/me", headers=bearer(secret[:-1] + ("a" if secret[-1] != "a" else "b")))
    assert answer.status_code == 401


def test_a_revoked_key_is_refused_at_once(world: World) -> None:
    key, secret = world.key()
    with tenant_scope(world.aozora.id):
        revoke_api_key(world.actor(world.olive), key)
    assert Client().get("/api/v1/me", headers=bearer(secret)).status_code == 401


def test_a_key_loses_what_its_maker_loses(world: World) -> None:
    _, secret = world.key([Permission.VIEW, Permission.GENERATE])
    with tenant_scope(world.aozora.id):
        membership = world.keymaker().memberships.get()
        membership.roles = ["auditor"]
        membership.save()
    assert Client().get("/api/v1/me", headers=bearer(secret)).json()["permissions"] == ["view"]


def test_only_a_hash_of_the_secret_is_kept(world: World) -> None:
    key, secret = world.key()
    with tenant_scope(world.aozora.id):
        row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert secret.rpartition("_")[2] not in str(row)


def test_a_key_cannot_make_keys(world: World) -> None:
    _, secret = world.key([Permission.VIEW, Permission.MANAGE_TENANT])
    answer = Client().post("/api/v1/api-keys", NEW_KEY, headers=bearer(secret), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_a_member_without_the_permission_gets_the_sentence(world: World) -> None:
    answer = world.client(world.alice).get("/api/v1/api-keys")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert answer.json()["detail"] == "Only owners can manage members, keys and webhooks."


def test_a_person_of_no_company_is_told_so(world: World) -> None:
    with tenant_scope(world.northwind.id):
        world.charlie.memberships.get().delete()
    answer = world.client(world.charlie).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_company")


def test_an_outsider_finds_nothing_of_ours(world: World) -> None:
    key, _ = world.key()
    client = world.client(world.charlie)
    assert client.get("/api/v1/api-keys").json()["data"] == []
    assert client.post(f"/api/v1/api-keys/{key.public_id}/revoke").status_code == 404
    assert [m["email"] for m in client.get("/api/v1/members").json()["data"]] == ["charlie@northwind.example"]


def test_a_persons_post_needs_the_csrf_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.olive)
    answer = client.post("/api/v1/api-keys", NEW_KEY, content_type="application/json")
    assert answer.status_code == 403


def test_invalid_input_names_the_fields(world: World) -> None:
    answer = world.client(world.olive).post(
        "/api/v1/api-keys", {"name": "", "scopes": ["decide"]}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert {e["field"] for e in answer.json()["errors"]} == {"name", "scopes.0"}


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"a":' * 100_000])
def test_an_unreadable_body_is_400(world: World, body: str) -> None:
    answer = world.client(world.olive).post("/api/v1/api-keys", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_an_unknown_address_is_a_problem_too() -> None:
    answer = Client().get("/api/v1/nothing-here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_secret_is_shown_once_even_on_replay(world: World) -> None:
    client = world.client(world.olive)
    post = {"path": "/api/v1/api-keys", "data": NEW_KEY, "content_type": "application/json"}
    first = client.post(**post, headers={"Idempotency-Key": "one"})
    again = client.post(**post, headers={"Idempotency-Key": "one"})
    assert first.status_code == 201
    assert first.json()["secret"].startswith("imp_live_")
    assert (again.status_code, again.json()["code"]) == (409, "secret_shown_once")
    with tenant_scope(world.aozora.id):
        assert ApiKey.objects.count() == 1
        assert IdempotentAnswer.objects.get().body is None


def test_the_same_key_for_another_body_is_a_conflict(world: World) -> None:
    client = world.client(world.olive)
    client.post("/api/v1/api-keys", NEW_KEY, content_type="application/json", headers={"Idempotency-Key": "one"})
    other = {**NEW_KEY, "name": "Other"}
    answer = client.post("/api/v1/api-keys", other, content_type="application/json", headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_a_list_goes_on_where_the_last_page_ended(world: World) -> None:
    client = world.client(world.ada)
    seen, cursor = [], ""
    while True:
        page = client.get("/api/v1/audit-events", {"limit": 2, "cursor": cursor}).json()
        seen += [e["seq"] for e in page["data"]]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 1


def test_the_trail_says_whether_it_is_intact(world: World) -> None:
    answer = world.client(world.ada).get("/api/v1/audit-events/verification").json()
    assert answer["intact"]
    assert answer["rows"] > 0


def test_an_error_undoes_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from imprimatur.tenants.errors import Conflict

    def late(*args: object, **facts: object) -> None:
        raise Conflict("too late")

    monkeypatch.setattr("imprimatur.tenants.services.audit.record", late)
    answer = world.client(world.olive).post("/api/v1/api-keys", NEW_KEY, content_type="application/json")
    assert answer.status_code == 409
    with tenant_scope(world.aozora.id):
        assert not ApiKey.objects.exists()


def test_health() -> None:
    assert Client().get("/healthz").json() == {"alive": True}
    assert Client().get("/readyz").json()["ready"]
