"""An owner invites, a stranger comes in by the link, and a forgotten password is replaced: as people do it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from imprimatur.tenants.models import User
from imprimatur.tenants.selectors import memberships_of

from tests.browser.conftest import Visitor
from tests.browser.test_pages import named_by_axe, picture, too_wide
from tests.conftest import PASSWORD
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
CHOSEN = "a phrase that nina made up"


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "paper"), ("ja", 390, "ink")])
def test_an_owner_invites_and_a_stranger_comes_in(
    committed_world: World, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    owner = visit(language, width, theme, bypass_csp=True)
    owner.signs_in("olive@aozora.example", PASSWORD)
    page = owner.goes("/settings")
    page.click("details:has([name=email]) summary")
    page.fill("[name=email]", "nina@aozora.example")
    page.check("[name=roles][value=creator]")
    page.click("form[action*=invitations]:has([name=email]) button[type=submit]")
    link = page.inner_text("#invitation-link")
    problems = [*named_by_axe(page), *too_wide(page)]
    picture(page, f"invited-{language}-{width}")
    stranger = visit(language, width, theme, bypass_csp=True)
    page = stranger.goes(link.removeprefix(stranger.site))
    problems += [*named_by_axe(page), *too_wide(page)]
    picture(page, f"join-{language}-{width}")
    page.fill("[name=name]", "Nina Novak")
    page.fill("[name=password]", CHOSEN)
    page.fill("[name=password_again]", CHOSEN)
    page.click("form:has([name=password_again]) button[type=submit]")
    page.wait_for_url(f"{stranger.site}/")
    picture(page, f"joined-{language}-{width}")
    assert problems == []
    assert [m.roles for m in memberships_of(User.objects.get(email="nina@aozora.example"))] == [["creator"]]
    again = visit(language, width)
    again.signs_in("nina@aozora.example", CHOSEN)


def test_a_member_of_another_company_signs_in_and_accepts(
    committed_world: World, visit: Callable[..., Visitor]
) -> None:
    owner = visit()
    owner.signs_in("olive@aozora.example", PASSWORD)
    page = owner.goes("/settings")
    page.click("details:has([name=email]) summary")
    page.fill("[name=email]", "charlie@northwind.example")
    page.check("[name=roles][value=auditor]")
    page.click("form[action*=invitations]:has([name=email]) button[type=submit]")
    link = page.inner_text("#invitation-link")
    charlie = visit(bypass_csp=True)
    page = charlie.goes(link.removeprefix(charlie.site))
    page.click("a[href*='accounts/login']")
    page.fill("[name=login]", "charlie@northwind.example")
    page.fill("[name=password]", PASSWORD)
    page.click("form[action*=login] button[type=submit]")
    page.wait_for_selector("text=Accept the invitation")
    assert named_by_axe(page) == []
    picture(page, "accept-en-1280")
    page.click("text=Accept the invitation")
    page.wait_for_url(f"{charlie.site}/")
    assert [m.name for m in memberships_of(committed_world.charlie)] == ["Northwind Optics", "Aozora Tea"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_asking_for_a_new_password_is_clean(
    committed_world: World, visit: Callable[..., Visitor], language: str
) -> None:
    forgetful = visit(language, 390, bypass_csp=True)
    page = forgetful.goes("/accounts/login/")
    page.click("a[href*='password/reset']")
    problems = [*named_by_axe(page), *too_wide(page)]
    picture(page, f"forgotten-{language}-390")
    page.fill("[name=email]", "nobody@nowhere.example")
    page.click("form[action*=reset] button[type=submit]")
    page.wait_for_url("**/accounts/password/reset/done/")
    problems += [*named_by_axe(page), *too_wide(page)]
    picture(page, f"forgotten-done-{language}-390")
    page = forgetful.goes("/accounts/password/reset/key/1-nonsense/")
    problems += [*named_by_axe(page), *too_wide(page)]
    picture(page, f"forgotten-link-{language}-390")
    assert problems == []
