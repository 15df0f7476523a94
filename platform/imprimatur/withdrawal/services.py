"""Writes of people: who was given a released picture."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from imprimatur.audit import services as audit
from imprimatur.releases.models import Release
from imprimatur.releases.selectors import withdrawn_since
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired, Sentence
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal.models import LANGUAGES, Recipient

MAX_NAME = 120


@transaction.atomic
def name_recipient(actor: Actor, release: Release, *, name: str, email: str, language: str = "en") -> Recipient:
    """Write down who was given the released file: they are told should it be withdrawn.

    InvalidInput for a name or an address that is none; Conflict where they are named already, or the picture is gone.
    """
    actor.require(Permission.RELEASE)
    if actor.user is None:
        raise PersonRequired
    clean, address = " ".join(unicodedata.normalize("NFKC", name).split()), email.strip().lower()
    _check(clean, address, language)
    if withdrawn_since(release) is not None:
        raise Conflict(_("This picture has been withdrawn already."), "already_withdrawn")
    if Recipient.objects.filter(release=release, email=address).exists():
        raise Conflict(_("This address is on the list already."), "recipient_exists")
    row = Recipient(
        tenant_id=actor.tenant_id,
        release=release,
        name=clean,
        email=address,
        language=language,
        named_by=actor.user,
    )
    row.save(force_insert=True)
    audit.record(actor.tenant_id, actor.label, "release.recipient_named", release.public_id, {"id": row.public_id})
    return row


def _check(name: str, email: str, language: str) -> None:
    if not name or len(name) > MAX_NAME:
        raise _invalid("name", _("Give it a name of at most 120 characters."))
    try:
        validate_email(email)
    except ValidationError as error:
        raise _invalid("email", _("Enter an e-mail address, such as name@example.com.")) from error
    if language not in dict(LANGUAGES):
        raise _invalid("language", _("Choose English or Japanese."))


def _invalid(field: str, message: Sentence) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
