"""Public ids: a prefix that says what it is, then the row's UUID in Crockford base 32 (26 characters)."""

from __future__ import annotations

import uuid
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


class MalformedId(ValueError):
    """The text is not a public id of the expected kind."""


def encode(prefix: str, value: uuid.UUID) -> str:
    """`encode("gen", uuid)` -> `gen_0123...`."""
    number, digits = value.int, []
    for _ in range(26):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(digits))}"


def decode(prefix: str, text: str) -> uuid.UUID:
    """The UUID behind a public id; MalformedId when prefix, length or alphabet is wrong."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 26 or any(c not in _ALPHABET for c in tail):
        raise MalformedId(f"{text!r} is not an id that starts with {prefix}_")
    number = 0
    for digit in tail:
        number = number * 32 + _ALPHABET.index(digit)
    if number >= 1 << 128:
        raise MalformedId(f"{text!r} is not an id that starts with {prefix}_")
    return uuid.UUID(int=number)
