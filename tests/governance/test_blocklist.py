"""Blocked words are found however they are written, and contexts by their plain words."""

import time

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
        "a n1ke shoe",
        "a ni-ke shoe",
        "an n.i.k.e shoe",
        "a n i k e shoe",
        "a N_I_K_E shoe",
        "Nike's shoe",
        "Nike\u2019s shoe",
        "two nikes",
        "a n-1-k-3 shoe",
    ],
)
def test_a_word_is_found_in_every_disguise(text: str) -> None:
    assert matched_words(text, ["Nike", "Adidas"]) == ("Nike",)


def test_a_word_in_another_script_stays_itself() -> None:
    assert matched_words("Тест и тест", ["ТЕСТ"]) == ("ТЕСТ",)
    assert matched_words("a monike shoe", ["Nike"]) == ()
    assert latinised("РЕРЅІ") == "PEPSI"


@pytest.mark.parametrize(
    ("text", "entry"),
    [("coca cola", "cocacola"), ("coca-cola's can", "CocaCola"), ("c0ca c0la", "Coca-Cola"), ("two boxes", "box")],
)
def test_parts_are_one_word_however_they_are_joined(text: str, entry: str) -> None:
    assert matched_words(text, [entry]) == (entry,)


@pytest.mark.parametrize(
    ("text", "entry"),
    [("this is land", "island"), ("a pen is here", "penis"), ("it has one", "ha"), ("50 cups", "so"), ("as 1", "asi")],
)
def test_neighbours_are_not_one_word(text: str, entry: str) -> None:
    assert matched_words(text, [entry]) == ()


def test_a_long_list_is_soon_read() -> None:
    entries = [f"brand{number:04d}" for number in range(5000)]
    matched_words("warm up", entries)
    before = time.process_time()
    assert matched_words("a bottle of brand0042 on a beach at noon", entries) == ("brand0042",)
    assert time.process_time() - before < 0.5


def test_contexts_are_told_by_their_words() -> None:
    assert WORDS.keys() == CONTEXTS.keys()
    assert contexts_of("a bottle of Wine, beside a temple") == {"alcohol", "religion"}
    assert contexts_of("居酒屋の前のボトル") == {"alcohol"}
    assert contexts_of("a teapot on a wooden table") == frozenset()
