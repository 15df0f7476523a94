"""By what right? The command line asks the same policy as the product, with what its options and a file declare.

A rights file is JSON: {"tenant": ..., "shows_person": ..., "marks": [...], "consents": [...], "trademarks": [...]}.
Each agreement has the fields of `governance.consent.ConsentTerms` or `governance.trademark.TrademarkTerms`, and names
the SHA-256 of the reference file, or the digest of its pixels as agreements of the product do. A file that is one
agreement alone serves too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from governance.consent import ConsentTerms
from governance.errors import InvalidTerms
from governance.policy import Facts, Permitted, ReferenceFacts, Refusal, decide
from governance.trademark import TrademarkTerms
from imprimatur_cli.failures import CommandError, RefusedByRights
from imprimatur_cli.sentences import Language, say

LOCAL_TENANT = "local"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is claimed about the references. tenant: to whom the agreements were granted."""

    own_work: bool
    tenant: str = LOCAL_TENANT
    shows_person: bool = False
    marks: tuple[str, ...] = ()
    consents: tuple[ConsentTerms, ...] = ()
    trademarks: tuple[TrademarkTerms, ...] = ()


def declared(
    *, own_work: bool, file: Path | None, person: bool, marks: tuple[str, ...], language: Language
) -> Declared:
    """Options and file together. Raises CommandError where neither says by what right, or the file is unreadable."""
    if file is None:
        if not own_work:
            raise CommandError(say("rights_needed", language))
        return Declared(own_work=True, shows_person=person, marks=marks)
    try:
        data = _agreements(json.loads(file.read_text()))
        consents = tuple(ConsentTerms.from_json(c) for c in data.get("consents", ()))
        trademarks = tuple(TrademarkTerms.from_json(t) for t in data.get("trademarks", ()))
    except (ValueError, AttributeError, InvalidTerms) as error:
        raise CommandError(say("rights_unreadable", language, path=file, text=error)) from error
    grantees = [c.grantee for c in consents] + [t.grantee for t in trademarks]
    return Declared(
        own_work=own_work,
        tenant=str(data.get("tenant") or (grantees[0] if grantees else LOCAL_TENANT)),
        shows_person=person or bool(data.get("shows_person")) or any(c.kind == "likeness" for c in consents),
        marks=(*marks, *data.get("marks", ()), *(t.mark for t in trademarks)),
        consents=consents,
        trademarks=trademarks,
    )


def _agreements(data: dict[str, Any]) -> dict[str, Any]:
    """A lone agreement as a file of one."""
    if "grantee" not in data:
        return data
    return {"trademarks" if "mark" in data else "consents": [data]}


@dataclass(frozen=True)
class Named:
    """A reference as agreements may name it: SHA-256 (hex) of its file, or `governance.intake.pixel_digest`."""

    name: str
    file: str
    pixels: str


def permitted(claim: Declared, references: Sequence[Named], now: datetime | None = None) -> Permitted:
    """The policy's yes. Raises RefusedByRights.

    There are no templates on the command line: whoever types the words answers for them.
    """
    stated = tuple(
        ReferenceFacts(
            digest=_named_digest(claim, reference),
            name=reference.name,
            shows_person=claim.shows_person,
            declared_marks=tuple(dict.fromkeys(claim.marks)),
            own_work=claim.own_work,
        )
        for reference in references
    )
    facts = Facts(
        action="generate",
        tenant_id=claim.tenant,
        references=stated,
        consents=claim.consents,
        trademarks=claim.trademarks,
        template_approved=True,
    )
    decision = decide(facts, now or datetime.now(UTC))
    if isinstance(decision, Refusal):
        raise RefusedByRights(decision)
    return decision


def _named_digest(claim: Declared, reference: Named) -> str:
    terms: tuple[ConsentTerms | TrademarkTerms, ...] = (*claim.consents, *claim.trademarks)
    return reference.pixels if any(t.names(reference.pixels) for t in terms) else reference.file
