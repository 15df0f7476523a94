"""Licences for marks, and the words a tenant does not want in prompts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from governance.errors import InvalidTerms
from governance.trademark import TrademarkTerms, fold, matched_words
from tests.governance.samples import NOW, RELEASE, licence, rules


def test_an_active_licence_covers_the_use_it_names() -> None:
    assert licence().covers(RELEASE, NOW) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "revoked"}, "terms.revoked"),
        ({"status": "sent"}, "terms.not_active"),
        ({"valid_until": NOW}, "terms.expired_on"),
        ({"channels": frozenset({"print"})}, "terms.channel"),
        ({"territories": frozenset({"US"})}, "terms.territory"),
        ({"purposes": frozenset()}, "terms.purpose"),
        ({"permitted_treatments": frozenset({"unaltered"})}, "trademark.treatment"),
    ],
)
def test_each_limit_alone_speaks_against_the_use(changes: dict[str, Any], rule: str) -> None:
    assert rules(licence(**changes).covers(RELEASE, NOW)) == [rule]


def test_recolouring_a_mark_needs_its_own_permission() -> None:
    use = replace(RELEASE, treatment="recoloured")
    assert "“recoloured”" in licence().covers(use, NOW)[0].sentence("en")
    assert licence(permitted_treatments=frozenset({"recoloured"})).covers(use, NOW) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": ""}, "owner"),
        ({"grantee": ""}, "owner"),
        ({"owner": ""}, "owner"),
        ({"mark": "®"}, "mark"),
        ({"nice_classes": frozenset({46})}, "45"),
        ({"permitted_treatments": frozenset({"melted"})}, "melted"),
        ({"valid_until": NOW - timedelta(days=101)}, "after valid_from"),
    ],
)
def test_contradictory_licences_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTerms, match=words):
        licence(**changes)


def test_json_there_and_back() -> None:
    terms = licence(nice_classes=frozenset({25, 18}), valid_until=None)
    assert TrademarkTerms.from_json(terms.to_json() | {"later": True}) == terms
    with pytest.raises(InvalidTerms):
        TrademarkTerms.from_json({"id": "x"})


def test_digest_and_commitment() -> None:
    assert licence().digest() == licence(status="revoked").digest()
    assert licence().digest() != licence(office="JPO").digest()
    assert licence().commitment(b"s" * 16) != licence().commitment(b"t" * 16)


def test_a_mark_is_the_same_however_it_is_written() -> None:
    assert licence(mark="Acme-Cola").is_for("ＡＣＭＥ　ＣＯＬＡ")
    assert not licence(mark="Acme").is_for("Acmeon")


@pytest.mark.parametrize(
    ("prompt", "entry"),
    [
        ("a bottle by NIKE", "Nike"),
        ("a bottle by Ｎｉｋｅ", "Nike"),
        ("a bottle by Ni\u200bke", "Nike"),
        ("a bottle by N\u00adike", "Nike"),
        ("a bottle by Nikè", "Nike"),
        ("coca cola can", "Coca-Cola"),
        ("cocacola can", "Coca-Cola"),
        ("Coca–Cola can", "Coca-Cola"),
        ("a pair of levis", "Levi's"),
        ("Nikeの靴", "Nike"),
        ("白いナイキの靴", "ないき"),
        ("ﾅｲｷの靴", "ナイキ"),
        ("トヨタ自動車の車", "トヨタ"),
        ("STRASSE", "Straße"),
    ],
)
def test_disguises_do_not_help(prompt: str, entry: str) -> None:
    assert matched_words(prompt, [entry]) == (entry,)


@pytest.mark.parametrize(
    ("prompt", "entry"),
    [
        ("pineapple on a table", "Apple"),
        ("a snikers bar", "nike"),
        ("the cola of coca", "Coca-Cola"),
        ("かきの木", "がき"),
        ("a plain cup", ""),
        ("a plain cup", "™"),
    ],
)
def test_other_words_do_not_match(prompt: str, entry: str) -> None:
    assert matched_words(prompt, [entry]) == ()


def test_matches_are_named_as_listed_and_once() -> None:
    assert matched_words("nike and ACME and nike", ["Acme", "Other", "Nike", "Nike"]) == ("Acme", "Nike")


def test_folding_keeps_the_long_vowel() -> None:
    assert fold("ビール") == "びーる"
    assert fold("ビル") != fold("ビール")
