"""The table of states says exactly what can happen: every reachable fact is walked and compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from imprimatur.review.states import (
    APPROVALS_NEEDED,
    OPEN,
    OUT_OF_HOUSE,
    TRANSITIONS,
    OutputState,
    ReviewFacts,
    state_from,
)

REVIEWERS = 3


def steps(facts: ReviewFacts) -> Iterator[ReviewFacts]:
    """Everything the services allow next."""
    state = state_from(facts)
    yield from decisions(facts, state)
    yield from undone(facts, state)
    if facts.claimed:
        yield replace(facts, claimed=False)
    elif state in OPEN:
        yield replace(facts, claimed=True)
    if state == OutputState.APPROVED:
        yield replace(facts, released=True)
    if facts.released and not facts.withdrawn:
        yield replace(facts, withdrawn=True)
    if state not in (OutputState.QUARANTINED, OutputState.WITHDRAWN):
        yield replace(facts, quarantined=True)
    if state == OutputState.QUARANTINED:
        yield replace(facts, quarantined=False)
    if facts.screened:
        yield replace(facts, screened=False)
        yield replace(facts, screened=False, quarantined=True)
    yield replace(facts, unanswered=not facts.unanswered)  # they say yes, or no after all


def decisions(facts: ReviewFacts, state: OutputState) -> Iterator[ReviewFacts]:
    made = facts.approvals + facts.changes_requested + facts.rejections
    if state in OPEN and made < REVIEWERS:
        free = replace(facts, claimed=False)
        yield replace(free, approvals=facts.approvals + 1)
        yield replace(free, changes_requested=facts.changes_requested + 1)
        yield replace(free, rejections=facts.rejections + 1)


def undone(facts: ReviewFacts, state: OutputState) -> Iterator[ReviewFacts]:
    if state in OUT_OF_HOUSE or state == OutputState.QUARANTINED or facts.released:
        return
    for name in ("approvals", "changes_requested", "rejections"):
        if getattr(facts, name):
            yield replace(facts, **{name: getattr(facts, name) - 1})


def reachable() -> dict[OutputState, set[OutputState]]:
    found: dict[OutputState, set[OutputState]] = {state: set() for state in OutputState}
    seen, waiting = set(), [ReviewFacts(), ReviewFacts(screened=True), ReviewFacts(unanswered=True)]
    while waiting:
        facts = waiting.pop()
        if facts in seen:
            continue
        seen.add(facts)
        for following in steps(facts):
            if state_from(following) != state_from(facts):
                found[state_from(facts)].add(state_from(following))
            waiting.append(following)
    return found


def test_the_table_is_what_can_happen():
    assert reachable() == {state: set(following) for state, following in TRANSITIONS.items()}


def diagram() -> str:
    arrows = [f"    {a.value} --> {b.value}" for a in OutputState for b in OutputState if b in TRANSITIONS[a]]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> pending", "    [*] --> held", *arrows, "```"])


def test_the_picture_of_the_states_is_up_to_date():
    page = Path(__file__).resolve().parents[3] / "docs" / "reference" / "review-states.md"
    assert diagram() in page.read_text(), f"put this into {page.name}:\n{diagram()}"


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(OutputState)


def test_two_approvals_are_needed():
    assert state_from(ReviewFacts(approvals=APPROVALS_NEEDED - 1)) == OutputState.APPROVED_1
    assert state_from(ReviewFacts(approvals=APPROVALS_NEEDED)) == OutputState.APPROVED


def test_a_fallen_right_outweighs_every_approval():
    assert state_from(ReviewFacts(approvals=2, quarantined=True)) == OutputState.QUARANTINED
    assert state_from(ReviewFacts(approvals=2, released=True, quarantined=True)) == OutputState.QUARANTINED


def test_one_rejection_outweighs_approvals():
    assert state_from(ReviewFacts(approvals=1, rejections=1)) == OutputState.REJECTED
