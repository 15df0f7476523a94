"""The one gate, case by case. `test_policy_properties` asks it everything at once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from governance.policy import ACTIONS, Facts, Permitted, ReferenceFacts, Refusal, decide
from governance.scope import Use
from tests.governance.samples import DIGEST, NOW, OTHER, RELEASE, TENANT, consent, licence, rules

PERSON = ReferenceFacts(digest=DIGEST, shows_person=True, name="Mika, portrait")
THING = ReferenceFacts(digest=DIGEST, shows_person=False)
MARKED = ReferenceFacts(digest=DIGEST, shows_person=False, declared_marks=("acme",))


def facts(**changes: Any) -> Facts:
    """A person's reference under a consent, an approved template and picture."""
    known: dict[str, Any] = {
        "action": "generate",
        "tenant_id": TENANT,
        "references": (PERSON,),
        "consents": (consent(),),
        "use": RELEASE,
        "template_approved": True,
        "review_approved": True,
    }
    return Facts(**known | changes)


def refusal_of(given: Facts) -> Refusal:
    answer = decide(given, NOW)
    assert isinstance(answer, Refusal)
    return answer


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "intake"])
def test_a_covered_use_is_permitted_and_names_what_it_relies_on(action: Any) -> None:
    answer = decide(facts(action=action), NOW)
    assert isinstance(answer, Permitted)
    assert answer.is_permitted
    assert answer.terms == (consent(),)
    assert answer.terms_digests == (consent().digest(),)
    assert answer.warnings == ()


def test_nothing_known_means_no() -> None:
    empty = Facts(action="generate", tenant_id=TENANT, references=())
    assert refusal_of(empty).rule_ids == ("reference.missing", "template.not_approved")
    assert not refusal_of(empty).is_permitted


def test_an_unknown_action_is_refused() -> None:
    assert refusal_of(facts(action="sell")).rule_ids == ("action.unknown",)  # type: ignore[arg-type]


def test_a_template_matters_only_for_new_pictures() -> None:
    assert refusal_of(facts(template_approved=False)).rule_ids == ("template.not_approved",)
    assert decide(facts(action="release", template_approved=False), NOW).is_permitted


def test_blocked_words_are_named() -> None:
    answer = refusal_of(facts(blocklist_hits=("Nike", "Adidas")))
    assert answer.rule_ids == ("blocklist.word",)
    assert "Nike, Adidas" in answer.sentence("en")
    assert "Nike、Adidas" in answer.sentence("ja")


def test_a_person_needs_a_likeness_consent_and_nothing_else_will_do() -> None:
    others = tuple(consent(id=kind, kind=kind) for kind in ("copyright", "property", "trademark"))
    own = replace(PERSON, own_work=True)
    answer = refusal_of(facts(references=(own,), consents=others, trademarks=(licence(),)))
    assert answer.rule_ids == ("likeness.missing",)
    assert "Mika, portrait" in answer.sentence()


def test_a_consent_for_another_picture_does_not_count() -> None:
    assert refusal_of(facts(consents=(consent(reference_digests=frozenset({OTHER})),))).rule_ids == (
        "likeness.missing",
    )


def test_a_consent_given_to_another_tenant_does_not_count() -> None:
    assert refusal_of(facts(consents=(consent(grantee="somebody else"),))).rule_ids == ("likeness.missing",)
    stranger = (licence(grantee="somebody else"),)
    assert refusal_of(facts(references=(MARKED,), trademarks=stranger)).rule_ids == ("trademark.missing",)


def test_a_renewed_consent_outweighs_a_revoked_one() -> None:
    renewed = consent(id="cns_2")
    answer = decide(facts(consents=(consent(status="revoked"), renewed)), NOW)
    assert isinstance(answer, Permitted)
    assert answer.terms == (renewed,)


def test_of_several_records_the_closest_explains() -> None:
    far = consent(id="far", status="revoked", territories=frozenset({"US"}))
    near = consent(id="near", territories=frozenset({"US"}))
    assert refusal_of(facts(consents=(far, near))).rule_ids == ("terms.territory",)


def test_every_mark_needs_a_licence_of_its_own() -> None:
    both = replace(MARKED, declared_marks=("acme", "Zenith"))
    answer = refusal_of(facts(references=(both,), trademarks=(licence(),)))
    assert answer.rule_ids == ("trademark.missing",)
    assert "Zenith" in answer.sentence()
    zenith = licence(id="tml_2", mark="Zenith")
    assert decide(facts(references=(both,), trademarks=(licence(), zenith)), NOW).is_permitted


def test_own_work_does_not_replace_the_licence_for_a_mark() -> None:
    assert refusal_of(facts(references=(replace(MARKED, own_work=True),))).rule_ids == ("trademark.missing",)


