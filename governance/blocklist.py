"""Which words of a tenant's blocklist does a prompt use, however they are written?

Compared after folding: compatibility forms (ＮＩＫＥ), case, zero-width and direction characters, accents, Cyrillic and
Greek letters that look like Latin ones (Nіke with a Ukrainian і), katakana against hiragana, and whatever separates the
parts ("coca cola", "Coca-Cola", "cocacola"). Beside that: digits in place of letters (n1ke), signs or spaces inside a
word (ni-ke, n i k e), and the English plural and genitive (nikes, Nike's). A word cut in two by one space is found
where it is long: "is land" is no island.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_APOSTROPHES = str.maketrans("", "", "'’‘ʼ＇")
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_ACCENTS = range(0x0300, 0x0370)  # not the Japanese voicing marks: が is not か
_LONG_VOWEL = "ー"
# Cyrillic, Greek and phonetic letters that readers take for Latin ones: a choice from Unicode's confusables (UTS 39).
_LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανυρικɡɑı",
    "ABEKMHOPCTYXIJSaeopcyxijshdqwlABEZHIKMNOPTYXoavupikgai",
)
_INSIDE = re.compile(r"(?<=\w)[^\w\s]+(?=\w)")
_DIGITS_AS_LETTERS = (str.maketrans("0134578@$", "oieastbas"), str.maketrans("0134578@$", "oleastbas"))
_WITH_LETTER = re.compile(r"\S*[^\W\d_]\S*")
LONG = 7  # letters from which on a word is found though a space cuts it in two
LEAST_WITH_ENDING = 3  # letters from which on a word has a plural


@lru_cache(maxsize=2**14)
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
    readings = _readings(text)
    return tuple(entry for entry in dict.fromkeys(blocklist) if any(_uses(r, fold(entry)) for r in readings))


def _readings(text: str) -> set[str]:
    """How the text may be meant, folded."""
    plain = latinised(text)
    joined = _INSIDE.sub("", plain.replace("_", "-"))
    as_letters = [_lettered(joined, table) for table in _DIGITS_AS_LETTERS]
    return {fold(reading) for reading in (text, plain, joined, *as_letters)}


def _lettered(text: str, table: dict[int, int]) -> str:
    """Digits read as letters, in words that have a letter besides."""
    return _WITH_LETTER.sub(lambda word: word[0].translate(table), text)


def latinised(text: str) -> str:
    """The text as it looks to a reader of Latin: letters of other scripts that only look Latin become so."""
    return unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)


def _uses(folded: str, entry: str) -> bool:
    letters = entry.replace(" ", "")
    if not letters or letters not in folded.replace(" ", ""):
        return False
    ending = "(?:e?s)?" if letters[-1].isascii() and letters[-1].isalpha() and len(letters) >= LEAST_WITH_ENDING else ""
    hits = re.finditer(f"(?=({' ?'.join(map(re.escape, letters))}{ending}))", folded)
    own_parts = re.compile(" ?".join(map(re.escape, entry.split(" "))) + ending)
    return any(_is_whole(folded, hit.start(1), hit.end(1)) and _is_one_word(hit[1], own_parts) for hit in hits)


def _is_one_word(hit: str, own_parts: re.Pattern[str]) -> bool:
    """Cut where the entry itself is, or into single letters, or so long that no two other words are meant."""
    pieces = hit.split(" ")
    return bool(own_parts.fullmatch(hit)) or max(map(len, pieces)) == 1 or len(hit) - len(pieces) + 1 >= LONG


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
