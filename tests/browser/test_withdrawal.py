"""Ending a right in a real browser: what it reaches, the typed word, the progress, and pages without the pictures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from imprimatur.generations import orders
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import services
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World
from tests.imprimatur.withdrawal.made import bring_about, shelf, withdrawals

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("seen", [("en", 1280, "paper"), ("ja", 390, "ink")], ids=["wide", "narrow"])
def test_a_right_is_ended_and_its_pictures_go(
    committed_world: World,
    visit: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
    seen: tuple[str, int, str],
) -> None:
    world, (language, width, theme) = committed_world, seen
    monkeypatch.setattr(orders, "forget", lambda *_: True)
    made = shelf(world)
    with tenant_scope(world.aozora.id):
        services.name_recipient(world.actor(world.alice), made.released, name="Studio Kita", email="k@kita.example")
        job = made.pending.generation.public_id
    manager = visit(language, width, theme, bypass_csp=True)
    manager.signs_in("gordon@aozora.example", PASSWORD)
    problems: list[str] = []

    def looks(name: str, path: str, who: Visitor = manager) -> None:
        page = who.goes(path)
        page.wait_for_timeout(300)
        problems.extend(f"{name}: {found}" for found in (*named_by_axe(page), *too_wide(page)))
        picture(page, f"withdrawal-{name}-{language}-{width}")

    record = made.record.public_id
    looks("release-before", f"/releases/{made.released.public_id}")
    looks("impact", f"/rights/{record}/impact")
    page = manager.page
    expect(page.locator("main img")).to_have_count(3)
    word = page.locator("[data-confirm]").get_attribute("data-confirm")
    assert word
    page.fill("#revoke-reason", "Asked for")
    page.fill("#revoke-word", word)
    page.click("[data-confirmed]")
    page.wait_for_url(f"**/rights/{record}")
    expect(page.locator("progress")).to_be_visible()
    bring_about()
    (row,) = withdrawals(world)
    expect(page.locator("progress")).to_have_attribute("value", "100")  # the page noticed by itself
    looks("record", f"/rights/{record}")
    looks("one", f"/rights/withdrawals/{row.public_id}")
    looks("all", "/rights/withdrawals")
    looks("evidence", f"/review/{made.pending.public_id}")
    maker = visit(language, width, theme, bypass_csp=True)
    maker.signs_in("alice@aozora.example", PASSWORD)
    for name, path in {
        "review": "/review?show=all",
        "jobs": "/jobs",
        "job": f"/jobs/{job}",
        "library": "/library",
        "released": f"/releases/{made.released.public_id}",
    }.items():
        looks(name, path, maker)
    assert not problems, "\n".join(problems)
