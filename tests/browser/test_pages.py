"""Every page, in both languages and two widths: no complaint, no sideways scrolling, nothing axe would name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from generation.studio.samples import SAMPLES, sample_png
from tests.browser.conftest import Visitor
from tests.browser.gallery import Gallery, build_gallery
from tests.conftest import PASSWORD
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SHOTS = os.environ.get("PAGE_PICTURES", "")  # a folder for pictures of every page, to look at


@pytest.fixture
def gallery(committed_world: World) -> Gallery:
    """A house full of work, committed."""
    return build_gallery(committed_world)


def pages_of(gallery: Gallery) -> dict[str, tuple[str, str]]:
    """name -> (who looks, path)."""
    return {
        "home": ("alice", "/"),
        "home-reviewer": ("ravi", "/"),
        "home-first-steps": ("charlie", "/"),
        "references-empty": ("charlie", "/references"),
        "review-empty": ("charlie", "/review"),
        "references": ("alice", "/references"),
        "reference": ("alice", f"/references/{gallery.bottle.public_id}"),
        "reference-new": ("alice", "/references/new"),
        "subject-new": ("alice", "/subjects/new"),
        "templates": ("alice", "/templates"),
        "template": ("alice", f"/templates/{gallery.version.template.public_id}"),
        "template-submitted": ("ravi", f"/templates/{gallery.draft_version.template.public_id}"),
        "template-new": ("alice", "/templates/new"),
        "version-new": ("alice", f"/templates/{gallery.version.template.public_id}/new"),
        "create-empty": ("alice", "/create"),
        "create": (
            "alice",
            f"/create?reference={gallery.bottle.public_id}&version={gallery.version.public_id}&var_place=on the beach",
        ),
        "create-refused": (
            "alice",
            f"/create?reference={gallery.person.public_id}&version={gallery.version.public_id}&channel=tv",
        ),
        "jobs": ("alice", "/jobs"),
        "job-queued": ("alice", f"/jobs/{gallery.queued.public_id}"),
        "job-drawing": ("alice", f"/jobs/{gallery.drawing.public_id}"),
        "job-failed": ("alice", f"/jobs/{gallery.failed.public_id}"),
        "job-ready": ("alice", f"/jobs/{gallery.approved.generation.public_id}"),
        "review": ("ravi", "/review"),
        "review-all": ("alice", "/review?show=all"),
        "review-output": ("ravi", f"/review/{gallery.pending.public_id}"),
        "library": ("alice", "/library"),
        "release-new": ("alice", f"/library/release/{gallery.approved.public_id}"),
        "release": ("alice", f"/releases/{gallery.release.public_id}"),
        "rights": ("gordon", "/rights"),
        "right": ("gordon", f"/rights/{gallery.consent.public_id}"),
        "right-draft": ("gordon", f"/rights/{gallery.draft_consent.public_id}"),
        "right-licence": ("alice", f"/rights/{gallery.licence.public_id}"),
        "right-new": ("alice", "/rights/new"),
        "right-impact": ("gordon", f"/rights/{gallery.consent.public_id}/impact"),
        "right-narrow": ("gordon", f"/rights/{gallery.consent.public_id}/narrow"),
        "blocked": ("gordon", "/rights/blocklist"),
        "held": ("gordon", "/rights/held"),
        "withdrawals-empty": ("gordon", "/rights/withdrawals"),
        "audit": ("ada", "/audit"),
        "settings": ("olive", "/settings"),
        "settings-member": ("alice", "/settings"),
        "webhooks": ("olive", "/settings/webhooks"),
        "webhooks-empty": ("charlie", "/settings/webhooks"),
        "webhook": ("olive", f"/settings/webhooks/{gallery.webhook.public_id}"),
        "companies": ("alice", "/companies"),
        "password": ("alice", "/accounts/password/change/"),
        "verify": ("", "/verify"),
        "sign-in": ("", "/accounts/login/"),
        "password-reset": ("", "/accounts/password/reset/"),
    }


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("en", 1280, "paper"), ("ja", 390, "paper"), ("ja", 1280, "ink"), ("en", 390, "ink")],
)
def test_every_page_is_clean(
    gallery: Gallery, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    visitors: dict[str, Visitor] = {}
    problems: list[str] = []
    for name, (who, path) in pages_of(gallery).items():
        if who not in visitors:
            visitors[who] = visit(language, width, theme, bypass_csp=True)
            if who:
                visitors[who].signs_in(f"{who}@{'northwind' if who == 'charlie' else 'aozora'}.example", PASSWORD)
        page = visitors[who].goes(path)
        page.wait_for_timeout(300)  # what the page asks for by itself
        problems += [f"{name}: {found}" for found in (*named_by_axe(page), *too_wide(page))]
        picture(page, f"{name}-{language}-{width}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_answers_and_errors_are_clean(gallery: Gallery, visit: Callable[..., Visitor], language: str) -> None:
    anybody = visit(language, bypass_csp=True)
    page = anybody.goes("/verify")
    page.set_input_files("[name=file]", {"name": "a.png", "mimeType": "image/png", "buffer": sample_png(SAMPLES[0])})
    page.click("main form button[type=submit]")
    page.wait_for_selector("[data-verdict=none]")
    assert named_by_axe(page) == []
    picture(page, f"verdict-{language}")
    page = anybody.goes("/no/such/page")
    assert named_by_axe(page) == []
    picture(page, f"not-found-{language}")
    anybody.complaints[:] = [said for said in anybody.complaints if "404" not in said]


def named_by_axe(page: Page) -> list[str]:
    """What axe-core finds on the page, one line each."""
    page.add_script_tag(path=str(AXE))
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """A page must never scroll sideways."""
    width, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [f"{width} pixels wide in a window of {window}"] if width > window else []


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where somebody asked for it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
