"""Does whoever reviews a picture of several references see which of them it looks least like?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from imprimatur.generations import likenesses, services
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.scope import tenant_scope

from gpu_worker.messages import RenderReport
from tests.factories import World
from tests.imprimatur.drawn import worked
from tests.imprimatur.generations.asked import ask, ask_two


def recorded(world: World, row: Generation, told: Any) -> Output:
    """The picture, whose worker told this."""
    with tenant_scope(world.aozora.id):
        assert services.record_report(replace(worked(row), scores={"similarity": 0.7}, likenesses=told))
        return Output.objects.get(generation=row)


def test_the_least_like_comes_first_and_names_its_reference(world: World) -> None:
    (row,) = ask_two(world)
    output = recorded(world, row, [[0.9], [0.5]])
    assert output.likenesses == [[0.9], [0.5]]
    with tenant_scope(world.aozora.id):
        found = likenesses.of(output)
        assert [(f.word, f.view, f.score) for f in found] == [("mug", 1, 0.5), ("bottle", 1, 0.9)]
        assert [f.reference for f in found] == list(reversed(row.references))


def test_the_api_and_the_review_page_tell_it(world: World, client: Client) -> None:
    (row,) = ask_two(world)
    output = recorded(world, row, [[0.9], [0.5]])
    _, secret = world.key()
    machine = Client(headers={"Authorization": f"Bearer {secret}"})
    told = machine.get(f"/api/v1/outputs/{output.public_id}").json()
    assert [(one["word"], one["score"]) for one in told["likenesses"]] == [("mug", 0.5), ("bottle", 0.9)]
    client.force_login(world.ravi)  # reads English
    page = client.get(f"/review/{output.public_id}").content.decode()
    with tenant_scope(world.aozora.id):
        bottle, mug = (reference.subject.name for reference in row.references)
    least, other = page.index(f"Least like: {mug}"), page.index(f"Like {bottle}")
    assert least < page.index("50 %", least) < other < page.index("90 %", other)


@pytest.mark.parametrize(
    "told",
    [[], [[0.9]], [[0.9, 0.5]], [[0.9], [0.5], [0.1]], [[0.9], [1.5]], [[0.9], [float("nan")]], [[0.9], ["x"]], 7],
)
def test_what_does_not_belong_to_its_references_is_dropped_and_the_picture_is_kept(world: World, told: Any) -> None:
    (row,) = ask_two(world)
    assert recorded(world, row, told).likenesses == []


def test_a_report_of_an_older_worker_is_read_and_its_picture_shown(world: World, client: Client) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        old = worked(row).to_json()
        del old["likenesses"]
        assert services.record_report(RenderReport.from_json(json.loads(json.dumps(old))))
        output = Output.objects.get(generation=row)
        assert likenesses.of(output) == []
    client.force_login(world.ravi)  # reads English
    page = client.get(f"/review/{output.public_id}")
    assert b"Like" not in page.content
