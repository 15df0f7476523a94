"""Read templates and their versions."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from imprimatur.prompts.models import PromptTemplate, TemplateVersion, VersionStatus
from imprimatur.prompts.services import check_decider
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, NotFound, Sentence
from imprimatur.tenants.ids import MalformedId, decode


def templates() -> QuerySet[PromptTemplate]:
    """The tenant's templates by name, with their versions at hand."""
    return PromptTemplate.objects.prefetch_related("versions")


def get_template(public_id: str) -> PromptTemplate:
    """`tpl_...`; NotFound."""
    found = templates().filter(pk=_uuid(PromptTemplate.PREFIX, public_id)).first()
    if found is None:
        raise NotFound
    return found


def versions(template: PromptTemplate) -> QuerySet[TemplateVersion]:
    """A template's versions, newest first."""
    return _versions().filter(template=template)


def get_version(public_id: str) -> TemplateVersion:
    """`tpv_...`; NotFound."""
    found = _versions().filter(pk=_uuid(TemplateVersion.PREFIX, public_id)).first()
    if found is None:
        raise NotFound
    return found


def get_numbered(template: PromptTemplate, number: int) -> TemplateVersion:
    """Version `number` of a template; NotFound."""
    found = versions(template).filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def newest_approved(template: PromptTemplate) -> TemplateVersion:
    """The template's newest approved version; NotFound where there is none."""
    found = versions(template).filter(status=VersionStatus.APPROVED).first()
    if found is None:
        raise NotFound(_("This template has no approved version yet."), code="no_approved_version")
    return found


def approved_versions() -> QuerySet[TemplateVersion]:
    """What may be generated from: approved versions, by name, the newest of each template first."""
    return _versions().filter(status=VersionStatus.APPROVED).order_by("template__name_en", "-number")


def waiting_for(actor: Actor) -> QuerySet[TemplateVersion]:
    """Submitted versions that this actor did not write."""
    author = actor.user.pk if actor.user else None
    return _versions().filter(status=VersionStatus.SUBMITTED).exclude(author_id=author)


def refusal_to_decide(actor: Actor, version: TemplateVersion) -> Sentence:
    """Why this actor may not approve or reject; '' when nothing stands in the way."""
    try:
        check_decider(actor, version)
    except DomainError as error:
        return error.message
    return ""


def _versions() -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.select_related("template", "author", "decided_by")


def _uuid(prefix: str, public_id: str) -> uuid.UUID:
    try:
        return decode(prefix, public_id)
    except MalformedId as malformed:
        raise NotFound from malformed
