"""Which words of a tenant's blocklist does a prompt use, however they are written?

Compared after folding: compatibility forms (ＮＩＫＥ), case, zero-width and direction characters, accents, Cyrillic and
Greek letters that look like Latin ones (Nіke with a Ukrainian і), katakana against hiragana, and whatever separates the
parts ("coca cola", "Coca-Cola", "cocacola").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_APOSTROPHES = str.maketrans("", "", "'’‘ʼ＇")
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_ACCENTS = range(0x0300, 0x0370)  # not the Japanese voicing marks: が is not か
_LONG_VOWEL = "ー"
# Cyrillic, Greek and phonetic letters that readers take for Latin ones: a choice from Unicode's confusables (UTS 39).
_LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανυρικɡɑı",
    "ABEKMHOPCTYXIJSaeopcyxijshdqwlABEZHIKMNOPTYXoavupikgai",
)


def fold(text: str) -> str:
    """The form in which words are compared; parts are separated by one space."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_invisible(c))
    bare = "".join(c for c in unicodedata.normalize("NFKD", visible) if ord(c) not in _ACCENTS)
    folded = unicodedata.normalize("NFKC", bare).casefold().translate(_APOSTROPHES)
    parts = "".join(c if c.isalnum() or c == _LONG_VOWEL or _is_mark(c) else " " for c in folded)
    return " ".join(parts.translate(_KATAKANA_TO_HIRAGANA).split())


def matched_words(text: str, blocklist: Iterable[str]) -> tuple[str, ...]:
    """The entries of `blocklist`, as written there and in its order, that `text` uses as whole words.

    Japanese and Chinese have no spaces: entries that begin or end in those scripts match inside longer text.
    """
    readings = {fold(text), fold(latinised(text))}
    return tuple(entry for entry in dict.fromkeys(blocklist) if any(_uses(r, fold(entry)) for r in readings))


def latinised(text: str) -> str:
    """The text as it looks to a reader of Latin: letters of other scripts that only look Latin become so."""
    return unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)


def _uses(folded: str, entry: str) -> bool:
    if not entry:
        return False
    pattern = " ?".join(re.escape(part) for part in entry.split(" "))
    hits = re.finditer(f"(?=({pattern}))", folded)
    return any(_is_whole(folded, hit.start(1), hit.end(1)) for hit in hits)


def _is_whole(text: str, start: int, end: int) -> bool:
    opens = start == 0 or not (_spells(text[start - 1]) and _spells(text[start]))
    closes = end == len(text) or not (_spells(text[end]) and _spells(text[end - 1]))
    return opens and closes


def _spells(character: str) -> bool:
    """Whether this is a letter or digit of a script that separates its words."""
    return character.isalnum() and not _is_unspaced(character)


def _is_unspaced(character: str) -> bool:
    return character == _LONG_VOWEL or unicodedata.name(character, "").startswith(("CJK", "HIRAGANA", "KATAKANA"))


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
