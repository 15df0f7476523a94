"""Reviewing by keys: what each does, and when they must do nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.conftest import PASSWORD
from tests.factories import World
from tests.imprimatur.drawn import drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PRESS = "init => document.body.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...init}))"


@pytest.fixture
def page(committed_world: World, visit: Callable[..., Visitor]) -> Page:
    """Ravi in front of the first of two pictures."""
    first, _ = drawn(committed_world, count=2)
    visitor = visit()
    visitor.signs_in("ravi@aozora.example", PASSWORD)
    return visitor.goes(f"/review/{first.public_id}")


def test_keys_look_around_and_never_decide_by_accident(page: Page) -> None:
    address = page.url
    _looks_around(page)
    _does_nothing_while_composing_or_repeating(page)
    _gives_a_reason_by_number(page)
    assert page.url == address
    _can_be_switched_off(page)
    assert page.url == address
    page.reload()
    page.evaluate("localStorage.clear()")
    page.keyboard.press("j")
    page.wait_for_url(lambda url: url != address)
    page.keyboard.press("k")
    page.wait_for_url(address)


def _looks_around(page: Page) -> None:
    stage = page.locator("#stage")
    page.keyboard.down(" ")
    expect(stage).to_have_attribute("data-peek", "")
    page.keyboard.up(" ")
    expect(stage).not_to_have_attribute("data-peek", "")
    page.keyboard.press("c")
    expect(stage).to_have_attribute("data-view", "slider")
    expect(page.locator("[data-key=compare]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("c")
    expect(stage).to_have_attribute("data-view", "side")
    page.keyboard.press("w")
    expect(page.locator("#word-card")).to_be_hidden()
    page.keyboard.press("w")
    expect(page.locator("#word-card")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
    page.keyboard.press("Escape")


def _does_nothing_while_composing_or_repeating(page: Page) -> None:
    for init in (
        {"key": "a", "isComposing": True},
        {"key": "a", "keyCode": 229},
        {"key": "a", "repeat": True},
        {"key": "a", "ctrlKey": True},
    ):
        page.evaluate(PRESS, init)
    page.locator("#comment-text").focus()
    page.keyboard.type("axrjk")
    page.keyboard.press("Enter")
    expect(page.locator("#comment-text")).to_have_value("axrjk\n")
    page.locator("#comment-text").fill("")
    page.locator("h1").click()


def _gives_a_reason_by_number(page: Page) -> None:
    page.keyboard.press("x")
    dialog = page.locator("#dialog-reject")
    expect(dialog).to_be_visible()
    page.keyboard.press("2")
    expect(dialog.locator("[name=reason]").nth(1)).to_be_checked()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def _can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.wait_for_timeout(300)
