"""Tags of a template's words survive a new version: what is edited as fields loses nothing of what is stored."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from imprimatur.prompts import services
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.scope import tenant_scope

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
BAR = {"token": "in a bar", "label": {"en": "In a bar", "ja": "バー"}, "contexts": ["alcohol"]}


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ja", 390)])
def test_a_new_version_keeps_and_changes_the_tags(
    committed_world: World, visit: Callable[..., Visitor], language: str, width: int
) -> None:
    with tenant_scope(committed_world.aozora.id):
        place = {"name": "place", "label": {"en": "Place", "ja": "場所"}, "options": [BAR]}
        alice = committed_world.actor(committed_world.alice)
        first = services.create_template(alice, name_en="Bar", text="a {subject} {place}", variables=[place])
    visitor = visit(language, width, bypass_csp=True)
    visitor.signs_in("alice@aozora.example", PASSWORD)
    page = visitor.goes(f"/templates/{first.template.public_id}/new")
    assert page.is_checked("[data-context][value=alcohol]")
    page.check("[data-context][value=tobacco]")
    assert [*named_by_axe(page), *too_wide(page)] == []
    picture(page, f"template-tags-{language}-{width}")
    page.click("form button[type=submit].btn-primary")
    page.wait_for_url(f"**/templates/{first.template.public_id}")
    picture(page, f"template-tagged-{language}-{width}")
    with tenant_scope(committed_world.aozora.id):
        newest = TemplateVersion.objects.get(template=first.template, number=2)
    assert newest.variables[0]["options"][0]["contexts"] == ["alcohol", "tobacco"]
