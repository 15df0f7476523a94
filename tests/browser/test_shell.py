"""The frame around every page: menu on a phone, theme, language, signing out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.conftest import PASSWORD
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def phone(committed_world: World, visit: Callable[..., Visitor]) -> Page:
    """Alice on her phone."""
    return visit(width=390).signs_in("alice@aozora.example", PASSWORD)


def test_the_frame_works_on_a_phone(phone: Page) -> None:
    _menu_opens_and_closes(phone)
    _theme_stays(phone)
    _language_changes_everything(phone)
    _signs_out(phone)


def _menu_opens_and_closes(page: Page) -> None:
    rail, opener = page.locator("#rail"), page.locator("[data-rail-open]")
    expect(rail).not_to_be_visible()
    opener.click()
    expect(rail).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(rail).not_to_be_visible()
    expect(opener).to_be_focused()
    opener.click()
    rail.locator("a[href='/jobs']").click()
    expect(page.locator("h1")).to_have_text("Jobs")


def _theme_stays(page: Page) -> None:
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "paper")
    page.click("[data-theme-toggle]")
    expect(root).to_have_attribute("data-theme", "ink")
    page.reload()
    expect(root).to_have_attribute("data-theme", "ink")


def _language_changes_everything(page: Page) -> None:
    page.click("button[name=language][value=ja]")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator("h1")).to_have_text("ジョブ")


def _signs_out(page: Page) -> None:
    page.click("#profile-button")
    page.click("#profile-menu form button")
    expect(page).to_have_url(re.compile(r"/accounts/login/"))
    expect(page.locator("h1")).to_have_text("サインイン")
