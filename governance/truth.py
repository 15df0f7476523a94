"""The policy as a table: what each rule needs, and what each situation is answered, asked of the policy itself.

`python -m governance.truth` writes the page `docs/reference/policy.md`; a test compares it, so the page is never older
than the rules.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.consent import ConsentTerms
from governance.policy import ACTIONS, Action, Facts, ReferenceFacts, Refusal, decide
from governance.scope import STATUSES, Use
from governance.sentences import SENTENCES
from governance.trademark import TrademarkTerms

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST, DRAWN = "a" * 64, "b" * 64
TENANT = "tenant"
USE = Use(channel="social", territory="JP", purpose="advertising")
CONSENT = ConsentTerms(
    id="consent",
    kind="likeness",
    grantee=TENANT,
    reference_digests=frozenset({DIGEST}),
    valid_from=NOW - timedelta(days=100),
    valid_until=NOW + timedelta(days=300),
    purposes=frozenset({"advertising"}),
    channels=frozenset({"social"}),
    territories=frozenset({"JP", "US"}),
    excluded_territories=frozenset({"US-NY"}),
    synthetic_media_permitted=True,
    status="active",
)
LICENCE = TrademarkTerms(
    id="licence",
    grantee=TENANT,
    mark="ACME",
    owner="owner",
    reference_digests=frozenset({DIGEST}),
    valid_from=NOW - timedelta(days=100),
    valid_until=None,
    purposes=frozenset({"*"}),
    channels=frozenset({"*"}),
    territories=frozenset({"*"}),
    status="active",
)
PERSON = ReferenceFacts(digest=DIGEST, shows_person=True)
THING = ReferenceFacts(digest=DIGEST, shows_person=False, own_work=True)
MARKED = replace(THING, declared_marks=("ACME",))
FACTS = Facts(
    action="generate",
    tenant_id=TENANT,
    references=(PERSON,),
    consents=(CONSENT,),
    use=USE,
    template_approved=True,
    review_approved=True,
)
YES, NO = "yes", "no"


def cases() -> Iterator[tuple[str, Facts]]:
    """Every situation of the page: one thing differs from the first line, which is permitted throughout."""
    yield "A person, a consent that covers the use, an approved template and picture", FACTS
    yield from _consents()
    yield from _uses()
    yield from _references()
    yield "The template is not approved", replace(FACTS, template_approved=False)
    yield "The picture is not approved by two people", replace(FACTS, review_approved=False)
    yield "A blocked word is used", replace(FACTS, blocklist_hits=("Nike",))
    yield "A declared mark is blocked", replace(FACTS, blocked_marks=("Nike",))


def _consents() -> Iterator[tuple[str, Facts]]:
    yield "No consent", replace(FACTS, consents=())
    for status in STATUSES:
        if status != "active":
            yield f"The consent is {status}", _with(status=status)
    yield "The term has not begun", _with(valid_from=NOW + timedelta(days=1))
    yield "The term is over", _with(valid_until=NOW)
    yield "The term is over, selling off", _with(valid_until=NOW, sell_off_days=10)
    yield "The term is over, marked, selling off", _with(valid_until=NOW, sell_off_days=10, status="expired")
    yield "The term ends soon", _with(valid_until=NOW + timedelta(days=20))
    yield "Granted to another company", _with(grantee="other")
    yield "For another picture", _with(reference_digests=frozenset({DRAWN}))
    yield "Pictures by AI were not agreed to", _with(synthetic_media_permitted=False)
    yield "Generating was not agreed to", _with(actions=frozenset({"edit"}))
    yield "A minor", _with(**_minor(date(2030, 1, 1)))
    yield "A minor who comes of age soon", _with(**_minor(date(2026, 12, 1)))
    yield "A minor who came of age", _with(**_minor(date(2026, 1, 1)))
    yield "A cap with room", replace(_with(output_cap=10), output_counts={"consent": 9})
    yield "A cap that is reached", replace(_with(output_cap=10), output_counts={"consent": 10})
    yield "A cap, and nobody counted", _with(output_cap=10)
    yield "Approval reserved, not given", _with(approval_right="per_output")
    given = frozenset({"consent"})
    yield "Approval reserved, given", replace(_with(approval_right="per_output"), subject_approvals=given)


def _uses() -> Iterator[tuple[str, Facts]]:
    yield "An internal draft", replace(FACTS, use=Use())
    yield "Another channel", _for(channel="tv")
    yield "Another purpose", _for(purpose="editorial")
    yield "Another country", _for(territory="DE")
    yield "A country with an excluded part", _for(territory="US")
    yield "A part that is not excluded", _for(territory="US-CA")
    yield "The excluded part", _for(territory="US-NY")
    yield "The whole world", _for(territory="*")
    yield "No country said", _for(territory="")
    yield "No purpose said", _for(purpose="")
    yield "No channel said", _for(channel="")
    yield "Paid space, not agreed to", _for(paid=True)
    yield "Another language", replace(_with(languages=frozenset({"ja"})), use=replace(USE, language="en"))
    forbidden = _with(prohibited_contexts=frozenset({"alcohol"}))
    yield "A forbidden context", replace(forbidden, use=replace(USE, contexts=frozenset({"alcohol"})))
    bound = _with(disclosure_duty=True)
    yield "A duty to disclose, not met", bound
    yield "A duty to disclose, met", replace(bound, use=replace(USE, disclosed=True))


def _references() -> Iterator[tuple[str, Facts]]:
    yield "No reference", replace(FACTS, references=())
    yield "The company's own thing", _of(THING)
    yield "A thing, and nobody said whose", _of(replace(THING, own_work=False))
    yield "A mark with a licence", replace(_of(MARKED), trademarks=(LICENCE,))
    yield "A mark without a licence", _of(MARKED)
    recoloured = replace(_of(MARKED), trademarks=(LICENCE,), use=replace(USE, treatment="recoloured"))
    yield "A mark shown in a way that was not permitted", recoloured
    yield "A face that nobody explained", _of(replace(THING, face_unexplained=True))
    yield "A registered mark that is not declared", _of(replace(THING, undeclared_marks=("ACME",)))
    yield "A quarantined reference", _of(replace(PERSON, quarantined=True))
    drawn = ReferenceFacts(digest=DRAWN, shows_person=False, declared_marks=("ACME",))
    yield "Drawn from the person's, with a mark beside", replace(FACTS, references=(PERSON, drawn))


def _with(**terms: Any) -> Facts:
    return replace(FACTS, consents=(replace(CONSENT, **terms),))


def _for(**use: Any) -> Facts:
    return replace(FACTS, use=replace(USE, **use))


def _of(reference: ReferenceFacts) -> Facts:
    return replace(FACTS, references=(reference,), consents=())


def _minor(majority: date) -> dict[str, Any]:
    return {"minor": True, "capacity": "guardian", "majority_date": majority}


def answer(facts: Facts, action: Action) -> str:
    """`yes`, `yes, with ...` and the warnings, or `no:` and the rules."""
    found = decide(replace(facts, action=action), NOW)
    if isinstance(found, Refusal):
        return f"{NO}: {', '.join(f'`{rule}`' for rule in found.rule_ids)}"
    warned = ", ".join(f"`{reason.rule_id}`" for reason in found.warnings)
    return f"{YES}, warns {warned}" if warned else YES


def page() -> str:
    """The whole page, as Markdown."""
    rows = ["| " + " | ".join([name, *(answer(facts, action) for action in ACTIONS)]) + " |" for name, facts in cases()]
    sentences = [f"| `{key}` | {english} | {japanese} |" for key, (english, japanese) in sorted(SENTENCES.items())]
    return "\n".join(
        [
            "# What the policy answers",
            "",
            "Written by `python -m governance.truth > docs/reference/policy.md` from the policy itself",
            "(`governance.policy.decide`); a test compares it. In each line one thing differs from the first.",
            "",
            "The same question is asked by page, API, command line and worker: when a picture is taken in, when one is",
            "asked for, sent to a worker, reported, reviewed, released, and each time a released one is served. The",
            "database asks once more by itself before a release and before serving (`releases_rights_hold`).",
            "",
            "| situation | " + " | ".join(ACTIONS) + " |",
            "|---|" + "---|" * len(ACTIONS),
            *rows,
            "",
            "## What people read",
            "",
            "| rule | English | Japanese |",
            "|---|---|---|",
            *sentences,
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(page())
