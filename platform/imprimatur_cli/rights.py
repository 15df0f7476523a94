"""By what right? The command line asks the same policy as the product, with what its options and a file declare.

A rights file is JSON: {"tenant": ..., "shows_person": ..., "marks": [...], "consents": [...], "trademarks": [...]}.
Each agreement has the fields of `governance.consent.ConsentTerms` or `governance.trademark.TrademarkTerms`, and names
the SHA-256 of the reference file, or the digest of its pixels as agreements of the product do. A file that is one
agreement alone serves too.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from governance.consent import ConsentTerms
from governance.errors import InvalidTerms
from governance.manifests import OutputFacts
from governance.policy import Facts, Permitted, ReferenceFacts, Refusal, Terms, decide
from governance.trademark import TrademarkTerms
from imprimatur_cli.failures import CommandError, RefusedByRights
from imprimatur_cli.stamping import commitment_salt

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

    @property
    def terms(self) -> tuple[ConsentTerms | TrademarkTerms, ...]:
        """Every agreement of the file."""
        return (*self.consents, *self.trademarks)


def declared(
    *,
    own_work: bool,
    file: Path | None,
    person: bool,
    marks: tuple[str, ...],
    inherits: bool = False,
) -> Declared:
    """Options and file together. inherits: every reference is a picture of ours, which brings its rights along.

    Raises CommandError where nothing says by what right, or the file is unreadable.
    """
    if file is None:
        if not (own_work or inherits):
            raise CommandError(
                "say by what right: --own-work if the reference is your own, or --rights FILE with the agreements"
            )
        return Declared(own_work=own_work, shows_person=person, marks=marks)
    try:
        data = _agreements(json.loads(file.read_text()))
        consents = tuple(ConsentTerms.from_json(c) for c in data.get("consents", ()))
        trademarks = tuple(TrademarkTerms.from_json(t) for t in data.get("trademarks", ()))
    except (ValueError, AttributeError, InvalidTerms) as error:
        raise CommandError(f"{file} is no rights file: {error}") from error
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
    """A reference as agreements may name it: SHA-256 (hex) of its file, or `governance.intake.pixel_digest`.

    drawn: what its manifest says, where it is a picture that was drawn and stamped here.
    """

    name: str
    file: str
    pixels: str
    drawn: OutputFacts | None = None

    @property
    def is_own_work(self) -> bool:
        """Drawn here, from own work alone."""
        return self.drawn is not None and self.drawn.own_work


def permitted(claim: Declared, references: Sequence[Named], now: datetime | None = None) -> Permitted:
    """The policy's yes. Raises RefusedByRights, or CommandError where inherited agreements are not shown.

    There are no templates on the command line: whoever types the words answers for them.
    """
    stated = tuple(fact for reference in references for fact in _stated(claim, reference))
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


def _stated(claim: Declared, reference: Named) -> list[ReferenceFacts]:
    """What the policy is told of one reference; of a picture of ours, what it was drawn under as well."""
    if reference.drawn is None:
        return [_own(claim, reference, own_work=claim.own_work)]
    inherited = [_under(terms, reference) for terms in _agreed(claim, reference, reference.drawn)]
    if inherited and not claim.own_work:
        return inherited
    return [*inherited, _own(claim, reference, own_work=claim.own_work or reference.is_own_work)]


def _own(claim: Declared, reference: Named, *, own_work: bool) -> ReferenceFacts:
    return ReferenceFacts(
        digest=_named_digest(claim, reference),
        name=reference.name,
        shows_person=claim.shows_person,
        declared_marks=tuple(dict.fromkeys(claim.marks)),
        own_work=own_work,
    )


def _agreed(claim: Declared, reference: Named, drawn: OutputFacts) -> list[Terms]:
    """The agreements a picture of ours commits to, found in the rights file by this machine's salt.

    Raises CommandError with the ids of those that are not there.
    """
    salt, shown = commitment_salt(), []
    for committed in drawn.consents:
        fitting = [t for t in claim.terms if t.id == committed.id]
        shown += [t for t in fitting if hmac.compare_digest(t.commitment(salt), committed.commitment)]
    lacking = {c.id for c in drawn.consents} - {t.id for t in shown}
    if lacking:
        raise CommandError(
            f"{reference.name} was drawn under agreements {', '.join(sorted(lacking))}: "
            "give --rights FILE with them, they bind what is drawn from it too"
        )
    return shown


def _under(terms: Terms, reference: Named) -> ReferenceFacts:
    """The first reference the agreement names stands for what was drawn from it."""
    return ReferenceFacts(
        digest=min(terms.reference_digests),
        name=reference.name,
        shows_person=isinstance(terms, ConsentTerms) and terms.kind == "likeness",
        declared_marks=(terms.mark,) if isinstance(terms, TrademarkTerms) else (),
    )


def _named_digest(claim: Declared, reference: Named) -> str:
    return reference.pixels if any(t.names(reference.pixels) for t in claim.terms) else reference.file
