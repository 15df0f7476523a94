"""What an option puts the subject beside is told at every edge, and asked of every consent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from imprimatur.generations import services as generations
from imprimatur.prompts import services
from imprimatur.prompts.models import PromptTemplate, TemplateVersion
from imprimatur.tenants.errors import RightsRefused
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE
from tests.imprimatur.generations.asked import likeness

pytestmark = pytest.mark.django_db
PLACE = {
    "name": "place",
    "label": {"en": "Place", "ja": "場所"},
    "options": [
        {"token": "on the beach", "label": {"en": "On the beach", "ja": "浜辺"}, "contexts": []},
        {"token": "in a bar", "label": {"en": "In a bar", "ja": "バー"}, "contexts": ["alcohol", "tobacco"]},
    ],
}
WORDING = {"text": "a {subject} {place}", "variables": [PLACE]}


def tags(version: TemplateVersion) -> list[list[str]]:
    return [option.get("contexts", []) for option in version.variables[0]["options"]]


def written(world: World) -> TemplateVersion:
    with tenant_scope(world.aozora.id):
        return TemplateVersion.objects.select_related("template").order_by("-created_at").first()  # type: ignore[return-value]


def test_the_api_takes_and_tells_them(world: World) -> None:
    alice = world.client(world.alice)
    made = alice.post("/api/v1/templates", {"name_en": "Bar", **WORDING}, content_type="application/json")
    assert made.status_code == 201, made.content
    told = made.json()["versions"][0]["variables"][0]["options"]
    assert [option["contexts"] for option in told] == [[], ["alcohol", "tobacco"]]
    assert tags(written(world)) == [[], ["alcohol", "tobacco"]]
    wrong = json.loads(json.dumps(WORDING))
    wrong["variables"][0]["options"][0]["contexts"] = ["sunshine"]
    refused = alice.post("/api/v1/templates", {"name_en": "X", **wrong}, content_type="application/json")
    assert refused.status_code == 422


def test_pages_write_and_show_them(world: World) -> None:
    alice = world.client(world.alice)
    said = {"name_en": "Bar", "text": WORDING["text"], "variables": json.dumps(WORDING["variables"])}
    assert alice.post("/templates/new", said).status_code == 302
    version = written(world)
    assert tags(version) == [[], ["alcohol", "tobacco"]]
    page = alice.get(f"/templates/{version.template.public_id}").content.decode()
    assert "Puts the subject beside:" in page and "Alcohol" in page and "Tobacco" in page
    editor = alice.get(f"/templates/{version.template.public_id}/new").content.decode()
    assert 'value="alcohol" data-context' in editor
    assert "&quot;contexts&quot;: [&quot;alcohol&quot;, &quot;tobacco&quot;]" in editor


def test_an_option_beside_what_a_consent_forbids_is_refused(world: World) -> None:
    reference, _record = likeness(world, prohibited_contexts=frozenset({"tobacco"}))
    version = approved(world)
    with tenant_scope(world.aozora.id):
        asked: dict[str, Any] = {"reference": reference, "version": version, "use": USE}
        assert generations.submit(world.actor(world.alice), variables={"place": "on the beach"}, **asked)
        with pytest.raises(RightsRefused) as refused:
            generations.submit(world.actor(world.alice), variables={"place": "in a bar"}, **asked)
    assert [reason["rule_id"] for reason in refused.value.reasons] == ["consent.context"]


def approved(world: World) -> TemplateVersion:
    with tenant_scope(world.aozora.id):
        version = services.create_template(world.actor(world.alice), name_en="Bar", **WORDING)  # type: ignore[arg-type]
        services.submit(world.actor(world.alice), version)
        return services.approve(world.actor(world.rita), version)


def test_a_rejection_says_why_on_the_page(world: World) -> None:
    with tenant_scope(world.aozora.id):
        version = services.create_template(world.actor(world.alice), name_en="Bar", **WORDING)  # type: ignore[arg-type]
        services.submit(world.actor(world.alice), version)
    address = f"/templates/{version.template.public_id}"
    rita = world.client(world.rita)
    assert 'name="note"' in rita.get(address).content.decode()
    assert rita.post(f"{address}/1/reject", {"note": "No bars, please."}).status_code == 302
    assert "No bars, please." in world.client(world.alice).get(address).content.decode()
    with tenant_scope(world.aozora.id):
        assert PromptTemplate.objects.get(pk=version.template_id).versions.get().status == "rejected"
