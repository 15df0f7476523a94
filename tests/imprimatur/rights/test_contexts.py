"""What the words put a person beside counts against their consent, told by the template's tags or by the words."""

from __future__ import annotations

from typing import Any

import pytest
from imprimatur.generations import services as generations
from imprimatur.prompts import services as prompts
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.errors import InvalidInput, RightsRefused
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE
from tests.imprimatur.generations.asked import likeness


def template(world: World, *options: dict[str, Any]) -> TemplateVersion:
    labelled = [{"label": {"en": o["token"], "ja": "場面"}, **o} for o in options]
    variable = {"name": "scene", "label": {"en": "Scene", "ja": "場面"}, "options": labelled}
    alice = world.actor(world.alice)
    text = "a {subject} {scene}"
    version = prompts.create_template(alice, name_en=str(options), text=text, variables=[variable])
    return prompts.approve(world.actor(world.rita), prompts.submit(alice, version))


@pytest.mark.parametrize(
    "option", [{"token": "with a glass of wine"}, {"token": "at the counter", "contexts": ["alcohol"]}]
)
def test_a_forbidden_context_is_told_by_word_and_by_tag(world: World, option: dict[str, Any]) -> None:
    reference, _record = likeness(world, prohibited_contexts=frozenset({"alcohol"}))
    with tenant_scope(world.aozora.id):
        version = template(world, option, {"token": "in the garden"})
        asked = {"reference": reference, "version": version, "use": USE}
        with pytest.raises(RightsRefused) as caught:
            generations.submit(world.actor(world.alice), variables={"scene": option["token"]}, **asked)
        assert [reason["rule_id"] for reason in caught.value.reasons] == ["consent.context"]
        assert generations.submit(world.actor(world.alice), variables={"scene": "in the garden"}, **asked)


def test_an_unknown_tag_is_refused(world: World) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(InvalidInput):
        template(world, {"token": "in the garden", "contexts": ["gardening"]})
