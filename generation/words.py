"""Where in the prompt is the subject's word? Phrase -> characters -> tokens, on word boundaries. No torch.

"cat" is found in "a cat" and "two cats", not in "category". Scripts written without spaces have no boundaries to
respect.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"  # kana, Han, Hangul, Thai
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_]+(?:['’-][^\W_]+)*")
_NOT_AFTER = rf"(?<![^\W{_UNSPACED}])"
_NOT_BEFORE = rf"(?![^\W{_UNSPACED}])"


class WordNotInPrompt(ValueError):
    """The phrase is no word of the prompt; the message names the words that are."""

    def __init__(self, phrase: str, prompt: str) -> None:
        self.phrase = phrase
        self.words = tuple(dict.fromkeys(_WORD.findall(prompt)))
        super().__init__(f"“{phrase}” is not a word of the prompt; choose one of its words: {', '.join(self.words)}")


class WordBeyondLimit(ValueError):
    """The word stands where the text encoder has stopped reading."""

    def __init__(self, phrase: str, limit: int) -> None:
        self.phrase, self.limit = phrase, limit
        super().__init__(f"“{phrase}” stands beyond the {limit} tokens the model reads: move it forward or shorten")


class Tokenizer(Protocol):
    """The part of a Hugging Face tokenizer this module uses."""

    def __call__(self, text: str, *, add_special_tokens: bool) -> object:
        """An object whose `input_ids` is a list of token ids."""


@dataclass(frozen=True)
class WordTokens:
    """indices: token positions of every occurrence, counted with the start token. cut: text beyond the limit."""

    indices: tuple[int, ...]
    cut: str = ""


def find_phrase(prompt: str, phrase: str) -> list[tuple[int, int]]:
    """Character spans (start, end) of every occurrence, singular or plural, in order. Raises WordNotInPrompt."""
    spans = [m.span() for m in _pattern(phrase).finditer(prompt)]
    if not spans:
        raise WordNotInPrompt(phrase, prompt)
    return spans


def normalise(text: str) -> str:
    """NFC with single spaces: one spelling for what looks the same."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _pattern(phrase: str) -> re.Pattern[str]:
    words = normalise(phrase).split(" ")
    body = r"\s+".join([*map(re.escape, words[:-1]), _with_plural(words[-1])])
    before = _NOT_AFTER if _spaced(words[0][:1]) else ""
    after = _NOT_BEFORE if _spaced(words[-1][-1:]) else ""
    return re.compile(before + body + after, re.IGNORECASE)


def _spaced(character: str) -> bool:
    return re.match(f"[{_UNSPACED}]", character) is None


def _with_plural(word: str) -> str:
    if not _spaced(word[-1:]):
        return re.escape(word)
    if re.search(r"[^aeiou]y$", word, re.IGNORECASE):
        return re.escape(word[:-1]) + "(?:y|ies)"
    return re.escape(word) + "(?:es|s)?"


def word_tokens(prompt: str, phrase: str, tokenizer: Tokenizer, limit: int) -> WordTokens:
    """Token positions of the phrase in a prompt encoded as start token, text, end token, at most `limit` in all.

    Byte-pair tokenizers split at spaces and punctuation first, so a prefix that ends at a word boundary has the
    tokens the whole prompt begins with. Raises WordNotInPrompt, WordBeyondLimit.
    """
    spans = [
        (1 + _count(tokenizer, prompt[:a]), 1 + _count(tokenizer, prompt[:b])) for a, b in find_phrase(prompt, phrase)
    ]
    read = [i for start, end in spans if end < limit for i in range(start, end)]
    if not read:
        raise WordBeyondLimit(phrase, limit)
    return WordTokens(tuple(read), text_beyond(prompt, tokenizer, limit))


def prompt_words(prompt: str, tokenizer: Tokenizer, limit: int) -> list[tuple[str, tuple[int, ...]]]:
    """Every word the model reads, in order, with its token positions (counted as in `word_tokens`)."""
    found = []
    for match in _WORD.finditer(prompt):
        start, end = (1 + _count(tokenizer, prompt[:place]) for place in match.span())
        if start < end < limit:
            found.append((match.group(), tuple(range(start, end))))
    return found


def text_beyond(prompt: str, tokenizer: Tokenizer, limit: int) -> str:
    """The words the model will not read; empty when all fit into `limit` tokens with start and end."""
    room = limit - 2
    if _count(tokenizer, prompt) <= room:
        return ""
    ends = [m.end() for m in re.finditer(r"\S+", prompt)]
    kept = max((e for e in ends if _count(tokenizer, prompt[:e]) <= room), default=0)
    return prompt[kept:].strip()


def _count(tokenizer: Tokenizer, text: str) -> int:
    ids: Sequence[int] = getattr(tokenizer(text, add_special_tokens=False), "input_ids", ())
    return len(ids)
