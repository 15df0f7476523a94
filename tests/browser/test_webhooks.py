"""An owner adds an address, tries it, and goes on after trouble: with a real receiver, as people do it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.leader import Teller
from imprimatur.webhooks.models import Endpoint
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World
from tests.imprimatur.webhooks.receiver import Receiver, is_signed, receiver

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def vouched() -> Iterator[None]:
    """Whoever runs this server vouches for the loopback, in the server's process, too."""
    os.environ[PRIVATE] = "localhost"
    yield
    del os.environ[PRIVATE]


@pytest.fixture
def place() -> Iterator[Receiver]:
    with receiver() as place:
        yield place


@pytest.fixture
def teller(committed_world: World) -> Iterator[Teller]:
    teller = Teller()
    teller.start()
    yield teller
    teller.stop()
    teller.join(60)
    assert not teller.is_alive()


@pytest.fixture(params=[("en", 1280, "paper"), ("ja", 390, "ink")], ids=lambda seen: f"{seen[0]}-{seen[1]}")
def owner(committed_world: World, visit: Callable[..., Visitor], request: pytest.FixtureRequest) -> Visitor:
    """Olive, signed in."""
    visitor = visit(*request.param, bypass_csp=True)
    visitor.signs_in("olive@aozora.example", PASSWORD)
    return visitor


@pytest.mark.usefixtures("teller")
def test_an_owner_adds_an_address_tries_it_and_goes_on_after_trouble(
    committed_world: World, owner: Visitor, place: Receiver, request: pytest.FixtureRequest
) -> None:
    seen = request.node.callspec.id
    place.answers = [410]
    page = owner.goes("/settings/webhooks")
    problems = unfit(page, seen)
    page.fill("[name=url]", place.url)
    page.check("[name=scope][value=some]")
    page.check("[name=kinds][value='webhook.*']")
    page.click("form:has([name=url]) button[type=submit]")
    secret = page.inner_text("#webhook-secret")
    problems += looked_at(page, f"webhook-added-{seen}")
    stopped(committed_world)
    page.click("[data-webhook] a")
    problems += looked_at(page, f"webhook-stopped-{seen}")
    page.click("form[action$='/test'] button")
    expect(page.locator("[data-delivery]").first.locator(".tone-success")).to_be_visible()  # by itself
    assert is_signed(*place.got[1], secret)
    page.click("form[action$='/resume'] button")
    page.click("[data-dialog=dialog-remove]")
    problems += looked_at(page, f"webhook-removing-{seen}")
    page.click("#dialog-remove [data-dialog-close]")
    page.click("form[action$='/again'] button")
    expect(page.locator("[data-delivery]").first.locator(".tone-success")).to_be_visible()
    page.click("[data-dialog=dialog-remove]")
    page.click("#dialog-remove button[type=submit]")
    expect(page.locator("[data-webhook]")).to_have_count(0)
    assert problems == []
    assert [told["type"] for told in place.told][:2] == ["webhook.added", "webhook.test"]


def unfit(page: Page, seen: str) -> list[str]:
    """An address that is refused, and nothing chosen."""
    page.fill("[name=url]", "http://hooks.example.com/")
    page.check("[name=scope][value=some]")
    page.click("form:has([name=url]) button[type=submit]")
    assert page.input_value("[name=url]") == "http://hooks.example.com/"
    return looked_at(page, f"webhook-unfit-{seen}")


def stopped(world: World) -> None:
    """Until the receiver's answer has been noted."""
    for _ in range(600):
        with tenant_scope(world.aozora.id):
            if Endpoint.objects.filter(disabled_because="gone").exists():
                return
        time.sleep(0.1)
    pytest.fail("nobody told the receiver")


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it is."""
    picture(page, name)
    return [f"{name}: {found}" for found in (*named_by_axe(page), *too_wide(page))]
