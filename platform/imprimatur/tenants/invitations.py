"""How people come in: an owner names an address and roles, and whoever reads that mailbox accepts by its link.

The token is a signature over the ids of the company and of the invitation, and the number of the link; the row says how
long it holds and whether it was used. Nobody but the invited chooses a password, and no answer tells the inviting side
whether the address has an account already.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from imprimatur.audit import services as audit
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, LinkOver, LinkUnknown
from imprimatur.tenants.mails import send_now
from imprimatur.tenants.models import Invitation, Membership, User
from imprimatur.tenants.pace import require_company_pace
from imprimatur.tenants.permissions import Permission, Role, permissions_of
from imprimatur.tenants.selectors import tenant
from imprimatur.tenants.services import join, known_roles, new_user, valid_address

LIFETIME: Final = timedelta(days=7)
PATH: Final = "/join/"
_SALT: Final = "imprimatur.tenants.invitation"


class Named(NamedTuple):
    """What a token names."""

    tenant_id: uuid.UUID
    invitation_id: uuid.UUID
    number: int


def invite(
    actor: Actor,
    email: str,
    roles: Iterable[Role | str],
    *,
    language: str,
    base_url: str,
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """Mail a link to the address. The invitation and the link, which is shown this once; '' where mails go out,
    because whoever invites does not come in.

    Conflict for a member, or while an invitation of that address is open. The answer is the same whether the address
    has an account or not.
    """
    actor.require(Permission.MANAGE_TENANT)
    person, address, role_values = actor.require_person(), valid_address(email), known_roles(roles)
    if language not in {"en", "ja"}:
        raise InvalidInput(errors=[{"field": "language", "message": _("Choose English or Japanese.")}])
    if Membership.objects.filter(user__email__iexact=address).exists():
        raise Conflict(_("This person is a member already."), code="already_member")
    require_company_pace(actor.tenant_id)
    moment = now or timezone.now()
    with transaction.atomic():
        invitation = _new(
            tenant_id=actor.tenant_id,
            email=address,
            roles=role_values,
            language=language,
            invited_by=person,
            sent_at=moment,
            expires_at=moment + LIFETIME,
        )
        _record(actor.label, invitation, "sent")
        return invitation, _mail(invitation, base_url)


def send_again(
    actor: Actor, invitation: Invitation, base_url: str, now: datetime | None = None
) -> tuple[Invitation, str]:
    """A new link for another seven days, answered as by `invite`; the former one ends."""
    actor.require(Permission.MANAGE_TENANT)
    person, moment = actor.require_person(), now or timezone.now()
    require_company_pace(actor.tenant_id)
    with transaction.atomic():
        row = _open(invitation)
        row.number += 1
        row.invited_by, row.sent_at, row.expires_at = person, moment, moment + LIFETIME
        row.save(update_fields=["number", "invited_by", "sent_at", "expires_at"])
        _record(actor.label, row, "sent_again")
        return row, _mail(row, base_url)


def take_back(actor: Actor, invitation: Invitation, now: datetime | None = None) -> Invitation:
    """End an invitation that nobody has accepted."""
    actor.require(Permission.MANAGE_TENANT)
    actor.require_person()
    with transaction.atomic():
        row = _open(invitation)
        row.taken_back_at = now or timezone.now()
        row.save(update_fields=["taken_back_at"])
        _record(actor.label, row, "taken_back")
    return row


def token_of(invitation: Invitation) -> str:
    """What the newest link ends in."""
    return signing.dumps([invitation.tenant_id.hex, invitation.pk.hex, invitation.number], salt=_SALT)


def named_in(token: str) -> Named:
    """Company, invitation and link behind a token. LinkUnknown for one that we did not sign."""
    try:
        company, invitation, number = signing.loads(token, salt=_SALT)
        return Named(uuid.UUID(company), uuid.UUID(invitation), int(number))
    except (signing.BadSignature, ValueError, TypeError, AttributeError) as error:
        raise LinkUnknown from error


def opened(named: Named, now: datetime, *, lock: bool) -> Invitation:
    """The invitation as long as its link holds. Call inside its company's scope. LinkOver says what to do.

    lock: hold it until the transaction ends, so that two answers at once are one.
    """
    rows = Invitation.objects.select_related("invited_by")
    invitation = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=named.invitation_id).first()
    if invitation is None:
        raise LinkUnknown
    if invitation.accepted_at is not None:
        raise LinkOver(_("This invitation was accepted already. Sign in with your address and password."))
    if invitation.number != named.number:
        raise LinkOver(_("This link was replaced by a newer one. Look for the latest message."))
    if invitation.taken_back_at is not None or not _still_invites(invitation):
        raise LinkOver(_("This invitation was taken back. Ask an owner of the company."))
    if invitation.expires_at <= now:
        raise LinkOver(_("This link has ended. Ask the company for a new one."))
    return invitation


def accept_anew(invitation: Invitation, name: str, password: str, now: datetime) -> User:
    """Whoever holds the link gets an account of the invited address, and is a member.

    Conflict when that address has an account: its holder signs in and accepts.
    """
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise Conflict(_("This address has an account already. Sign in with it to accept."), code="account_exists")
    full_name = " ".join(name.split())
    if not full_name:
        raise InvalidInput(errors=[{"field": "name", "message": _("Type your full name.")}])
    with transaction.atomic():
        user = new_user(invitation.email, password, full_name, translation.get_language() or invitation.language)
        _accept(invitation, user, now)
    return user


def accept_as(invitation: Invitation, user: User, now: datetime) -> Membership:
    """The signed-in person accepts. Conflict for another address than the invited one, and for a member."""
    if user.email.lower() != invitation.email:
        sentence = _("This invitation is for another address than the one you signed in with.")
        raise Conflict(sentence, code="another_address")
    return _accept(invitation, user, now)


def _new(**facts: Any) -> Invitation:
    try:
        with transaction.atomic():
            return Invitation.objects.create(**facts)
    except IntegrityError as present:
        sentence = _("This address is invited already. Send that invitation again, or take it back first.")
        raise Conflict(sentence, code="already_invited") from present


def _accept(invitation: Invitation, user: User, now: datetime) -> Membership:
    membership = join(f"user:{user.id}", invitation.tenant_id, user, list(invitation.roles))
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _record(f"user:{user.id}", invitation, "accepted")
    return membership


def _open(invitation: Invitation) -> Invitation:
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at is not None:
        raise Conflict(_("This invitation was accepted already."), code="invitation_over")
    if row.taken_back_at is not None:
        raise Conflict(_("This invitation was taken back already."), code="invitation_over")
    return row


def _still_invites(invitation: Invitation) -> bool:
    """Like a key, an invitation allows no more than the person who made it may do today."""
    member = Membership.objects.filter(user_id=invitation.invited_by_id, user__is_active=True).first()
    return member is not None and Permission.MANAGE_TENANT in permissions_of(member.roles)


def _record(label: str, invitation: Invitation, what: str) -> None:
    facts = {"roles": invitation.roles, "link": invitation.number}
    audit.record(invitation.tenant_id, label, f"invitation.{what}", invitation.public_id, facts)


def _mail(invitation: Invitation, base_url: str) -> str:
    """Mail the newest link. MailNotTaken undoes the caller's transaction, too."""
    address = base_url.rstrip("/") + PATH + token_of(invitation)
    with translation.override(invitation.language):
        until = f"{timezone.localtime(invitation.expires_at):%Y-%m-%d}"
        facts = {"company": tenant().name, "person": invitation.invited_by, "address": address, "until": until}
        subject = _("%(person)s invites you to %(company)s on Imprimatur") % facts
        text = _(
            "%(person)s invites you to work on pictures with %(company)s. Open this link to accept:\n\n%(address)s\n\n"
            "The link is for you alone, works once and holds until %(until)s. If you do not know the company, do "
            "nothing."
        )
        send_now(subject, text % facts, invitation.email)
    return address if settings.LINKS_ARE_SHOWN else ""
