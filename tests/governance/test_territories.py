"""Places that there are, and those that there are not."""

from __future__ import annotations

import pytest
from babel import Locale

from governance.labels import EU
from governance.scope import check_territories
from governance.territories import COUNTRIES, STATES, is_known, meant, unknown

# Two letters that CLDR names and ISO 3166-1 does not assign.
NOT_ASSIGNED = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}


def test_the_countries_are_those_of_the_standard() -> None:
    named = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()}
    assert len(COUNTRIES) == 249
    assert named - COUNTRIES <= NOT_ASSIGNED and named >= COUNTRIES


def test_the_union_is_made_of_countries() -> None:
    assert set(EU) <= COUNTRIES


@pytest.mark.parametrize("code", ["JP", "US", "US-NY", "US-CA", "US-DC", "CA-ON", "JP-13", "GB-ENG", "EU", "*"])
def test_what_there_is(code: str) -> None:
    assert is_known(code)
    check_territories("territories", [code])


@pytest.mark.parametrize(
    "code", ["XX", "UK", "ZZ-01", "US-XX", "US-", "jp", "Japan", "JP-ABCD", "", "-", "EU-DE", "**"]
)
def test_what_there_is_not(code: str) -> None:
    assert not is_known(code)


def test_the_wrong_ones_are_told_and_what_was_meant() -> None:
    assert unknown(["JP", "ZZ", "UK", "*"]) == ["UK", "ZZ"]
    said = ["uk", "jp", "us_ny", "UK-ENG", "el", "Japan", "", "XX", "US-ZZ"]
    assert [meant(text) for text in said] == ["GB", "JP", "US-NY", "GB-ENG", "GR", "", "", "", ""]


def test_every_state_is_two_letters() -> None:
    assert len(STATES["US"]) == 57
    assert {len(state) for state in STATES["US"]} == {2}
