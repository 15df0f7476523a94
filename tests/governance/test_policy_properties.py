"""Never a leak, never a refusal without a reason: the gate against a second, independent statement of the rules.

The oracle below knows nothing of the policy's code; it says in plain conjunctions what must hold.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from governance.consent import ConsentTerms
from governance.policy import Action, Facts, Permitted, ReferenceFacts, Refusal, decide
from governance.scope import STATUSES, Status, Use
from governance.sentences import SENTENCES
from tests.governance.samples import DIGEST, NOW, OTHER, TENANT, consent

CHANNELS = ("internal", "social", "print", "")
TERRITORIES = ("JP", "US", "US-NY", "*", "")
PURPOSES = ("advertising", "editorial", "")


@dataclass(frozen=True)
class Case:
    """One question to the gate, with the moment it is asked at."""

    facts: Facts
    terms: ConsentTerms
    now: datetime


def _mostly(common: Any, *rare: Any) -> st.SearchStrategy[Any]:
    """`common` nine times in ten: a dozen limits that each bite half the time would permit nothing."""
    return st.sampled_from([common] * (9 * len(rare)) + list(rare))


def _places(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return _mostly(frozenset({"*"}), frozenset(), *(frozenset({value}) for value in values), frozenset(values))


@st.composite
def terms_cases(draw: st.DrawFn) -> ConsentTerms:
    minor = draw(_mostly(False, True))
    majority = draw(st.sampled_from([date(2026, 11, 20), date(2026, 12, 1), date(2030, 1, 1)]))
    return consent(
        grantee=draw(_mostly(TENANT, "another tenant")),
        reference_digests=draw(_mostly(frozenset({DIGEST}), frozenset({OTHER}))),
        status=draw(_mostly("active", *STATUSES)),
        valid_from=NOW + timedelta(days=draw(_mostly(-100, -10, 0, 1))),
        channels=draw(_places("social", "print")),
        territories=draw(_places("JP", "US", "US-NY")),
        excluded_territories=draw(_mostly(frozenset(), frozenset({"US-NY"}), frozenset({"JP"}))),
        purposes=draw(_places("advertising", "editorial")),
        prohibited_contexts=draw(_mostly(frozenset(), frozenset({"alcohol"}))),
        paid_media=draw(st.booleans()),
        synthetic_media_permitted=draw(_mostly(True, False)),
        actions=draw(_mostly(frozenset({"generate"}), frozenset({"edit"}))),
        minor=minor,
        capacity="guardian" if minor else "self",
        majority_date=majority if minor else None,
        output_cap=draw(_mostly(None, 1, 5)),
        approval_right=draw(_mostly("none", "per_output", "per_campaign")),
        disclosure_duty=draw(_mostly(False, True)),
        **_ending(draw),
    )


def _ending(draw: st.DrawFn) -> dict[str, Any]:
    """An end, and sometimes time to sell off after it."""
    end = draw(_mostly(None, *(NOW + timedelta(days=d) for d in (2, 40, 400))))
    return {"valid_until": end, "sell_off_days": draw(st.sampled_from([0, 0, 10])) if end else 0}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    terms = draw(terms_cases())
    use = Use(
        channel=draw(_mostly("social", *CHANNELS)),
        territory=draw(_mostly("JP", *TERRITORIES)),
        purpose=draw(_mostly("advertising", *PURPOSES)),
        contexts=draw(_mostly(frozenset(), frozenset({"alcohol"}))),
        paid=draw(_mostly(False, True)),
        disclosed=draw(_mostly(True, False)),
    )
    action: Action = draw(st.sampled_from(["generate", "review", "release", "serve", "serve"]))
    facts = Facts(
        action=action,
        tenant_id=TENANT,
        references=(_reference(draw),),
        consents=(terms,),
        use=use,
        template_approved=draw(_mostly(True, False)),
        output_counts=draw(st.sampled_from([{}, {"cns_1": 0}, {"cns_1": 4}, {"cns_1": 5}])),
        outputs_requested=draw(st.integers(1, 3)),
        review_approved=draw(_mostly(True, False)),
        subject_approvals=draw(st.sampled_from([frozenset(), frozenset({"cns_1"})])),
    )
    return Case(facts, terms, NOW + timedelta(days=draw(_mostly(0, 3, 20, 500))))


def _reference(draw: st.DrawFn) -> ReferenceFacts:
    quarantined = draw(_mostly(False, True))
    return ReferenceFacts(digest=DIGEST, shows_person=True, own_work=draw(st.booleans()), quarantined=quarantined)


def _territory_allowed(terms: ConsentTerms, asked: str) -> bool:
    """Worked out over the smallest places there are, not by comparing codes."""
    places = {"JP": {"JP"}, "US": {"US-NY", "US-CA"}, "US-NY": {"US-NY"}, "*": {"JP", "US-NY", "US-CA", "elsewhere"}}
    allowed = set().union(*(places[t] for t in terms.territories))
    return places[asked] <= allowed - set().union(*(places[t] for t in terms.excluded_territories))


def _in_force(terms: ConsentTerms, facts: Facts, now: datetime) -> bool:
    """Active; or over, and what is out is being sold off."""
    if facts.action == "serve" and terms.sell_off_days and terms.valid_until is not None and now >= terms.valid_until:
        return terms.status in ("active", "expired") and _started(terms, facts, now)
    return terms.status == "active" and _started(terms, facts, now)


def _started(terms: ConsentTerms, facts: Facts, now: datetime) -> bool:
    grace = timedelta(days=terms.sell_off_days if facts.action == "serve" else 0)
    started, ended = terms.valid_from <= now, terms.valid_until is not None and now >= terms.valid_until + grace
    grown_up = (
        terms.minor and terms.majority_date is not None and (now + timedelta(hours=14)).date() >= terms.majority_date
    )
    return started and not ended and not grown_up


def _use_allowed(terms: ConsentTerms, use: Use) -> bool:
    draft = use.channel == "internal"
    said = draft or (use.channel and use.territory and use.purpose)
    channel = draft or use.channel in terms.channels or "*" in terms.channels
    territory = not use.territory or _territory_allowed(terms, use.territory)
    purpose = not use.purpose or use.purpose in terms.purposes or "*" in terms.purposes
    context = not use.contexts & terms.prohibited_contexts
    paid = terms.paid_media or not use.paid
    return bool(said and channel and territory and purpose and context and paid)


def _cap_holds(terms: ConsentTerms, facts: Facts) -> bool:
    if facts.action != "generate" or terms.output_cap is None:
        return True
    count = facts.output_counts.get(terms.id)
    return count is not None and count + facts.outputs_requested <= terms.output_cap


def _stage_allowed(terms: ConsentTerms, facts: Facts) -> bool:
    if facts.action == "generate":
        return facts.template_approved
    if facts.action == "review":
        return True
    approved = terms.approval_right == "none" or terms.id in facts.subject_approvals
    told = facts.use.disclosed or not terms.disclosure_duty
    return facts.review_approved and approved and told and facts.use.channel != "internal"


def oracle(case: Case) -> bool:
    """Whether the picture may be made, seen, released or delivered."""
    terms, facts = case.terms, case.facts
    about_this = terms.grantee == TENANT and DIGEST in terms.reference_digests
    agreed = terms.synthetic_media_permitted and "generate" in terms.actions
    return (
        about_this
        and agreed
        and not facts.references[0].quarantined
        and _in_force(terms, facts, case.now)
        and _use_allowed(terms, facts.use)
        and _cap_holds(terms, facts)
        and _stage_allowed(terms, facts)
    )


@settings(max_examples=1000, deadline=None)
@given(cases())
def test_the_gate_permits_exactly_what_the_rules_allow(case: Case) -> None:
    answer = decide(case.facts, case.now)
    event("permitted" if answer.is_permitted else "refused")
    assert answer.is_permitted is oracle(case)


@settings(max_examples=400, deadline=None)
@given(cases())
def test_every_refusal_names_its_rules_in_two_languages(case: Case) -> None:
    answer = decide(case.facts, case.now)
    if isinstance(answer, Permitted):
        assert answer.terms == (case.terms,)
        return
    assert answer.reasons
    for reason in answer.reasons:
        assert reason.level == "refusal"
        assert reason.sentence_key in SENTENCES
        english, japanese = reason.sentence("en"), reason.sentence("ja")
        assert english and japanese and english != japanese
        assert "{" not in english + japanese
    assert answer.sentence("en") and answer.sentence("ja")


@settings(max_examples=400, deadline=None)
@given(cases(), st.sampled_from([s for s in STATUSES if s not in ("active", "expired")]))
def test_nothing_is_permitted_once_the_consent_falls(case: Case, status: Status) -> None:
    fallen = replace(case.terms, status=status)
    answer = decide(replace(case.facts, consents=(fallen,)), case.now)
    assert isinstance(answer, Refusal)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_a_stranger_record_changes_nothing(case: Case) -> None:
    """Somebody else's consent, or one about another picture, neither helps nor harms."""
    strangers = (
        consent(id="x", grantee="somebody else"),
        consent(id="y", reference_digests=frozenset({"c" * 64}), status="revoked"),
    )
    assert decide(replace(case.facts, consents=(*strangers, case.terms)), case.now) == decide(case.facts, case.now)


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_decision_is_pure(case: Case) -> None:
    assert decide(case.facts, case.now) == decide(case.facts, case.now)
