"""A real server over the tests' database, and a real Chromium that complains about everything."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from imprimatur.dashboard.context import THEME_COOKIE
from imprimatur.embedded.database import Addresses
from imprimatur.embedded.postgres import START_SECONDS, free_port
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

PATIENCE = 60_000  # milliseconds: a busy machine is slow, and a page that hangs is still found
ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("IMPRIMATUR_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Playwright keeps an event loop in this thread; the tests' own queries run beside it, never inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def site(django_db_setup: None, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the product, served by a uvicorn of its own, which listens to the database while it lives."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("site") / "uvicorn.log"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "IMPRIMATUR_DATABASE_URL": addresses.app,
        "IMPRIMATUR_SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
    }
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
    command = [sys.executable, "-m", "uvicorn", "imprimatur.asgi:application", "--port", str(port)]
    command += ["--timeout-graceful-shutdown", "1", "--log-level", "warning"]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)
        try:
            _wait_for(f"{address}/healthz", server, log)
            yield address
        finally:
            server.terminate()
            server.wait(START_SECONDS)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=10).close()  # noqa: S310 - our own loopback address
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, once a file: while it lives, its event loop runs in this thread and no other can."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser, once a file."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@dataclass
class Visitor:
    """One person's browser. `complaints` holds everything the console, the network or a script complained about."""

    site: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def goes(self, path: str) -> Page:
        """Open a page and wait until it is quiet."""
        self.page.goto(self.site + path, wait_until="load")
        return self.page

    def signs_in(self, email: str, password: str) -> Page:
        """Through the form, as a person does."""
        self.goes("/accounts/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", password)
        self.page.click("form[action*=login] button[type=submit]")
        self.page.wait_for_url(f"{self.site}/")
        return self.page


@pytest.fixture
def visit(site: str, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make visitors, each with cookies of their own; after the test none of them may have complained."""
    visitors: list[Visitor] = []

    def make(language: str = "en", width: int = 1280, theme: str = "paper", **options: Any) -> Visitor:
        context = chromium.new_context(
            locale={"en": "en-GB", "ja": "ja-JP"}[language],
            timezone_id="Asia/Tokyo",
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            accept_downloads=True,
            **options,
        )
        context.set_default_timeout(PATIENCE)
        chosen = {settings.LANGUAGE_COOKIE_NAME: language, THEME_COOKIE: theme}
        context.add_cookies([{"name": name, "value": value, "url": site} for name, value in chosen.items()])
        visitor = Visitor(site, context, context.new_page())
        _listen(visitor)
        visitors.append(visitor)
        return visitor

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


def _listen(visitor: Visitor) -> None:
    page, complaints = visitor.page, visitor.complaints
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("console", lambda m: _matters(m) and complaints.append(f"{page.url}: {m.text}"))
    page.on("response", lambda r: r.status >= 400 and complaints.append(f"{page.url}: {r.status} {r.url}"))


def _matters(message: ConsoleMessage) -> bool:
    """htmx names a request that was under way when the page was left; that is nobody's mistake."""
    left = message.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))
    return message.type in {"error", "warning"} and not left
