"""Does the worker's account of a picture reach whoever reviews it, and only where it is well formed?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from imprimatur.dashboard.explaining import explained
from imprimatur.generations import explanations, services
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.scope import tenant_scope

from generation.spec import GenerationSpec
from tests.factories import World
from tests.imprimatur.drawn import ACCOUNT as TOLD
from tests.imprimatur.drawn import worked
from tests.imprimatur.generations.asked import ask


def told(world: World, account: dict[str, Any]) -> tuple[Generation, Output]:
    """A picture whose worker gave this account."""
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        assert services.record_report(replace(worked(row), explanation=account))
        return row, Output.objects.get(generation=row)


def test_every_picture_is_asked_for_with_its_account(world: World) -> None:
    (row,) = ask(world)
    assert GenerationSpec.from_json(row.spec).explain


def test_the_account_is_kept_and_told_over_the_api(world: World) -> None:
    row, output = told(world, TOLD)
    assert output.explanation == TOLD
    _, secret = world.key()
    machine = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = machine.get(f"/api/v1/generations/{row.public_id}/explain")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["words"][1] == {"word": "bottle", "inside": 0.7, "outside": 0.1}
    assert body["tokens"] == TOLD["tokens"]
    assert set(body) == {"words", "tokens", "mask_area", "warnings", "scores"}


def test_without_a_picture_or_in_another_company_there_is_nothing_to_explain(world: World) -> None:
    (waiting,) = ask(world)
    row, _ = told(world, TOLD)
    _, secret = world.key()
    ours = Client(headers={"Authorization": f"Bearer {secret}"})
    assert ours.get(f"/api/v1/generations/{waiting.public_id}/explain").status_code == 404
    assert Client().get(f"/api/v1/generations/{row.public_id}/explain").status_code in (401, 403)


def test_an_older_worker_gives_no_account(world: World) -> None:
    row, output = told(world, {})
    assert output.explanation == {}
    assert explanations.of(output)["words"] == []
    with tenant_scope(world.aozora.id):
        assert explained(output).words == []
    assert row.public_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": ["a"]},
        {"inside": [0.05, 7, 0.05, 0.1, 0.1]},
        {"outside": [float("nan")] * 5},
        {"words": [1, 2, 3, 4, 5]},
        {"tokens": [[0.5]]},
        {"tokens": [[[[0.5] * 65]]]},
        {"tokens": [[[[0.5]]]] * 5},
        {"tokens": [[[[2.0]]]]},
        {"inside": None},
    ],
)
def test_what_is_no_account_is_dropped(wrong: dict[str, Any]) -> None:
    assert explanations.checked(TOLD) == TOLD
    assert explanations.checked(TOLD | wrong) == {}


def test_the_review_page_shows_the_words_and_dims_what_did_not_get_in(world: World) -> None:
    _, output = told(world, TOLD)
    with tenant_scope(world.aozora.id):
        shown = explained(output)
    assert [row.inside_bar for row in shown.words][1] == "100.0"
    (veiled,) = shown.veiled
    assert [(cell.x, cell.y, cell.veil) for cell in veiled.cells] == [
        ("0.00", "0.00", "0.85"),
        ("0.00", "50.00", "0.42"),
    ]
    assert shown.fit == "xMidYMid meet"
    page = (
        world.client(world.ravi).get(f"/review/{output.public_id}", headers={"Accept-Language": "en"}).content.decode()
    )
    assert 'id="word-card"' in page
    assert '<th scope="row" class="text-left font-medium" lang="en">bottle</th>' in page
    assert 'aria-keyshortcuts="W"' in page
