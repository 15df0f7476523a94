"""What people without an account open by a link, and the pages of rights: both languages, phone and desk, axe clean."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from imprimatur.generations import services as generations
from imprimatur.generations.models import Output, Screening
from imprimatur.rights import blocklist, contact_changes, mails, selectors, services, signing
from imprimatur.rights.models import RightStatus
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World, member
from tests.imprimatur.drawn import drawn, uploaded, worked
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.rights.test_rights import drafter, terms

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
BASE = "https://pictures.example.com"


@pytest.fixture
def paths(committed_world: World) -> dict[str, tuple[str, str]]:
    """name -> (who looks, path): an agreement to sign, a portal with a picture, a blocklist, a held picture."""
    world = committed_world
    contact = Contact(name="Mika", email="mika@example.com", language="en")
    reference, record = likeness(world, contact=contact, approval_right="per_output", output_cap=20)
    rows = ask(world, reference=reference, count=2)
    gordon = world.actor(world.gordon)
    (held,) = drawn(world)
    with tenant_scope(world.aozora.id):
        assert all(generations.record_report(worked(row)) for row in rows)
        portal = signing.send_portal(gordon, record, BASE).removeprefix(BASE)
        photo = uploaded(world, world.alice, shows_person=True)
        agreed = terms(reference_digests=frozenset({photo.pixel_sha256}), approval_right="per_output")
        draft = services.draft_consent(drafter(gordon), title="New", kind="likeness", terms=agreed, contact=contact)
        sign = signing.send_to_sign(gordon, draft, BASE).removeprefix(BASE)
        member(world.aozora, "rei", [Role.RIGHTS_MANAGER], PASSWORD)
        contact_changes.propose(gordon, record, Contact(name="Mika", email="mika@elsewhere.example"), BASE)
        mails.send_due()
        (told,) = [message.body for message in mail.outbox if "/address/object/" in message.body]
        blocklist.add(gordon, "Umbra", "mark", "a competitor")
        Screening.objects.create(
            tenant=world.aozora, output=Output.objects.get(pk=held.pk), findings=[{"code": "unasked_face"}]
        )
    return {
        "sign": ("", sign),
        "portal": ("", portal),
        "address-object": ("", re.search(rf"{BASE}(/address/object/\S+)", told)[1]),  # type: ignore[index]
        "link-over": ("", "/sign/nonsense"),
        "blocklist": ("gordon", "/rights/blocklist"),
        "blocklist-read": ("alice", "/rights/blocklist"),
        "held": ("gordon", "/rights/held"),
        "right-person": ("gordon", f"/rights/{record.public_id}"),
        "right-waiting": ("rei", f"/rights/{record.public_id}"),
        "right-sent": ("gordon", f"/rights/{draft.public_id}"),
        "right-new-consent": ("alice", "/rights/new"),
    }


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("en", 390, "paper"), ("ja", 1280, "ink"), ("ja", 390, "paper")]
)
def test_they_are_clean(
    paths: dict[str, tuple[str, str]], visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    visitors: dict[str, Visitor] = {}
    problems: list[str] = []
    for name, (who, path) in paths.items():
        if who not in visitors:
            visitors[who] = visit(language, width, theme, bypass_csp=True)
            if who:
                visitors[who].signs_in(f"{who}@aozora.example", PASSWORD)
        page = visitors[who].goes(path)
        page.wait_for_timeout(300)
        problems += [f"{name}: {found}" for found in (*named_by_axe(page), *too_wide(page))]
        picture(page, f"{name}-{language}-{width}")
    visitors[""].complaints[:] = [said for said in visitors[""].complaints if "404" not in said]
    assert not problems, "\n".join(problems)


def test_a_person_signs_and_another_approves_on_a_phone(
    committed_world: World, paths: dict[str, tuple[str, str]], visit: Callable[..., Visitor]
) -> None:
    phone = visit("en", 390)
    page = phone.goes(paths["sign"][1])
    page.check("[name=agree]")
    page.fill("[name=name]", "Mika Aoki")
    page.click("text=Sign this agreement")
    page.wait_for_selector("[data-answer=signed]")
    page = phone.goes(paths["portal"][1])
    page.click("text=I approve >> nth=0")
    page.wait_for_selector("text=You approved it.")
    page.fill("#revoke-word", "take back")
    page.click("text=Take it back for good")
    page.wait_for_selector("text=Taken back.")
    with tenant_scope(committed_world.aozora.id):
        statuses = set(selectors.consents().values_list("status", flat=True))
    assert statuses == {RightStatus.SIGNED, RightStatus.REVOKED}