def test_a_marked_product_held_by_a_person_needs_both() -> None:
    held = replace(MARKED, shows_person=True)
    assert refusal_of(facts(references=(held,), consents=())).rule_ids == ("trademark.missing", "likeness.missing")
    assert decide(facts(references=(held,), trademarks=(licence(),)), NOW).is_permitted


def test_a_plain_thing_needs_an_owner() -> None:
    assert refusal_of(facts(references=(THING,), consents=())).rule_ids == ("reference.basis_missing",)
    assert refusal_of(facts(references=(THING,))).rule_ids == ("reference.basis_missing",)
    assert decide(facts(references=(replace(THING, own_work=True),), consents=()), NOW).is_permitted


@pytest.mark.parametrize("kind", ["copyright", "property", "trademark"])
def test_a_licence_is_a_basis_for_a_thing(kind: Any) -> None:
    assert decide(facts(references=(THING,), consents=(consent(kind=kind),)), NOW).is_permitted


def test_a_trademark_licence_is_a_basis_for_an_unmarked_thing() -> None:
    assert decide(facts(references=(THING,), consents=(), trademarks=(licence(),)), NOW).is_permitted


def test_a_lapsed_licence_outweighs_the_declaration_of_own_work() -> None:
    lapsed = consent(kind="copyright", status="revoked")
    assert refusal_of(facts(references=(replace(THING, own_work=True),), consents=(lapsed,))).rule_ids == (
        "terms.revoked",
    )


def test_quarantine_beats_every_right() -> None:
    answer = refusal_of(facts(references=(replace(PERSON, quarantined=True, name=""),)))
    assert answer.rule_ids == ("reference.quarantined",)
    assert DIGEST[:8] in answer.sentence()


def test_each_reference_is_judged_and_reasons_are_not_repeated() -> None:
    second = replace(THING, digest=OTHER)
    assert refusal_of(facts(references=(PERSON, second))).rule_ids == ("reference.basis_missing",)
    shared = consent(reference_digests=frozenset({DIGEST, OTHER}), status="revoked")
    both = (PERSON, replace(PERSON, digest=OTHER))
    assert rules(refusal_of(facts(references=both, consents=(shared,))).reasons) == ["terms.revoked"]


def test_one_agreement_for_two_references_is_relied_on_once() -> None:
    shared = consent(reference_digests=frozenset({DIGEST, OTHER}))
    answer = decide(facts(references=(PERSON, replace(PERSON, digest=OTHER)), consents=(shared,)), NOW)
    assert isinstance(answer, Permitted)
    assert answer.terms == (shared,)


@pytest.mark.parametrize("action", ["release", "serve"])
def test_what_leaves_the_house_says_where_and_was_approved(action: Any) -> None:
    answer = refusal_of(facts(action=action, use=Use(), review_approved=False))
    missing = ["use.channel_missing", "use.territory_missing", "use.purpose_missing", "review.not_approved"]
    assert rules(answer.reasons) == missing


def test_own_work_too_says_where_it_goes() -> None:
    own = (replace(THING, own_work=True),)
    use = Use(channel="web")
    assert refusal_of(facts(references=own, use=use)).rule_ids == ("use.territory_missing", "use.purpose_missing")


@pytest.mark.parametrize("action", ["generate", "review"])
def test_a_draft_need_not_say_where_it_will_go(action: Any) -> None:
    assert decide(facts(action=action, use=Use(), review_approved=False), NOW).is_permitted


@pytest.mark.parametrize(
    ("count", "requested", "rule"),
    [(0, 10, None), (9, 1, None), (9, 2, "consent.cap"), (10, 1, "consent.cap"), (None, 1, "consent.cap_unknown")],
)
def test_the_cap(count: int | None, requested: int, rule: str | None) -> None:
    counts = {} if count is None else {"cns_1": count}
    capped = facts(consents=(consent(output_cap=10),), output_counts=counts, outputs_requested=requested)
    answer = decide(capped, NOW)
    assert (None if isinstance(answer, Permitted) else answer.rule_ids[0]) == rule
    assert decide(replace(capped, action="review"), NOW).is_permitted


def test_an_exhausted_consent_makes_room_for_a_fresh_one() -> None:
    fresh = consent(id="cns_2", output_cap=10)
    counts = {"cns_1": 10, "cns_2": 0}
    answer = decide(facts(consents=(consent(output_cap=10), fresh), output_counts=counts), NOW)
    assert isinstance(answer, Permitted)
    assert answer.terms == (fresh,)


@pytest.mark.parametrize("right", ["per_campaign", "per_output"])
def test_a_person_who_reserved_approval_is_asked_before_release(right: Any) -> None:
    reserved = (consent(approval_right=right),)
    assert decide(facts(consents=reserved), NOW).is_permitted
    assert refusal_of(facts(action="release", consents=reserved)).rule_ids == ("consent.approval_missing",)
    approved = facts(action="release", consents=reserved, subject_approvals=frozenset({"cns_1"}))
    assert decide(approved, NOW).is_permitted


