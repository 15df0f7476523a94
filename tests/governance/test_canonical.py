"""One text for one value."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from governance.canonical import canonical_json, parse_utc, plain, utc_text


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical_json({"b": 1, "a": ["赤", None, True, 1.0]}) == '{"a":["赤",null,true,1],"b":1}'.encode()


def test_sets_have_one_order() -> None:
    assert plain({"s": {"b", "a"}, "f": frozenset({3, 1})}) == {"s": ["a", "b"], "f": [1, 3]}


def test_times_are_utc_with_microseconds() -> None:
    noon = datetime(2026, 11, 24, 21, 0, tzinfo=timezone(timedelta(hours=9)))
    assert plain([noon, date(2026, 1, 2)]) == ["2026-11-24T12:00:00.000000Z", "2026-01-02"]
    assert parse_utc(utc_text(noon)) == noon and parse_utc(utc_text(noon)).tzinfo == UTC


def test_a_time_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2026, 1, 1))  # noqa: DTZ001 - the missing zone is the point
    with pytest.raises(ValueError, match="zone"):
        parse_utc("2026-01-01T00:00:00")
