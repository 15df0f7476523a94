"""The product's whole promise in a browser, in both languages: from sign-in to a file that anybody can check."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from imprimatur.generations.models import Generation
from imprimatur.tenants.scope import tenant_scope
from playwright.sync_api import Page, expect

from generation.studio.samples import SAMPLES, sample_png
from tests.browser.artist import Artist, takes
from tests.browser.conftest import Visitor
from tests.browser.gallery import place_variable
from tests.conftest import PASSWORD
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PERSON = next(sample for sample in SAMPLES if sample.individual.kind == "person")
WORDS = {"en": {"refused": "likeness consent"}, "ja": {"refused": "肖像の同意"}}
Visit = Callable[..., Visitor]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_from_sign_in_to_a_file_anybody_can_check(
    committed_world: World, visit: Visit, language: str, tmp_path: Path
) -> None:
    world = committed_world
    alice, rita, ravi, gordon = (_signed_in(visit, language, name) for name in ("alice", "rita", "ravi", "gordon"))
    _writes_a_template(alice.page, rita.page)
    reference = _uploads_a_person(alice.page, tmp_path)
    _is_refused_without_consent(alice, reference, WORDS[language]["refused"])
    _records_consent(alice, gordon)
    job = _asks_for_one_picture(alice, reference)
    _watches_it_being_drawn(world, alice.page)
    output = _decides(rita, "a")
    assert _decides(ravi, "p") == output
    file = _releases_and_downloads(alice.page, tmp_path)
    _checks(visit(language).goes("/verify"), file, "genuine")
    _checks(visit(language).goes("/verify"), _scratched(file), "changed")
    assert job


def _signed_in(visit: Visit, language: str, name: str) -> Visitor:
    visitor = visit(language)
    visitor.signs_in(f"{name}@aozora.example", PASSWORD)
    return visitor


def _writes_a_template(author: Page, approver: Page) -> None:
    author.click("a[href='/templates']")
    author.click("a[href='/templates/new']")
    author.fill("[name=name_en]", "Out and about")
    author.fill("[name=name_ja]", "おでかけ")
    author.fill("[name=text]", "a {subject} {place}")
    _fills_the_choice(author)
    expect(author.locator("#prompt-preview")).to_have_text("a bottle on the beach")
    author.click("main form button[type=submit]")
    author.click("form[action$='/1/submit'] button")
    path = author.url.partition("/templates/")[2]
    approver.click("a[href='/templates']")
    approver.click(f"a[href='/templates/{path}']")
    approver.click("form[action$='/1/approve'] button")
    expect(approver.locator("main .chip.tone-success")).to_be_visible()


def _fills_the_choice(author: Page) -> None:
    place = place_variable()
    author.click("[data-add-variable]")
    author.fill("[data-field=name]", place["name"])
    author.locator("[data-variable] > .grid [data-field=en]").first.fill(place["label"]["en"])
    author.locator("[data-variable] > .grid [data-field=ja]").first.fill(place["label"]["ja"])
    option = author.locator("[data-option]")
    option.locator("[data-field=token]").fill(place["options"][0]["token"])
    option.locator("[data-field=en]").fill(place["options"][0]["label"]["en"])
    option.locator("[data-field=ja]").fill(place["options"][0]["label"]["ja"])


def _uploads_a_person(page: Page, folder: Path) -> str:
    photo = folder / "person.png"
    photo.write_bytes(sample_png(PERSON))
    page.click("a[href='/references']")
    page.click("main a[href='/references/new']")
    page.click("main a[href='/subjects/new']")
    page.check("[name=kind][value=person]")
    page.fill("[name=name]", "Mika")
    page.fill("[name=brand]", "Aozora")
    page.fill("[name=word]", "person")
    page.click("main form button[type=submit]")
    page.set_input_files("[name=file]", photo)
    expect(page.locator("[data-preview]")).to_be_visible()
    page.select_option("[name=source]", "drawing")
    page.check("[name=own_work]")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"/references/ref_"))
    expect(page.locator("#coach-title")).to_be_visible()
    return page.url.rpartition("/")[2]


def _is_refused_without_consent(visitor: Visitor, reference: str, because: str) -> None:
    """Red light with its sentence; the button says why, and does nothing."""
    page = visitor.goes("/create")
    page.check(f"[name=reference][value={reference}]")
    page.check("[name=version]")
    page.check("[name=var_place]")
    page.select_option("[name=channel]", "web")
    expect(page.locator("#check .notice.tone-error").first).to_contain_text(because)
    button = page.locator("button[form=create-form]")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#create-why")).to_contain_text(because)
    assert because in (button.get_attribute("title") or "")
    button.click(force=True)
    assert page.url.endswith("/create")


def _records_consent(drafter: Visitor, manager: Visitor) -> None:
    page = drafter.goes("/rights/new")
    page.fill("[name=title]", "Likeness of Mika")
    page.locator("[name=references]").check()
    for name, value in (("channels", "web"), ("purposes", "advertising")):
        page.check(f"[name={name}][value={value}]")
    page.check("[name=synthetic_media_permitted]")
    page.set_input_files("[name=evidence]", {"name": "mika.txt", "mimeType": "text/plain", "buffer": b"Signed: Mika"})
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"/rights/cns_"))
    page = manager.goes(page.url.removeprefix(drafter.site))
    page.click("form[action$='/verify'] button")
    expect(page.locator("h1 .chip.tone-success")).to_be_visible()


def _asks_for_one_picture(visitor: Visitor, reference: str) -> str:
    page = visitor.goes("/create")
    page.check(f"[name=reference][value={reference}]")
    page.check("[name=version]")
    page.check("[name=var_place]")
    page.select_option("[name=channel]", "web")
    page.locator("[name=count]").fill("1")
    button = page.locator("button[form=create-form]")
    expect(button).to_contain_text("1")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()
    page.wait_for_url(re.compile(r"/jobs/gen_"))
    return page.url


def _watches_it_being_drawn(world: World, page: Page) -> None:
    """The page hears of every step without being asked to load again."""
    job = page.locator("#job")
    expect(job).to_have_attribute("data-state", "queued")
    page.evaluate("window.untouched = true")
    artist = _artist(world)
    artist.says("accepted")
    expect(job).to_have_attribute("data-state", "preparing")
    artist.says("drawing", 5)
    expect(page.locator("#job progress")).to_have_attribute("value", "5")
    expect(page).to_have_title(re.compile("%"))
    artist.says("stamping", 25)
    expect(job).to_have_attribute("data-state", "stamping")
    artist.delivers()
    expect(job).to_have_attribute("data-state", "ready")
    expect(page.locator("#job img")).to_be_visible()
    expect(page.locator("#job-spoken")).not_to_be_empty()
    assert page.evaluate("window.untouched")


def _artist(world: World) -> Artist:
    with tenant_scope(world.aozora.id):
        return takes(Generation.objects.get(), PERSON.individual, "beach")


def _decides(reviewer: Visitor, key: str) -> str:
    """Approve by a key, from the queue."""
    page = reviewer.goes("/review")
    page.click("main a[href^='/review/out_']")
    page.wait_for_url(re.compile(r"/review/out_"))
    output = page.url.rpartition("/")[2]
    page.locator("#comment-text").focus()
    page.keyboard.type(key)  # in a field a key is a letter
    page.locator("#comment-text").fill("")
    page.locator("h1").click()
    page.keyboard.press(key)
    page.wait_for_url(re.compile(r"undo=rev_"))
    expect(page.locator("[data-undo]").first).to_be_visible()
    return output


def _releases_and_downloads(page: Page, folder: Path) -> Path:
    page.click("a[href='/library']")
    page.click("main a[href^='/library/release/']")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"/releases/rel_"))
    with page.expect_download() as download:
        page.click("main a[download]")
    file = folder / "released.png"
    download.value.save_as(file)
    return file


def _checks(page: Page, file: Path, verdict: str) -> None:
    page.set_input_files("[name=file]", file)
    page.click("main form button[type=submit]")
    expect(page.locator(f"[data-verdict={verdict}]")).to_be_visible()


def _scratched(file: Path) -> Path:
    """The same file with one byte of its pixels changed."""
    data = bytearray(file.read_bytes())
    at = data.rindex(b"IDAT") + 40
    data[at] ^= 0xFF
    other = file.with_name("scratched.png")
    other.write_bytes(data)
    return other
