"""Who may not verify a record? Whoever drafted it, brought its evidence, or gave the address behind it.

The trail says who did: a key stands for the person who made it.
"""

from __future__ import annotations

import json

from django.utils.translation import gettext_lazy as _

from imprimatur.audit.selectors import events
from imprimatur.rights.models import ConsentRecord, RightRecord
from imprimatur.tenants.errors import NotPermitted
from imprimatur.tenants.models import ApiKey, User


def require_other(person: User, record: RightRecord) -> None:
    """NotPermitted, with the sentence that is the button's tooltip, where the person would verify their own doing."""
    if person.pk == record.created_by_id:
        raise NotPermitted(_("You drafted this record; another rights manager has to verify it."), code="own_record")
    if record.sealed_contact and _gave_an_address(person, record):
        message = _("You gave the address behind this record; another rights manager has to verify it.")
        raise NotPermitted(message, code="own_address")
    if record.evidence_sha256 and not record.evidence_seal and _did_last(person, record, "evidence_attached"):
        raise NotPermitted(_("You added this document; another rights manager has to verify it."), code="own_evidence")


def _gave_an_address(person: User, record: RightRecord) -> bool:
    """Whether the person gave the present address, or any that the record has had since it last went out by link.

    A signature that came back from one's own address stays one's own, whoever corrects the address afterwards.
    """
    noun = _noun(record)
    trail = events(record.tenant_id, subject=record.public_id)
    went_out = trail.filter(event=f"{noun}.link_sent").first()
    for event in trail.filter(event__in=[f"{noun}.contact_changed", f"{noun}.drafted"]):
        if is_of(person, json.loads(event.payload).get("proposed_by", event.actor)):
            return True
        if went_out is None or event.seq < went_out.seq:
            return False
    return False


def _did_last(person: User, record: RightRecord, verb: str) -> bool:
    """Whether the person did so the last time; what was never changed came with the draft."""
    noun = _noun(record)
    done = events(record.tenant_id, subject=record.public_id).filter(event__in=[f"{noun}.{verb}", f"{noun}.drafted"])
    newest = done.first()
    return newest is not None and is_of(person, newest.actor)


def is_of(person: User, label: str) -> bool:
    """Whether `Actor.label` names the person or one of their keys."""
    kind, _colon, named = label.partition(":")
    if kind == "key":
        return ApiKey.objects.filter(pk=named, created_by=person).exists()
    return kind == "user" and named == str(person.pk)


def _noun(record: RightRecord) -> str:
    return "consent" if isinstance(record, ConsentRecord) else "trademark_licence"
