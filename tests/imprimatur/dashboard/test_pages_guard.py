"""Pages let nobody do or see what the services would refuse; they say why in a sentence."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from imprimatur.generations.models import Generation, Output
from imprimatur.releases import services as releases
from imprimatur.review import services as review
from imprimatur.review.models import Decision
from imprimatur.tenants.models import Membership
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, drawn, uploaded

PUBLIC = {"verify"}
LINKED = ("sign", "portal", "join")  # opened by a signed link instead of an account
SAMPLES = {"number": "1", "act": "approve"}


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def every_page() -> list[tuple[str, str]]:
    """(name, path) of every page, with some id where one is needed."""
    found = []
    for pattern in get_resolver("imprimatur.dashboard.urls").url_patterns:
        names = re.findall(r"<\w+:(\w+)>", str(pattern.pattern))
        found.append((pattern.name, reverse(pattern.name, kwargs={n: SAMPLES.get(n, "nothing") for n in names})))
    return found


@pytest.mark.parametrize(("name", "path"), every_page())
def test_a_page_asks_for_sign_in(db: None, name: str, path: str) -> None:
    client = Client()
    answers = {client.get(path).status_code, client.post(path).status_code}
    if name.startswith(LINKED):
        assert answers <= {404, 405} and 404 in answers  # no such link, whoever asks
        return
    assert answers <= ({200} if name in PUBLIC else {302, 401, 405})
    assert name in PUBLIC or answers & {302, 401}


def test_an_outsider_finds_nothing(world: World) -> None:
    output = drawn(world)[0]
    with tenant_scope(world.aozora.id):
        generation = output.generation
        paths = [
            reverse("job", args=[generation.public_id]),
            reverse("job_snapshot", args=[generation.public_id]),
            reverse("review_output", args=[output.public_id]),
            reverse("output_content", args=[output.public_id]),
            reverse("reference", args=[generation.subject_reference.public_id]),
            reverse("reference_content", args=[generation.subject_reference.public_id]),
            reverse("reference_thumbnail", args=[generation.subject_reference.public_id]),
            reverse("template", args=[generation.template_version.template.public_id]),
        ]
    member, outsider = world.client(world.alice), world.client(world.charlie)
    assert {member.get(path).status_code for path in paths} == {200}
    assert {outsider.get(path).status_code for path in paths} == {404}


def test_a_picture_is_kept_by_no_cache_and_runs_nothing(world: World) -> None:
    response = world.client(world.alice).get(reverse("output_content", args=[drawn(world)[0].public_id]))
    assert {"private", "no-store"} <= {part.strip() for part in response["Cache-Control"].split(",")}
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_creator_does_not_decide(world: World) -> None:
    output = drawn(world)[0]
    client = world.client(world.alice)
    page = text_of(client, reverse("review_output", args=[output.public_id]))
    assert "Only reviewers can decide about pictures." in page
    answer = client.post(reverse("review_decide", args=[output.public_id]), {"verdict": "approve"}, follow=True)
    assert "Only reviewers can decide about pictures." in answer.content.decode()
    with tenant_scope(world.aozora.id):
        assert not Decision.objects.exists()


def test_a_reviewer_is_led_to_the_next_picture_with_a_way_back(world: World) -> None:
    first, second = drawn(world, count=2)
    client = world.client(world.ravi)
    answer = client.post(reverse("review_decide", args=[first.public_id]), {"verdict": "approve"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("review_output", args=[second.public_id]) + "?undo=rev_")
    assert "data-undo" in answer.content.decode()


def test_rejecting_needs_a_reason(world: World) -> None:
    output = drawn(world)[0]
    path = reverse("review_decide", args=[output.public_id])
    answer = world.client(world.ravi).post(path, {"verdict": "reject"}, follow=True)
    assert "Choose a reason" in answer.content.decode()


def test_a_red_light_creates_nothing(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference, version = uploaded(world, world.alice, own_work=False), approved_version(world)
    chosen = {"reference": reference.public_id, "version": version.public_id, "var_place": "on the beach", **USE}
    client = world.client(world.alice)
    check = client.get(reverse("create_check"), chosen).content.decode()
    assert 'aria-disabled="true"' in check
    assert "Nobody has said who owns reference" in check
    dials = {"likeness": 80, "scope": 25, "steps": 25, "count": 1}
    answer = client.post(reverse("create"), chosen | dials)
    assert answer.status_code == 200
    assert "Nobody has said who owns reference" in answer.content.decode()
    with tenant_scope(world.aozora.id):
        assert not Generation.objects.exists()


def test_the_button_says_what_it_will_do(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference, version = uploaded(world, world.alice), approved_version(world)
    chosen = {"reference": reference.public_id, "version": version.public_id, "var_place": "on the beach", **USE}
    check = world.client(world.alice).get(reverse("create_check"), chosen | {"count": 3}).content.decode()
    assert "Generate 3 pictures (about " in check
    assert "aria-disabled" not in check


def test_a_withdrawn_picture_is_not_served(world: World) -> None:
    output = drawn(world)[0]
    release = _released(world, output)
    client = world.client(world.alice)
    path = reverse("release_content", args=[release])
    assert client.get(path).status_code == 200
    client.post(reverse("release_withdraw", args=[release]), {"reason": "The campaign ended."})
    assert "withdrawn" in text_of(client, path, 410)
    page = reverse("release", args=[release])
    assert "The campaign ended." not in text_of(client, page)  # it may be what somebody said who took their word back
    assert "The campaign ended." in text_of(world.client(world.olive), page)


def test_a_keys_secret_is_shown_once(world: World) -> None:
    client = world.client(world.olive)
    made = client.post(reverse("key_add"), {"key_name": "Campaign tool", "scopes": [Permission.VIEW]})
    secret = re.search(r"imp_live_\w{16}_[\w-]+", made.content.decode())
    assert secret is not None
    again = text_of(client, reverse("settings"))
    assert "Campaign tool" in again
    assert secret[0] not in again


def test_an_owner_changes_roles_and_takes_people_out(world: World) -> None:
    client = world.client(world.olive)
    with tenant_scope(world.aozora.id):
        ids = {m.user_id: m.public_id for m in Membership.objects.all()}
    answer = client.post(reverse("member_roles", args=[ids[world.ravi.pk]]), {"roles": ["auditor"]}, follow=True)
    assert "Ravi has other roles now." in answer.content.decode()
    answer = client.post(reverse("member_remove", args=[ids[world.ravi.pk]]), follow=True)
    assert "Ravi is no longer a member." in answer.content.decode()
    answer = client.post(reverse("member_remove", args=[ids[world.olive.pk]]), follow=True)
    assert "A company needs at least one owner." in answer.content.decode()
    assert world.client(world.alice).post(reverse("member_remove", args=[ids[world.rita.pk]])).status_code == 403


def test_revoking_needs_the_typed_word(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice)
    client = world.client(world.gordon)
    made = client.post(
        reverse("right_new"),
        {
            "kind": "copyright",
            "title": "Photographer",
            "references": [reference.public_id],
            "channels": ["web"],
            "purposes": ["advertising"],
            "territories": ["JP"],
            "valid_from": "2026-01-01",
            "synthetic_media_permitted": "on",
        },
        follow=True,
    )
    path = made.redirect_chain[-1][0]
    refused = client.post(f"{path}/revoke", {"confirm": "no"}, follow=True)
    assert "type the word to confirm" in refused.content.decode()
    done = client.post(f"{path}/revoke", {"confirm": "revoke", "reason": "Asked for"}, follow=True)
    assert "Revoked for good" in done.content.decode()


def test_error_pages_name_the_request(world: World) -> None:
    client = world.client(world.alice)
    response = client.get("/jobs/gen_nothing", headers={"X-Request-ID": "a-request-to-quote"})
    assert response.status_code == 404
    assert "a-request-to-quote" in response.content.decode()


def test_a_page_speaks_the_persons_language(world: World) -> None:
    assert "審査" in text_of(world.client(world.rita), "/")
    assert "Review" in text_of(world.client(world.ravi), "/")


def _released(world: World, output: Output) -> str:
    with tenant_scope(world.aozora.id):
        for reviewer in (world.rita, world.ravi):
            review.decide(world.actor(reviewer), output, "approve")
        return releases.release(world.actor(world.alice), output, USE).public_id
