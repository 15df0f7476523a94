"""A shape is painted with the mouse, or uploaded, on the create page; it is what the order names."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from imprimatur.generations.models import Generation
from imprimatur.library import sketches
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.scope import tenant_scope
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World
from tests.imprimatur.drawn import approved_version, uploaded
from tests.imprimatur.library.test_sketches import drawn_shape

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
Visit = Callable[..., Visitor]


@pytest.fixture
def bottle(committed_world: World) -> ReferenceImage:
    """Something to choose, and an approved template."""
    with tenant_scope(committed_world.aozora.id):
        approved_version(committed_world)
        return uploaded(committed_world, committed_world.alice)


def opened(visit: Visit, bottle: ReferenceImage, language: str = "en", width: int = 1280) -> Visitor:
    """The create page with everything chosen but a place."""
    visitor = visit(language, width, bypass_csp=True)
    visitor.signs_in("alice@aozora.example", PASSWORD)
    page = visitor.goes("/create")
    page.check(f"[name=reference][value={bottle.public_id}]")
    page.check("[name=version]")
    page.check("[name=var_place]")
    page.locator("#refine-1 summary").click()
    return visitor


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ja", 390)])
def test_what_is_painted_is_what_the_order_names(
    committed_world: World, visit: Visit, bottle: ReferenceImage, language: str, width: int
) -> None:
    page = opened(visit, bottle, language, width).page
    canvas = page.locator("#refine-1 [data-canvas]")
    canvas.scroll_into_view_if_needed()
    square = canvas.bounding_box()
    assert square is not None
    corner = lambda x, y: (square["x"] + x * square["width"], square["y"] + y * square["height"])  # noqa: E731
    page.mouse.move(*corner(0.25, 0.2))
    page.mouse.down()
    page.mouse.move(*corner(0.25, 0.5))
    page.mouse.move(*corner(0.25, 0.8))
    page.mouse.up()
    expect(page.locator("[name=sketch]")).to_have_value(re.compile(r"^skt_"))
    assert [*named_by_axe(page), *too_wide(page)] == []
    picture(page, f"create-sketch-{language}-{width}")
    row = asks(committed_world, page)
    with tenant_scope(committed_world.aozora.id):
        kept = sketches.by_digest([row.spec["sketch_digest"]])[row.spec["sketch_digest"]]
        white = np.asarray(Image.open(io.BytesIO(sketches.content(kept)[0])))
    assert white[128, 64]
    assert not white[128, 192]
    expect(page.locator(f"img[src*='{kept.public_id}']")).to_be_visible()
    picture(page, f"job-sketch-{language}-{width}")


def test_a_shape_is_uploaded_shown_and_taken_away(committed_world: World, visit: Visit, bottle: ReferenceImage) -> None:
    visitor = opened(visit, bottle)
    page = visitor.page
    files = page.locator("#refine-1 [data-sketch-file]")
    files.set_input_files({"name": "s.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#refine-1 [data-sketch-said]")).not_to_be_empty()
    expect(page.locator("[name=sketch]")).to_have_value("")
    visitor.complaints[:] = [said for said in visitor.complaints if "422" not in said]  # of the refusal
    files.set_input_files({"name": "s.png", "mimeType": "image/png", "buffer": drawn_shape()})
    expect(page.locator("[name=sketch]")).to_have_value(re.compile(r"^skt_"))
    for side, value in (("left", "60"), ("top", "0"), ("right", "100"), ("bottom", "100")):
        page.fill(f"[name={side}]", value)
    expect(page.locator("#create-why")).to_be_visible()  # the rectangle leaves nothing of the shape
    page.click("#refine-1 [data-sketch-clear]")
    expect(page.locator("[name=sketch]")).to_have_value("")
    row = asks(committed_world, page)
    assert (row.spec["sketch_digest"], row.spec["box"]["left"]) == ("", 0.6)


def asks(world: World, page: Page) -> Generation:
    page.select_option("[name=channel]", "web")
    page.locator("[name=count]").fill("1")
    button = page.locator("button[form=create-form]")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()
    page.wait_for_url(re.compile(r"/jobs/gen_"))
    with tenant_scope(world.aozora.id):
        return Generation.objects.get()
