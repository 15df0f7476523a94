"""Every sentence exists twice and says the same things."""

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import governance
from governance.reasons import Reason, refusal, warning
from governance.sentences import NAMES, SENTENCES

SOURCES = Path(governance.__file__).parent
JAPANESE = re.compile(r"[ぁ-ヿ一-鿿]")


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_it_with_the_same_placeholders(key: str) -> None:
    english, japanese = SENTENCES[key]
    assert _placeholders(english) == _placeholders(japanese)
    assert JAPANESE.search(japanese) and not JAPANESE.search(english)
    assert english.endswith(".") and japanese.endswith("。")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_japanese_one(name: str) -> None:
    english, japanese = NAMES[name]
    assert english and (JAPANESE.search(japanese) or japanese == "SNS")


def test_rules_and_sentences_match_both_ways() -> None:
    code = "".join(path.read_text() for path in SOURCES.glob("*.py") if path.name != "sentences.py")
    used = set(re.findall(r'(?:refusal|warning)\(\s*"([a-z_.]+)"', code))
    used |= {f"terms.{status}" for status in ("suspended", "revoked", "expired")}  # made from the status
    assert used == set(SENTENCES)


def test_values_are_spoken_in_the_readers_language() -> None:
    reason = refusal("terms.channel", kind="likeness", channel="social")
    assert reason.sentence() == "The likeness consent does not cover social media."
    assert reason.sentence("ja-JP") == "肖像の同意は「SNS」での使用を認めていません。"
    own = refusal("terms.channel", kind="likeness", channel="aquarium")
    assert "aquarium" in own.sentence("ja")


def test_dates_are_spoken_in_the_readers_language() -> None:
    for day in (date(2026, 11, 3), datetime(2026, 11, 3, 23, tzinfo=UTC)):
        reason = refusal("terms.expired_on", kind="likeness", day=day)
        assert "2026-11-03" in reason.sentence("en")
        assert "2026年11月3日" in reason.sentence("ja")


def test_another_sentence_for_a_rule() -> None:
    assert refusal("tenant.special", "reference.missing").sentence() == SENTENCES["reference.missing"][0]
    assert warning("tenant.special", "reference.missing").level == "warning"


def test_json_for_apis() -> None:
    said = Reason(rule_id="r", sentence_key="reference.missing").to_json()
    assert said["rule_id"] == "r" and said["level"] == "refusal"
    assert JAPANESE.search(str(said["sentence_ja"]))
