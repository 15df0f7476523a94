"""Is the word found where a reader sees it, and nowhere else?"""

from __future__ import annotations

import subprocess
import sys

import pytest

from generation.studio.tokenizer import build_tokenizer
from generation.words import WordBeyondLimit, WordNotInPrompt, find_phrase, prompt_words, text_beyond, word_tokens


def found(prompt: str, phrase: str) -> list[str]:
    return [prompt[a:b] for a, b in find_phrase(prompt, phrase)]


@pytest.mark.parametrize(
    ("prompt", "phrase", "words"),
    [
        ("a cat on a mat", "cat", ["cat"]),
        ("the category of a cat", "cat", ["cat"]),
        ("a Cat, two cats and a concat", "cat", ["Cat", "cats"]),
        ("many boxes and one box", "box", ["boxes", "box"]),
        ("two ponies", "pony", ["ponies"]),
        ("a toy  car at night", "toy car", ["toy  car"]),
        ("the cat's bottle", "cat", ["cat"]),
        ("a t-shirt on a chair", "t-shirt", ["t-shirt"]),
        ("(bottle)", "bottle", ["bottle"]),
        ("海辺のボトルの写真", "ボトル", ["ボトル"]),
        ("an a.b bottle", "a.b", ["a.b"]),
    ],
)
def test_finds_whole_words_singular_or_plural(prompt: str, phrase: str, words: list[str]) -> None:
    assert found(prompt, phrase) == words


@pytest.mark.parametrize("phrase", ["cat", "categories of", "beach a"])
def test_names_the_words_there_are(phrase: str) -> None:
    with pytest.raises(WordNotInPrompt, match=r"a, category, on, the, beach$"):
        find_phrase("a category on the beach", phrase)


def test_tokens_of_every_occurrence_count_the_start_token() -> None:
    tokenizer = build_tokenizer()
    prompt = "a bottle and a zwieback bottle"
    tokens = word_tokens(prompt, "bottle", tokenizer, 32)
    ids = tokenizer(prompt).input_ids
    bottle = tokenizer("bottle", add_special_tokens=False).input_ids
    assert [ids[i] for i in tokens.indices] == bottle * 2
    assert tokens.cut == ""


def test_a_word_of_several_tokens_has_them_all() -> None:
    tokenizer = build_tokenizer()
    tokens = word_tokens("a zwieback on the beach", "zwieback", tokenizer, 32)
    ids = tokenizer("a zwieback on the beach").input_ids
    assert len(tokens.indices) > 1
    assert tokenizer.decode([ids[i] for i in tokens.indices]).replace(" ", "") == "zwieback"


def test_every_word_of_the_prompt_is_told_with_its_tokens() -> None:
    tokenizer = build_tokenizer()
    prompt = "a zwieback, the cat's bottle"
    words = prompt_words(prompt, tokenizer, 32)
    assert [name for name, _ in words] == ["a", "zwieback", "the", "cat's", "bottle"]
    assert words[1][1] == word_tokens(prompt, "zwieback", tokenizer, 32).indices
    assert [name for name, _ in prompt_words(prompt, tokenizer, 4)] == ["a"], "only what the model reads"


def test_says_what_the_model_will_not_read() -> None:
    tokenizer = build_tokenizer()
    assert text_beyond("a red bottle on the beach", tokenizer, 6) == "the beach"
    assert word_tokens("a red bottle on the beach", "bottle", tokenizer, 6).cut == "the beach"


def test_a_word_beyond_the_limit_is_an_error() -> None:
    with pytest.raises(WordBeyondLimit, match="beyond the 6 tokens"):
        word_tokens("a red bottle on the beach", "beach", build_tokenizer(), 6)


def test_the_web_side_can_import_words_and_profiles_without_torch() -> None:
    code = "import sys, generation.words, generation.profiles, generation.spec; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
