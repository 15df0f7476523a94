"""Two subjects on the create page: chosen, placed with the mouse and with the keyboard, asked for, reviewed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from imprimatur.generations.models import Generation, Output
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts import services as prompts
from imprimatur.tenants.scope import tenant_scope
from playwright.sync_api import Page, expect

from generation.studio.samples import SAMPLES, sample_png
from tests.browser.artist import takes
from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World
from tests.imprimatur.drawn import another_view

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BY_SLUG = {sample.slug: sample for sample in SAMPLES}
Visit = Callable[..., Visitor]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ja", 390)])
def test_two_subjects_are_chosen_placed_and_reviewed(
    committed_world: World, visit: Visit, language: str, width: int
) -> None:
    world = committed_world
    bottle, side, mug = _stocked(world)
    visitor = visit(language, width, bypass_csp=True)
    visitor.signs_in("alice@aozora.example", PASSWORD)
    page = visitor.goes("/create")
    assert page.locator("[name=reference2]").count() == 0
    _chooses(page, bottle, side, mug)
    _places_with_the_mouse(page)
    _places_with_the_keyboard(page)
    assert named_by_axe(page) == []
    assert too_wide(page) == []
    picture(page, f"create-two-{language}-{width}")
    row = _asks(world, page)
    assert [other["box"] for other in row.spec["others"]] == [{"left": 0.5, "top": 0.1, "right": 1.0, "bottom": 0.9}]
    assert len(row.spec["reference_digests"]) == 2
    assert row.spec["box"]["left"] == pytest.approx(0.1, abs=0.03)
    _reviews(world, visit, row, f"{language}-{width}")


def test_one_subject_is_asked_for_as_before(committed_world: World, visit: Visit) -> None:
    bottle, _, _ = _stocked(committed_world)
    visitor = visit("en", 1280, bypass_csp=True)
    visitor.signs_in("alice@aozora.example", PASSWORD)
    page = visitor.goes("/create")
    page.check(f"[name=reference][value={bottle.public_id}]")
    page.locator("label.choice", has_text="Alone").locator("input").check()
    expect(page.locator("#refine-1")).not_to_have_attribute("open", "")
    assert page.locator("[name=reference2]").count() == 0
    row = _asks(committed_world, page)
    assert (row.spec["others"], row.spec["box"], len(row.spec["reference_digests"])) == ([], None, 1)


def _stocked(world: World) -> tuple[ReferenceImage, ReferenceImage, ReferenceImage]:
    """A bottle with two views, a mug, and templates for one and for two."""
    with tenant_scope(world.aozora.id):
        actor = world.actor(world.alice)
        brand = library.add_brand(actor, "Aozora")
        bottle, mug = (_taken_in(actor, brand, slug) for slug in ("comet-bottle", "wave-mug"))
        for name, shown in (("Alone", "a {subject}"), ("Pair", "a {subject} and a {subject2}")):
            text = f"{shown} on the beach"
            version = prompts.create_template(actor, name_en=name, name_ja=name, text=text)
            prompts.submit(actor, version)
            prompts.approve(world.actor(world.rita), version)
        return bottle, another_view(world, bottle), mug


def _taken_in(actor: Any, brand: Any, slug: str) -> ReferenceImage:
    sample = BY_SLUG[slug]
    subject = library.add_subject(actor, brand, sample.name, "product", sample.individual.kind)
    facts = {"source": "drawing", "shows_person": False, "declared_marks": [], "own_work": True}
    return library.take_in(actor, subject, sample_png(sample), **facts)


def _chooses(page: Page, bottle: ReferenceImage, side: ReferenceImage, mug: ReferenceImage) -> None:
    page.check(f"[name=reference][value={bottle.public_id}]")
    page.locator("label.choice", has_text="Pair").locator("input").check()
    expect(page.locator("[name=reference2]")).to_have_count(3)
    expect(page.locator("button[form=create-form]")).to_have_attribute("aria-disabled", "true")
    page.check(f"[name=reference2][value={bottle.public_id}]")
    expect(page.locator("#create-why")).to_be_visible()
    page.check(f"[name=reference2][value={mug.public_id}]")
    expect(page.locator("#refine-2 summary")).to_contain_text(str(mug.subject))
    page.locator("#refine-1 summary").click()
    page.check(f"#refine-1 [name=views][value={side.public_id}]")


def _places_with_the_mouse(page: Page) -> None:
    board = page.locator("#refine-1 [data-board]")
    board.scroll_into_view_if_needed()
    square = board.bounding_box()
    assert square is not None
    corner = lambda share: (square["x"] + share * square["width"], square["y"] + share * square["height"])  # noqa: E731
    page.mouse.move(*corner(0.1))
    page.mouse.down()
    page.mouse.move(*corner(0.3))
    page.mouse.move(*corner(0.5))
    page.mouse.up()
    expect(page.locator("#refine-1 [data-box]")).to_be_visible()
    assert abs(int(page.input_value("[name=right]")) - 50) <= 2


def _places_with_the_keyboard(page: Page) -> None:
    page.locator("#refine-2 summary").focus()
    page.keyboard.press("Enter")
    page.locator("[name=left2]").focus()
    for value in ("50", "10", "100", "90"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    expect(page.locator("#refine-2 [data-box]")).to_be_visible()


def _asks(world: World, page: Page) -> Generation:
    page.select_option("[name=channel]", "web")
    page.locator("[name=count]").fill("1")
    button = page.locator("button[form=create-form]")
    expect(button).to_contain_text("1")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()
    page.wait_for_url(re.compile(r"/jobs/gen_"))
    with tenant_scope(world.aozora.id):
        return Generation.objects.get()


def _reviews(world: World, visit: Visit, row: Generation, name: str) -> None:
    """Drawn and reported, the picture is shown beside both of its references."""
    with tenant_scope(world.aozora.id):
        takes(row, BY_SLUG["comet-bottle"].individual, "beach").delivers()
        output = Output.objects.get(generation=row)
        references, name_of_last = row.references, str(row.references[-1].subject)
    reviewer = visit("en", 1280, bypass_csp=True)
    reviewer.signs_in("ravi@aozora.example", PASSWORD)
    page = reviewer.goes(f"/review/{output.public_id}")
    for reference in references:
        expect(page.locator(f"#review img[src*='{reference.public_id}']").first).to_be_visible()
    expect(page.locator("h1")).to_contain_text(name_of_last)
    expect(page.locator("dt", has_text="Least like").locator("+ dd")).to_have_text("74 %")
    assert named_by_axe(page) == []
    picture(page, f"review-two-{name}")
