"""The demo companies: made by the real services, all or nothing, once; and what their rights light shows."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from imprimatur.audit.selectors import verify
from imprimatur.dashboard.demo import seeding
from imprimatur.dashboard.demo.companies import AOZORA, COMPANIES, NORTHWIND, Company
from imprimatur.dashboard.demo.wordings import WORDINGS
from imprimatur.generations import gate
from imprimatur.library import selectors as library
from imprimatur.prompts import selectors as prompts
from imprimatur.prompts.models import TemplateVersion
from imprimatur.prompts.rendering import render
from imprimatur.rights import selectors as rights
from imprimatur.tenants import selectors as tenants
from imprimatur.tenants.actor import actor_for
from imprimatur.tenants.models import User
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.services import create_api_key
from PIL import Image

from generation.studio import vocabulary
from generation.studio.samples import SAMPLES, sample_png
from generation.studio.world.captions import CLOSINGS, OPENINGS
from governance.policy import Permitted

pytestmark = pytest.mark.django_db
USE = {"channel": "web", "territory": "JP", "purpose": "advertising"}
EXPECTED = {
    "own_work": (True, []),
    "consent": (True, []),
    "ending": (True, ["terms.expiring"]),
    "licence": (True, []),
    "expired": (False, ["terms.expired", "terms.expired_on"]),
    "revoked": (False, ["terms.revoked"]),
    "draft_licence": (False, ["terms.not_active"]),
}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def inside(company: Company) -> Any:
    tenant_id = tenants.tenant_id_of_slug(company.slug)
    assert tenant_id is not None
    return tenant_scope(tenant_id)


def light(company: Company) -> dict[str, tuple[bool, list[str]]]:
    """Each subject's picture, asked about for an advertisement on the web in Japan."""
    version = prompts.approved_versions()[0]
    found = {}
    for reference in library.references():
        question: dict[str, Any] = {"action": "generate", "references": [reference], "version": version, "use": USE}
        answer = gate.decision(None, now=timezone.now(), **question)
        if isinstance(answer, Permitted):
            found[reference.subject.name] = (True, [w.rule_id for w in answer.warnings])
        else:
            found[reference.subject.name] = (False, [r.rule_id for r in answer.reasons])
    return found


def test_it_makes_both_companies_once_and_everybody_signs_in_with_the_demo_password() -> None:
    assert run() == "aozora: made\nnorthwind: made\n"
    assert run() == "aozora: there already\nnorthwind: there already\n"
    for company in COMPANIES:
        with inside(company):
            assert library.references().count() == len(company.subjects)
            assert verify(tenants.tenant().id).intact
        for person in company.people:
            user = User.objects.get(email=f"{person.mailbox}@{company.slug}.example")
            assert user.check_password("correct-horse-battery")
            assert user.language == company.language
            assert [m.roles for m in tenants.memberships_of(user)] == [list(person.roles)]


@pytest.mark.parametrize("company", COMPANIES, ids=lambda c: c.slug)
def test_the_rights_light_shows_what_the_demo_promises(company: Company) -> None:
    seeding.seed(company, "correct-horse-battery")
    with inside(company):
        assert light(company) == {s.name: EXPECTED[s.right] for s in company.subjects}


def test_the_demo_has_one_valid_one_expired_and_one_revoked_consent() -> None:
    run()
    with inside(AOZORA):
        assert sorted(rights.consents().values_list("status", flat=True)) == ["active", "expired", "revoked"]
        assert [licence.status for licence in rights.licences()] == ["active"]
    with inside(NORTHWIND):
        assert [r.title for r in rights.expiring(timezone.now())] == ["ミカ"]
        assert [licence.status for licence in rights.licences()] == ["draft"]


def test_references_are_good_and_templates_approved_by_somebody_else_but_one() -> None:
    seeding.seed(AOZORA, "correct-horse-battery")
    with inside(AOZORA):
        assert {r.quality["verdict"] for r in library.references()} == {"good"}
        approved = list(prompts.approved_versions())
        assert len(approved) == sum(w.approved for w in WORDINGS)
        assert all(v.decided_by != v.author for v in approved)
        reviewer = actor_for(User.objects.get(email="reviewer1@aozora.example"), tenants.tenant().id)
        assert [v.template.name_en for v in prompts.waiting_for(reviewer)] == ["Winter greeting"]


def test_every_template_draws_every_kind_in_words_the_model_was_taught() -> None:
    named = (vocabulary.SCENE_PHRASES, vocabulary.ACCESSORY_PHRASES, vocabulary.POSITION_PHRASES)
    phrases = [*OPENINGS, *CLOSINGS, *(phrase for names in named for phrase in names.values()), "a an"]
    tokens = vocabulary.tokens(vocabulary.KINDS) + vocabulary.tokens(vocabulary.SIZES)
    taught = {word for phrase in phrases for word in phrase.split()} | set(tokens)
    for wording in WORDINGS:
        version = TemplateVersion(text=wording.text, variables=list(wording.variables))
        for place in range(max(len(v["options"]) for v in version.variables)):
            chosen = {v["name"]: v["options"][place % len(v["options"])]["token"] for v in version.variables}
            for kind in vocabulary.tokens(vocabulary.KINDS):
                prompt = render(version, kind, chosen).prompt
                assert set(prompt.replace(",", "").split()) <= taught, prompt


def test_reset_sets_the_old_company_aside_and_deletes_nothing() -> None:
    run()
    old = tenants.tenant_id_of_slug("aozora")
    assert old is not None
    visited = User.objects.get(email="creator@aozora.example")
    visited.set_password("changed by a visitor")
    visited.save()
    owner = User.objects.get(email="owner@aozora.example")
    with tenant_scope(old):
        create_api_key(actor_for(owner, old), "Left by a visitor", ["view"])
    assert not seeding.retire(dataclasses.replace(AOZORA, slug="nobody"))
    assert run("--reset").splitlines()[:2] == ["aozora: set aside", "aozora: made"]
    new = tenants.tenant_id_of_slug("aozora")
    assert new not in (None, old)
    creator = User.objects.get(email="creator@aozora.example")
    assert [m.tenant_id for m in tenants.memberships_of(creator)] == [new]
    assert creator.check_password("correct-horse-battery")
    with tenant_scope(old):
        assert library.references().count() == len(AOZORA.subjects)
        assert not tenants.members().exists()
        assert not tenants.api_keys().filter(revoked_at=None).exists()
        assert verify(old).intact


def test_a_company_is_made_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(seeding, "_write", fails)
    with pytest.raises(RuntimeError):
        run()
    assert tenants.tenant_id_of_slug("aozora") is None


def test_without_a_password_nothing_is_made(settings: Any) -> None:
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="IMPRIMATUR_DEMO_PASSWORD"):
        run()
    assert tenants.tenant_id_of_slug("aozora") is None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.slug)
def test_the_pictures_are_the_ones_the_studio_draws(sample: Any) -> None:
    kept = np.asarray(Image.open(seeding.PICTURES / f"{sample.slug}.png").convert("RGB"), dtype=float)
    drawn = np.asarray(Image.open(io.BytesIO(sample_png(sample))).convert("RGB"), dtype=float)
    assert np.abs(kept - drawn).mean() < 1.0  # another build of the rasteriser may differ at edges
