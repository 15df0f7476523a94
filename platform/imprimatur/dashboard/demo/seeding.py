"""Make the demo companies, through the same services and rules as everybody's.

The creator uploads and writes, the rights manager verifies and revokes, a reviewer approves what the creator wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.audit.services import record as record_event
from imprimatur.dashboard.demo.companies import Company, DemoSubject
from imprimatur.dashboard.demo.wordings import WORDINGS, Wording
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts import services as prompts
from imprimatur.rights import services as rights
from imprimatur.tenants import selectors, services
from imprimatur.tenants.actor import Actor, actor_for, system_actor
from imprimatur.tenants.models import Membership, Tenant, User
from imprimatur.tenants.scope import tenant_scope

PICTURES = Path(__file__).with_name("pictures")
SERVICE = "filled in by the service"
TERM = timedelta(days=365)
ENDING_SOON = timedelta(days=20)


@dataclass(frozen=True)
class Cast:
    """The people of a company who act while it is set up, and the moment it is set up."""

    creator: Actor
    reviewer: Actor
    rights: Actor
    now: datetime


def seed(company: Company, password: str) -> bool:
    """Make the company, all of it or nothing. False when it is there already."""
    if selectors.tenant_id_of_slug(company.slug) is not None:
        return False
    with transaction.atomic():
        tenant = services.provision_tenant(company.slug, company.name)
        with tenant_scope(tenant.id):
            _furnish(company, _hire(company, tenant, password))
    return True


def retire(company: Company) -> bool:
    """Set the company of that name aside: nobody belongs to it any more, and its name is free. False without one.

    Nothing is deleted: the audit trail and what it tells about stay as they are.
    """
    tenant_id = selectors.tenant_id_of_slug(company.slug)
    if tenant_id is None:
        return False
    with tenant_scope(tenant_id):
        for key in selectors.api_keys().filter(revoked_at=None):
            services.revoke_api_key(system_actor(tenant_id), key)
        Membership.objects.all().delete()  # past the service, which keeps an owner: here nobody shall be left
        tenant = selectors.tenant()
        tenant.slug = f"{company.slug}-{timezone.now():%Y%m%d%H%M%S}"
        tenant.save(update_fields=["slug"])
        record_event(tenant_id, "system", "tenant.retired", "", {"slug": tenant.slug})
    return True


def _hire(company: Company, tenant: Tenant, password: str) -> Cast:
    users = {}
    for person in company.people:
        email = f"{person.mailbox}@{company.slug}.example"
        _renew_password(email, password)
        users[person.mailbox] = services.add_member(
            system_actor(tenant.id), tenant, email, password, person.name, person.roles, company.language
        ).user
    actors = {mailbox: actor_for(users[mailbox], tenant.id) for mailbox in ("creator", "reviewer1", "rights")}
    return Cast(actors["creator"], actors["reviewer1"], actors["rights"], timezone.now())


def _renew_password(email: str, password: str) -> None:
    """After a reset the account is there already; its password is the demo's again."""
    user = User.objects.filter(email=email).first()
    if user is not None and not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])


def _furnish(company: Company, cast: Cast) -> None:
    brand = library.add_brand(cast.creator, company.brand)
    for subject in company.subjects:
        kind = "person" if subject.is_person else "product"
        row = library.add_subject(cast.creator, brand, subject.name, kind, subject.word)
        reference = library.take_in(
            cast.creator,
            row,
            (PICTURES / f"{subject.picture}.png").read_bytes(),
            source="drawing",
            shows_person=subject.is_person,
            declared_marks=[subject.mark] if subject.mark else [],
            own_work=True,
        )
        _settle_rights(company, subject, reference, cast)
    for wording in WORDINGS:
        _write(wording, cast)


def _settle_rights(company: Company, subject: DemoSubject, reference: ReferenceImage, cast: Cast) -> None:
    if subject.right == "own_work":
        return
    if subject.mark:
        _license(company, subject, reference, cast)
    else:
        _consent(subject, reference, cast)


def _license(company: Company, subject: DemoSubject, reference: ReferenceImage, cast: Cast) -> None:
    terms = TrademarkTerms(mark=subject.mark, owner=company.brand, **_agreed(reference, cast.now, cast.now + TERM))
    record = rights.draft_licence(cast.creator, title=f"{subject.mark}: {subject.name}", terms=terms, **_paper(subject))
    if subject.right == "licence":
        rights.verify_record(cast.rights, record)


def _consent(subject: DemoSubject, reference: ReferenceImage, cast: Cast) -> None:
    end = {"expired": -timedelta(days=30), "ending": ENDING_SOON}.get(subject.right, TERM)
    terms = ConsentTerms(
        kind="likeness",
        subject=f"demo-{subject.picture}",
        prohibited_contexts=frozenset({"alcohol", "gambling", "politics"}),
        synthetic_media_permitted=True,
        synthetic_description="Drawn pictures of the person in the scenes of approved templates.",
        output_cap=500,
        **_agreed(reference, cast.now, cast.now + end),
    )
    record = rights.draft_consent(cast.creator, title=subject.name, kind="likeness", terms=terms, **_paper(subject))
    verified = rights.verify_record(cast.rights, record)
    if subject.right == "revoked":
        rights.revoke(cast.rights, verified, "The demo shows what a withdrawn consent does.")


def _agreed(reference: ReferenceImage, now: datetime, end: datetime) -> dict[str, Any]:
    """What consents and licences of the demo share: Japan and the United States, online and in print."""
    return {
        "id": SERVICE,
        "grantee": SERVICE,
        "reference_digests": frozenset({reference.pixel_sha256}),
        "valid_from": now - timedelta(days=90),
        "valid_until": end,
        "channels": frozenset({"web", "ecommerce", "social", "email", "print"}),
        "territories": frozenset({"JP", "US"}),
        "purposes": frozenset({"advertising", "product", "corporate"}),
    }


def _paper(subject: DemoSubject) -> dict[str, Any]:
    """The signed document, which says itself that it is none."""
    text = (
        f"Demonstration document for “{subject.name}”. Nobody signed it: the person, the mark and the company are "
        f"invented.\n「{subject.name}」のデモ用文書です。人物・商標・会社はすべて架空のもので、署名者はいません。\n"
    )
    return {"evidence": text.encode(), "evidence_name": "demonstration.txt"}


def _write(wording: Wording, cast: Cast) -> None:
    version = prompts.create_template(
        cast.creator,
        name_en=wording.name_en,
        name_ja=wording.name_ja,
        text=wording.text,
        variables=wording.variables,
    )
    submitted = prompts.submit(cast.creator, version)
    if wording.approved:
        prompts.approve(cast.reviewer, submitted)
