"""The page about the policy says what the policy says, and leaves no rule out."""

import re
from pathlib import Path

import pytest

from governance.policy import ACTIONS, Facts
from governance.sentences import SENTENCES
from governance.truth import answer, cases, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "policy.md"
UNREACHED = {"action.unknown"}  # no page or API can send an action that does not exist


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m governance.truth > docs/reference/policy.md"


def test_every_rule_is_shown_at_work() -> None:
    shown = {rule for _name, facts in cases() for a in ACTIONS for rule in re.findall(r"`([^`]+)`", answer(facts, a))}
    assert set(SENTENCES) - shown - UNREACHED == set()


def test_situations_have_names_of_their_own() -> None:
    names = [name for name, _facts in cases()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "facts"), list(cases()))
def test_what_may_not_be_made_may_not_go_out(name: str, facts: Facts) -> None:
    """Releasing never asks for less than drawing did, but for the template and the count."""
    drawn, released = answer(facts, "generate"), answer(facts, "release")
    only_for_drawing = ("template.", "consent.cap")
    if drawn.startswith("no") and not any(rule in drawn for rule in only_for_drawing):
        assert released.startswith("no"), name
