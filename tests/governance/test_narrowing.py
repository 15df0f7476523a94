"""A narrower version allows nothing that the former did not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance.consent import ConsentTerms
from governance.narrowing import widened
from governance.scope import Use
from tests.governance.samples import DIGEST, NOW, OTHER, consent, licence
from tests.governance.test_policy_properties import terms_cases

USES = st.builds(
    Use,
    channel=st.sampled_from(["social", "print", "internal"]),
    territory=st.sampled_from(["JP", "US", "US-NY", "US-CA", "*", ""]),
    purpose=st.sampled_from(["advertising", "editorial", ""]),
    contexts=st.sampled_from([frozenset(), frozenset({"alcohol"})]),
    paid=st.booleans(),
    disclosed=st.booleans(),
)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": frozenset({"social", "tv"})}, "channels"),
        ({"channels": frozenset({"*"})}, "channels"),
        ({"territories": frozenset({"*"})}, "territories"),
        ({"territories": frozenset({"JP", "US"})}, "territories"),
        ({"valid_until": None}, "valid_until"),
        ({"valid_until": NOW + timedelta(days=301)}, "valid_until"),
        ({"valid_from": NOW - timedelta(days=101)}, "valid_from"),
        ({"sell_off_days": 5}, "sell_off_days"),
        ({"paid_media": True}, "paid_media"),
        ({"reference_digests": frozenset({DIGEST, OTHER})}, "reference_digests"),
        ({"grantee": "somebody else"}, "grantee"),
        ({"subject": "person-2"}, "subject"),
        ({"actions": frozenset({"generate", "train"})}, "actions"),
    ],
)
def test_more_than_before_is_named(change: dict[str, Any], field: str) -> None:
    assert field in widened(consent(), replace(consent(), **change))


@pytest.mark.parametrize(
    ("was", "field"),
    [
        ({"prohibited_contexts": frozenset({"alcohol"})}, "prohibited_contexts"),
        ({"output_cap": 10}, "output_cap"),
        ({"approval_right": "per_output"}, "approval_right"),
        ({"disclosure_duty": True}, "disclosure_duty"),
        ({"territories": frozenset({"US"}), "excluded_territories": frozenset({"US-NY"})}, "excluded_territories"),
    ],
)
def test_a_limit_that_is_lifted_is_named(was: dict[str, Any], field: str) -> None:
    before = consent(**was)
    lifted = consent(territories=before.territories)
    assert widened(before, lifted) == (field,)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": frozenset()},
        {"output_cap": 3},
        {"prohibited_contexts": frozenset({"alcohol"})},
        {"approval_right": "per_output"},
        {"valid_until": NOW + timedelta(days=1)},
        {"synthetic_media_permitted": False},
        {"disclosure_duty": True},
        {"reference_digests": frozenset()},
        {"excluded_territories": frozenset({"JP"})},
    ],
)
def test_less_is_always_allowed(change: dict[str, Any]) -> None:
    assert widened(consent(), replace(consent(), **change)) == ()


def test_a_licence_is_not_narrowed_into_a_consent() -> None:
    assert widened(licence(), replace(licence(), permitted_treatments=frozenset({"unaltered"}))) == ()
    assert widened(licence(), replace(licence(), mark="OTHER")) == ("mark",)
    with pytest.raises(TypeError):
        widened(licence(), consent())


@settings(max_examples=600, deadline=None)
@given(terms_cases(), terms_cases(), USES, st.sampled_from([0, 3, 20, 45, 500]))
def test_whatever_the_narrower_version_covers_the_former_covered(
    was: ConsentTerms, becomes: ConsentTerms, use: Use, days: int
) -> None:
    becomes = replace(becomes, minor=was.minor, majority_date=was.majority_date, capacity=was.capacity)
    was, becomes = replace(was, status="active"), replace(becomes, status="active", grantee=was.grantee)
    assume(not widened(was, becomes))
    at = NOW + timedelta(days=days)
    if not becomes.covers(use, at):
        assert was.covers(use, at) == []