@pytest.mark.parametrize(
    ("days", "warned"),
    [(31, []), (30, ["terms.expiring"]), (1, ["terms.expiring"])],
)
def test_an_end_within_thirty_days_is_amber(days: int, warned: list[str]) -> None:
    answer = decide(facts(consents=(consent(valid_until=NOW + timedelta(days=days)),)), NOW)
    assert answer.is_permitted
    assert rules(answer.warnings) == warned
    assert all(w.level == "warning" for w in answer.warnings)


def test_no_end_no_warning() -> None:
    answer = decide(facts(references=(MARKED,), trademarks=(licence(valid_until=None),)), NOW)
    assert answer.warnings == ()
    ending = (licence(valid_until=NOW + timedelta(days=3)),)
    assert rules(decide(facts(references=(MARKED,), trademarks=ending), NOW).warnings) == ["terms.expiring"]


@pytest.mark.parametrize(("day", "warned"), [(date(2026, 12, 20), ["consent.majority_near"]), (date(2027, 3, 1), [])])
def test_a_birthday_within_thirty_days_is_amber(day: date, warned: list[str]) -> None:
    minor = consent(minor=True, majority_date=day, capacity="guardian")
    answer = decide(facts(consents=(minor,)), NOW)
    assert rules(answer.warnings) == warned


@pytest.mark.parametrize(("count", "warned"), [(7, []), (8, ["consent.cap_near"]), (9, ["consent.cap_near"])])
def test_a_nearly_used_cap_is_amber(count: int, warned: list[str]) -> None:
    answer = decide(facts(consents=(consent(output_cap=10),), output_counts={"cns_1": count}), NOW)
    assert answer.is_permitted
    assert rules(answer.warnings) == warned


def test_a_refusal_keeps_its_warnings() -> None:
    ending = (consent(valid_until=NOW + timedelta(days=3)),)
    assert rules(refusal_of(facts(consents=ending, template_approved=False)).warnings) == ["terms.expiring"]


def test_now_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        decide(facts(), NOW.replace(tzinfo=None))


def test_at_intake_rights_may_be_missing_but_not_what_the_picture_shows() -> None:
    assert decide(facts(action="intake", consents=(), template_approved=False), NOW).is_permitted
    hidden = replace(THING, face_unexplained=True, undeclared_marks=("ACME",))
    answer = refusal_of(facts(action="intake", references=(hidden,), blocked_marks=("Umbra",)))
    assert answer.rule_ids == ("blocklist.mark", "likeness.face_unexplained", "mark.undeclared")
    assert "ACME" in answer.sentence() and "Umbra" in answer.sentence("ja")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unexplained_face_stops_every_action(action: Any) -> None:
    own = replace(THING, own_work=True, face_unexplained=True)
    assert "likeness.face_unexplained" in refusal_of(facts(action=action, references=(own,))).rule_ids


def test_every_reference_of_a_chain_makes_its_own_demands() -> None:
    """An output that serves as a reference stands under its own declarations and under those of its root."""
    root, derived = PERSON, ReferenceFacts(digest=OTHER, shows_person=False, declared_marks=("acme",))
    assert refusal_of(facts(references=(derived, root))).rule_ids == ("trademark.missing",)
    both = facts(references=(derived, root), trademarks=(licence(reference_digests=frozenset({OTHER})),))
    answer = decide(both, NOW)
    assert isinstance(answer, Permitted) and len(answer.terms) == 2


@pytest.mark.parametrize("status", ["active", "expired"])
def test_what_is_out_may_be_sold_off_and_nothing_else(status: Any) -> None:
    over = consent(valid_until=NOW - timedelta(days=3), sell_off_days=10, status=status)
    served = decide(facts(action="serve", consents=(over,)), NOW)
    assert isinstance(served, Permitted)
    assert rules(served.warnings) == ["terms.selling_off"]
    for action in ("generate", "review", "release"):
        assert refusal_of(facts(action=action, consents=(over,))).rule_ids[0].startswith("terms.expired")
    assert not decide(facts(action="serve", consents=(over,)), NOW + timedelta(days=7)).is_permitted


def test_a_revoked_record_is_never_sold_off() -> None:
    over = consent(valid_until=NOW - timedelta(days=3), sell_off_days=10, status="revoked")
    assert "terms.revoked" in refusal_of(facts(action="serve", consents=(over,))).rule_ids


def test_a_duty_to_disclose_must_be_met_outside_the_house() -> None:
    bound = (consent(disclosure_duty=True),)
    assert refusal_of(facts(action="release", consents=bound)).rule_ids == ("consent.disclosure",)
    assert decide(facts(action="release", consents=bound, use=replace(RELEASE, disclosed=True)), NOW).is_permitted
    assert decide(facts(consents=bound), NOW).is_permitted
