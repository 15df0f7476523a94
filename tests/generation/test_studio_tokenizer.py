"""Taught words are one token each, and the same token in every run."""

import subprocess
import sys

import pytest

from generation.studio.tokenizer import MAX_LENGTH, build_tokenizer, taught_words
from generation.words import word_tokens


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


def test_every_taught_word_is_one_token(tokenizer):
    assert {word: len(tokenizer.tokenize(word)) for word in taught_words()} == dict.fromkeys(taught_words(), 1)


def test_a_caption_survives_the_round_trip(tokenizer):
    caption = "an image of a red striped bottle with a star on the beach, soft light"
    ids = tokenizer(caption).input_ids
    assert ids[0] == tokenizer.bos_token_id and ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True).replace(" ,", ",").strip() == caption


def test_a_word_nobody_taught_is_spelled_and_not_lost(tokenizer):
    assert "".join(tokenizer.tokenize("xqzvw")).replace("</w>", "") == "xqzvw"
    assert tokenizer.unk_token_id not in tokenizer("xqzvw", add_special_tokens=False).input_ids[:-1]


def test_prompts_are_padded_and_cut_to_the_models_length(tokenizer):
    for prompt in ("", "a mug " * 40):
        encoded = tokenizer(prompt, padding="max_length", truncation=True, max_length=MAX_LENGTH)
        assert len(encoded.input_ids) == MAX_LENGTH


def test_the_subjects_word_is_found(tokenizer):
    indices = word_tokens("a red mug in the snow", "mug", tokenizer, MAX_LENGTH).indices
    assert tokenizer.convert_ids_to_tokens(tokenizer("a red mug in the snow").input_ids[indices[0]]) == "mug</w>"
    assert len(indices) == 1


def test_another_process_builds_the_same_vocabulary(tokenizer):
    code = "from generation.studio.tokenizer import build_tokenizer as b; print(sorted(b().get_vocab().items()))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert other.stdout.strip().splitlines()[-1] == str(sorted(tokenizer.get_vocab().items()))
