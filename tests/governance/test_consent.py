"""What an agreement covers, and what it says about itself."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from governance.consent import ConsentTerms
from governance.errors import InvalidTerms
from governance.scope import STATUSES, Use, covers_territory
from tests.governance.samples import DIGEST, NOW, RELEASE, consent, licence, rules


def test_an_active_consent_covers_the_use_it_names() -> None:
    assert consent().covers(RELEASE, NOW) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "suspended"}, "terms.suspended"),
        ({"status": "revoked"}, "terms.revoked"),
        ({"status": "expired"}, "terms.expired"),
        ({"status": "verified"}, "terms.not_active"),
        ({"valid_from": NOW + timedelta(seconds=1)}, "terms.not_yet_valid"),
        ({"valid_until": NOW}, "terms.expired_on"),
        ({"channels": frozenset({"print"})}, "terms.channel"),
        ({"territories": frozenset({"US"})}, "terms.territory"),
        ({"territories": frozenset({"*"}), "excluded_territories": frozenset({"JP"})}, "terms.territory"),
        ({"purposes": frozenset({"editorial"})}, "terms.purpose"),
        ({"actions": frozenset({"edit"})}, "consent.action"),
        ({"synthetic_media_permitted": False}, "consent.synthetic"),
    ],
)
def test_each_limit_alone_speaks_against_the_use(changes: dict[str, Any], rule: str) -> None:
    assert rules(consent(**changes).covers(RELEASE, NOW)) == [rule]


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        (replace(RELEASE, contexts=frozenset({"alcohol"})), "consent.context"),
        (replace(RELEASE, paid=True), "consent.paid_media"),
        (replace(RELEASE, language="en"), "consent.language"),
        (replace(RELEASE, action="animate"), "consent.action"),
        (replace(RELEASE, channel=""), "use.channel_missing"),
        (replace(RELEASE, territory=""), "use.territory_missing"),
        (replace(RELEASE, purpose=""), "use.purpose_missing"),
        (replace(RELEASE, territory="*"), "terms.territory"),
    ],
)
def test_each_wish_outside_the_terms_is_named(use: Use, rule: str) -> None:
    terms = consent(prohibited_contexts=frozenset({"alcohol"}), languages=frozenset({"ja"}))
    assert rules(terms.covers(use, NOW)) == [rule]


def test_what_is_allowed_beyond_the_plain_case() -> None:
    terms = consent(paid_media=True, languages=frozenset({"ja"}), channels=frozenset({"*"}), valid_until=None)
    assert terms.covers(replace(RELEASE, paid=True, language="ja", channel="aquarium"), NOW) == []


def test_a_draft_is_asked_only_for_what_it_names() -> None:
    assert consent().covers(Use(), NOW) == []
    assert rules(consent().covers(Use(territory="US", purpose="research"), NOW)) == ["terms.territory", "terms.purpose"]


def test_every_violation_is_listed_not_only_the_first() -> None:
    found = rules(consent(status="revoked", territories=frozenset()).covers(replace(RELEASE, channel="tv"), NOW))
    assert found == ["terms.revoked", "terms.channel", "terms.territory"]


def test_only_active_covers_anything() -> None:
    assert [s for s in STATUSES if not consent(status=s).covers(RELEASE, NOW)] == ["active"]


def test_the_term_starts_with_its_first_moment() -> None:
    assert consent(valid_from=NOW).covers(RELEASE, NOW) == []


def test_a_minors_consent_ends_when_the_birthday_begins_anywhere_on_earth() -> None:
    terms = consent(minor=True, majority_date=date(2026, 11, 25), capacity="guardian")
    first_midnight = datetime.fromisoformat("2026-11-25T00:00:00+14:00")
    assert terms.covers(RELEASE, first_midnight - timedelta(seconds=1)) == []
    found = terms.covers(RELEASE, first_midnight)
    assert rules(found) == ["consent.majority"]
    assert "2026-11-25" in found[0].sentence("en")
    assert "2026年11月25日" in found[0].sentence("ja")


def test_a_date_of_majority_says_nothing_about_an_adult() -> None:
    assert consent(majority_date=date(2020, 1, 1)).majority is None
    assert consent(majority_date=date(2020, 1, 1)).covers(RELEASE, NOW) == []


@pytest.mark.parametrize(
    ("allowed", "excluded", "asked", "covered"),
    [
        ({"US"}, set(), "US", True),
        ({"US"}, set(), "US-NY", True),
        ({"US-NY"}, set(), "US", False),
        ({"US"}, {"US-NY"}, "US", False),
        ({"US"}, {"US-NY"}, "US-CA", True),
        ({"US"}, {"US-NY"}, "US-NY", False),
        ({"US"}, {"US"}, "US-CA", False),
        ({"*"}, set(), "*", True),
        ({"*"}, {"CN"}, "*", False),
        ({"*"}, {"CN"}, "JP", True),
        ({"JP", "US"}, set(), "*", False),
        (set(), set(), "JP", False),
    ],
)
def test_territories(allowed: set[str], excluded: set[str], asked: str, covered: bool) -> None:
    assert covers_territory(frozenset(allowed), frozenset(excluded), asked) is covered


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "handshake"}, "kind"),
        ({"status": "maybe"}, "status"),
        ({"valid_from": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001 - the missing zone is the point
        ({"valid_until": datetime(2030, 1, 1)}, "zone"),  # noqa: DTZ001
        ({"valid_until": NOW - timedelta(days=200)}, "after valid_from"),
        ({"territories": frozenset({"Japan"})}, "ISO 3166"),
        ({"excluded_territories": frozenset({"jp"})}, "ISO 3166"),
        ({"reference_digests": frozenset({"abc"})}, "SHA-256"),
        ({"evidence_digest": "A" * 64}, "SHA-256"),
        ({"actions": frozenset({"clone"})}, "clone"),
        ({"id": ""}, "id and grantee"),
        ({"grantee": ""}, "id and grantee"),
        ({"output_cap": 0}, "output_cap"),
        ({"minor": True}, "majority_date"),
        ({"minor": True, "majority_date": date(2030, 1, 1)}, "guardian"),
    ],
)
def test_contradictory_terms_are_refused_with_the_field_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTerms, match=words):
        consent(**changes)


def test_a_question_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="zone"):
        consent().covers(RELEASE, NOW.replace(tzinfo=None))


def test_json_there_and_back() -> None:
    terms = consent(minor=True, majority_date=date(2030, 4, 1), capacity="guardian", evidence_digest=DIGEST)
    assert ConsentTerms.from_json(terms.to_json()) == terms
    assert ConsentTerms.from_json(terms.to_json() | {"from_the_future": 1}) == terms
    endless = consent(valid_until=None)
    assert ConsentTerms.from_json(endless.to_json()) == endless


@pytest.mark.parametrize("broken", [{"id": None}, {"valid_from": "soon"}, {"valid_from": "2026-01-01T00:00:00"}])
def test_unreadable_json_is_refused(broken: dict[str, Any]) -> None:
    data = consent().to_json() | broken
    with pytest.raises(InvalidTerms):
        ConsentTerms.from_json({k: v for k, v in data.items() if v is not None})


def test_the_digest_is_about_the_agreement_not_its_life() -> None:
    assert consent(status="active").digest() == consent(status="revoked").digest()
    assert consent().digest() != consent(output_cap=3).digest()


def test_the_digest_ignores_how_a_time_is_written() -> None:
    tokyo = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    assert (
        consent(valid_until=tokyo + timedelta(days=1)).digest() == consent(valid_until=NOW + timedelta(days=1)).digest()
    )


def test_the_canonical_text_is_pinned() -> None:
    """Stored digests must not change with the code: a new field needs a new schema, not a new meaning."""
    assert consent().digest() == "2277a44eb9e0161c8bc859520461f29ead98f44b850e7de2c89efcee46a1e720"


def test_a_commitment_needs_its_salt() -> None:
    one, two = consent().commitment(b"s" * 16), consent().commitment(b"t" * 16)
    assert one != two
    assert one == consent().commitment(b"s" * 16)
    assert one != consent(output_cap=1).commitment(b"s" * 16)
    with pytest.raises(InvalidTerms, match="salt"):
        consent().commitment(b"short")


def test_fields_that_came_later_leave_older_digests_alone() -> None:
    """Receipts and permits of agreements that were made before them name these digests."""
    assert consent().digest() == "2277a44eb9e0161c8bc859520461f29ead98f44b850e7de2c89efcee46a1e720"
    assert licence().digest() == "fb879cad520287198883a695bb728e7209fb9c10e40b0939318aeed3be63f8ef"
    assert consent(disclosure_duty=True).digest() != consent().digest()
    assert consent(sell_off_days=5).digest() != consent(sell_off_days=6).digest()


@pytest.mark.parametrize(
    ("excluded", "asked"),
    [("CN", "cn"), ("CN", " CN"), ("CN", "China"), ("CN", "中国"), ("DE", "EU"), ("EU", "DE"), ("EU", "FR-75")],
)
def test_what_is_left_out_is_not_reached_by_writing_it_otherwise(excluded: str, asked: str) -> None:
    assert not covers_territory(frozenset({"*"}), frozenset({excluded}), asked)
    assert covers_territory(frozenset({"*"}), frozenset({excluded}), "JP")
