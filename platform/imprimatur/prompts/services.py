"""Write, submit, approve and retire prompt templates.

A version is written as a draft, frozen when it is submitted, and approved by somebody who did not write it. The
database refuses both a change after submission and an approval by the author.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imprimatur.audit.services import record as record_event
from imprimatur.prompts.models import PromptTemplate, TemplateVersion, VersionStatus
from imprimatur.prompts.wording import checked, normal
from imprimatur.rights import blocklist
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

MAX_NAME, MAX_NOTE = 120, 300

TRANSITIONS: Final[dict[VersionStatus, frozenset[VersionStatus]]] = {
    VersionStatus.DRAFT: frozenset({VersionStatus.SUBMITTED}),
    VersionStatus.SUBMITTED: frozenset({VersionStatus.APPROVED, VersionStatus.REJECTED}),
    VersionStatus.APPROVED: frozenset({VersionStatus.RETIRED}),
    VersionStatus.REJECTED: frozenset(),
    VersionStatus.RETIRED: frozenset(),
}
Variables = Sequence[Mapping[str, Any]]


def create_template(
    actor: Actor,
    *,
    name_en: str,
    name_ja: str = "",
    text: str,
    variables: Variables = (),
    profile: str = "studio",
) -> TemplateVersion:
    """A new template with its first draft. InvalidInput lists everything that is wrong with the wording."""
    author = _require_author(actor)
    names = {"name_en": normal(name_en), "name_ja": normal(name_ja)}
    if not names["name_en"] or max(map(len, names.values())) > MAX_NAME:
        raise _invalid("name_en", _("Give the template an English name of at most 120 characters."))
    clean_text, clean_variables = checked(text, variables)
    template = PromptTemplate.objects.create(tenant_id=actor.tenant_id, **names)
    content = {"text": clean_text, "variables": clean_variables, "profile": profile}
    return _draft(actor, template, author, content)


def new_version(
    actor: Actor, template: PromptTemplate, text: str, variables: Variables = (), profile: str = ""
) -> TemplateVersion:
    """The next draft of a template. Approved versions stay approved until somebody retires them."""
    author = _require_author(actor)
    clean_text, clean_variables = checked(text, variables)
    # Locked, so that two writers do not take the same number.
    locked = PromptTemplate.objects.select_for_update().get(pk=template.pk)
    newest = TemplateVersion.objects.filter(template=template).first()
    chosen = profile or (newest.profile if newest else "studio")
    content = {"text": clean_text, "variables": clean_variables, "profile": chosen}
    return _draft(actor, locked, author, content)


def edit_draft(actor: Actor, version: TemplateVersion, text: str, variables: Variables = ()) -> TemplateVersion:
    """Change a draft; whoever does so is its author now. Conflict once it was submitted: write a new version."""
    author = _require_author(actor)
    clean_text, clean_variables = checked(text, variables)
    row = _locked(version)
    if row.status != VersionStatus.DRAFT:
        raise Conflict(_("This version was submitted and does not change. Write a new version."), code="not_a_draft")
    row.text, row.variables, row.author = clean_text, clean_variables, author
    row.save(update_fields=["text", "variables", "author"])
    return _recorded(actor, row, "edited")


def submit(actor: Actor, version: TemplateVersion) -> TemplateVersion:
    """Ask for approval; from here on the wording is frozen."""
    _require_author(actor)
    row = _locked(version)
    _refuse_blocked(row)
    return _move(actor, row, VersionStatus.SUBMITTED)


def approve(actor: Actor, version: TemplateVersion) -> TemplateVersion:
    """Let pictures be generated from it. NotPermitted for the author; PersonRequired for a key."""
    return _decide(actor, version, VersionStatus.APPROVED, "")


def reject(actor: Actor, version: TemplateVersion, note: str = "") -> TemplateVersion:
    """Say no, and why. The author may take it back to the desk as a new version."""
    if len(note) > MAX_NOTE:
        raise _invalid("note", _("Keep the note under 300 characters."))
    return _decide(actor, version, VersionStatus.REJECTED, note.strip())


def retire(actor: Actor, version: TemplateVersion) -> TemplateVersion:
    """Take an approved version out of use; pictures made from it stay what they are."""
    actor.require(Permission.APPROVE_TEMPLATE)
    return _move(actor, _locked(version), VersionStatus.RETIRED)


def check_decider(actor: Actor, version: TemplateVersion) -> None:
    """Raise what stands in the way of this actor's approval or rejection; the sentence is the button's tooltip."""
    actor.require(Permission.APPROVE_TEMPLATE)
    person = actor.require_person()
    if person.pk == version.author_id:
        raise NotPermitted(_("You wrote this version; somebody else has to approve it."), code="own_template")


def _decide(actor: Actor, version: TemplateVersion, to: VersionStatus, note: str) -> TemplateVersion:
    row = _locked(version)
    check_decider(actor, row)
    if to == VersionStatus.APPROVED:
        _refuse_blocked(row)
    row.decided_by, row.decided_at, row.decision_note = actor.require_person(), timezone.now(), note
    return _move(actor, row, to)


def _refuse_blocked(version: TemplateVersion) -> None:
    """InvalidInput that names every blocked word of the text and of its options."""
    tokens = [option["token"] for variable in version.variables for option in variable["options"]]
    found = blocklist.hits([version.text, *tokens])
    if found:
        message = _("These words are on the company’s blocklist: %(words)s. Write it without them.")
        raise _invalid("text", message % {"words": ", ".join(found)})


def _draft(actor: Actor, template: PromptTemplate, author: User, content: dict[str, Any]) -> TemplateVersion:
    last = TemplateVersion.objects.filter(template=template).aggregate(last=Max("number"))["last"] or 0
    owner = {"tenant_id": actor.tenant_id, "template": template, "author": author}
    version = TemplateVersion(**owner, number=last + 1, **content)
    version.save(force_insert=True)
    return _recorded(actor, version, "drafted")


def _locked(version: TemplateVersion) -> TemplateVersion:
    rows = TemplateVersion.objects.select_for_update(of=("self",)).select_related("template", "author")
    return rows.get(pk=version.pk)


def _move(actor: Actor, row: TemplateVersion, to: VersionStatus) -> TemplateVersion:
    current = VersionStatus(row.status)
    if to not in TRANSITIONS[current]:
        message = _("This version is “%(status)s”; it cannot become “%(to)s”.")
        words = {"status": current.label, "to": to.label}
        raise Conflict(message % words, code="wrong_status", status_now=str(current))
    row.status = to
    row.save(update_fields=["status", "decided_by", "decided_at", "decision_note"])
    return _recorded(actor, row, str(to))


def _recorded(actor: Actor, version: TemplateVersion, verb: str) -> TemplateVersion:
    payload = {"template": version.template.public_id, "number": version.number}
    record_event(actor.tenant_id, actor.label, f"template.version.{verb}", version.public_id, payload)
    return version


def _require_author(actor: Actor) -> User:
    """A key writes in the name of the person who made it, so that person cannot approve what it wrote."""
    actor.require(Permission.EDIT_TEMPLATE)
    if actor.user is None:
        raise PersonRequired
    return actor.user


def _invalid(field: str, message: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
