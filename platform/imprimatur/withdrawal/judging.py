"""Does a right still cover it? The policy's answer, asked once for each kind of question and not for each picture."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from governance.policy import Action, ConsentTerms, Refusal, TrademarkTerms
from imprimatur.generations import gate
from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.library.taken_back import is_taken_back
from imprimatur.prompts.models import TemplateVersion, VersionStatus
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.tenants.ids import decode

REVOKED: Final = "terms.revoked"
Rules = tuple[str, ...]
Sources = tuple[uuid.UUID, ...]  # ids of references, in the order of the spec
# What a person may still do or say before a picture goes out: no right has fallen away because of it.
FORMALITIES: Final = frozenset(
    {
        "blocklist.mark",
        "blocklist.word",
        "consent.approval_missing",
        "consent.cap",
        "consent.cap_unknown",
        "consent.disclosure",
        "likeness.face_unexplained",
        "mark.undeclared",
        "review.not_approved",
        "template.not_approved",
        "use.channel_missing",
        "use.purpose_missing",
        "use.territory_missing",
    }
)


NO_TEMPLATE: Final = TemplateVersion(status=VersionStatus.APPROVED)  # reviewing asks for none


class Judge:
    """Answers as of `now`, inside one tenant's scope and one transaction. `as_if`: terms to judge by in place of those
    of the record that has their id; what would happen if it were revoked, or narrowed?"""

    def __init__(self, now: datetime, as_if: ConsentTerms | TrademarkTerms | None = None) -> None:
        """Nothing is read yet."""
        self.now, self.as_if = now, as_if
        self._answers: dict[tuple[Any, ...], Rules] = {}
        self._refusals: dict[tuple[Any, ...], Refusal | None] = {}
        self._references: dict[uuid.UUID, ReferenceImage] = {}
        self._versions: dict[uuid.UUID, TemplateVersion] = {}
        self._statuses: dict[str, str] = {}

    def fallen(self, output: Output) -> Rules:
        """The rules by which a finished picture has no right any more; empty while one covers it.

        A picture made under a record that was revoked has none, whatever else covers its reference: its own manifest
        names the record. Otherwise any record that covers its use will do, as at every serving. What is out is judged
        as served, because a record that is over may still let it be sold off.
        """
        generation = output.generation
        if self.relied_revoked(generation):
            return (REVOKED,)
        release = getattr(output, "release", None)
        if release is None:
            return self._review(_sources(generation), generation.use, generation)
        return self._review(_sources(generation), release.use, generation, "serve")

    def fallen_reference(self, reference: ReferenceImage, record: RightRecord) -> Rules:
        """The same of a picture of ours that serves as a reference, kept in the house, under a record it stands on; of
        a photograph, only that its person took their word back."""
        if reference.derived_from_id is None:
            return (REVOKED,) if is_taken_back(reference) else ()
        if self._status(record) == RightStatus.REVOKED:
            return (REVOKED,)
        self._references[reference.pk] = reference
        return self._review((reference.pk,), {}, None)

    def refusal(self, generation: Generation) -> Refusal | None:
        """What the dispatcher would be told about a picture that is not drawn yet; None if it may be."""
        named = frozenset(_named(generation))
        sources = _sources(generation)
        key = (sources, _text(generation.use), _words(generation), named)
        if key not in self._refusals:
            answer = gate.decision(
                None,
                action="generate",
                references=[self._reference(source) for source in sources],
                version=self._version(generation.template_version_id),
                use=generation.use,
                now=self.now,
                already=generation,
                as_if=self.as_if,
            )
            self._refusals[key] = answer if isinstance(answer, Refusal) else None
        return self._refusals[key]

    def relied_revoked(self, generation: Generation) -> bool:
        """Whether a record that the picture's receipt names has been revoked."""
        named = _named(generation)
        self._learn(named)
        return any(self._statuses.get(record) == RightStatus.REVOKED for record in named)

    def _review(
        self, sources: Sources, use: Mapping[str, Any], made: Generation | None, action: Action = "review"
    ) -> Rules:
        """sources: everything it is drawn from. made: the picture's row, whose words are weighed, too; None where no
        template is behind it."""
        key = (action, sources, _text(use), _words(made))
        if key not in self._answers:
            version = self._version(made.template_version_id) if made else NO_TEMPLATE
            answer = gate.decision(
                None,
                action=action,
                references=[self._reference(source) for source in sources],
                version=version,
                use=use,
                now=self.now,
                made=made,
                as_if=self.as_if,
            )
            rules = answer.rule_ids if isinstance(answer, Refusal) else ()
            self._answers[key] = tuple(rule for rule in rules if rule not in FORMALITIES)
        return self._answers[key]

    def _reference(self, reference_id: uuid.UUID) -> ReferenceImage:
        if reference_id not in self._references:
            rows = ReferenceImage.objects.select_related("subject", "derived_from")
            self._references[reference_id] = rows.get(pk=reference_id)
        return self._references[reference_id]

    def _version(self, version_id: uuid.UUID) -> TemplateVersion:
        if version_id not in self._versions:
            self._versions[version_id] = TemplateVersion.objects.get(pk=version_id)
        return self._versions[version_id]

    def _learn(self, named: Iterable[str]) -> None:
        """The statuses of records nobody asked about yet."""
        unknown = [record for record in named if record not in self._statuses]
        for kind in (ConsentRecord, TrademarkLicence):
            ids = [decode(kind.PREFIX, record) for record in unknown if record.startswith(f"{kind.PREFIX}_")]
            rows: Iterable[RightRecord] = kind.objects.filter(pk__in=ids) if ids else ()
            self._statuses.update({row.public_id: self._status(row) for row in rows})

    def _status(self, record: RightRecord) -> str:
        is_meant = self.as_if is not None and self.as_if.id == record.terms["id"]
        return str(self.as_if.status if is_meant and self.as_if else record.status)


def _sources(generation: Generation) -> Sources:
    return tuple(row.reference_id for row in generation.drawn_from.all())


def _named(generation: Generation) -> list[str]:
    return [str(line["record"]) for line in generation.consent_receipt.get("records", ())]


def _words(generation: Generation | None) -> tuple[Any, ...]:
    """What decides about the words: the template's version and what was chosen in it."""
    return (generation.template_version_id, _text(generation.variables)) if generation else ()


def _text(chosen: Mapping[str, Any]) -> str:
    return json.dumps(chosen, sort_keys=True)
