"""Blocked words are found however they are written, and contexts by their plain words."""

import pytest

from governance.blocklist import latinised, matched_words
from governance.contexts import WORDS, contexts_of
from governance.sentences import CONTEXTS


@pytest.mark.parametrize(
    "text",
    [
        "a NIKE shoe",
        "a ｎｉｋｅ shoe",
        "a N\u0456ke shoe",  # a Ukrainian i
        "a \u039dIKE shoe",  # a Greek capital Nu
        "a ni\u200bke shoe",
        "a \u202enike\u202c shoe",
        "a níké shoe",
    ],
)
def test_a_word_is_found_in_every_disguise(text: str) -> None:
    assert matched_words(text, ["Nike", "Adidas"]) == ("Nike",)


def test_a_word_in_another_script_stays_itself() -> None:
    assert matched_words("Тест и тест", ["ТЕСТ"]) == ("ТЕСТ",)
    assert matched_words("a monike shoe", ["Nike"]) == ()
    assert latinised("РЕРЅІ") == "PEPSI"


def test_contexts_are_told_by_their_words() -> None:
    assert WORDS.keys() == CONTEXTS.keys()
    assert contexts_of("a bottle of Wine, beside a temple") == {"alcohol", "religion"}
    assert contexts_of("居酒屋の前のボトル") == {"alcohol"}
    assert contexts_of("a teapot on a wooden table") == frozenset()
