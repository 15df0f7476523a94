"""What is a signer being asked to sign? The few fields of a C2PA claim that tell whose picture it is.

A claim arrives inside a COSE Sig_structure (RFC 9052, 4.4): ["Signature1", protected, external, payload], in CBOR
(RFC 8949). The payload is the claim itself; its `dc:title` is what we titled the manifest with: the generation's id.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from governance.errors import GovernanceError

CONTEXT = "Signature1"
MAX_DEPTH = 16
_WIDTHS = {24: ("B", 1), 25: (">H", 2), 26: (">I", 4), 27: (">Q", 8)}


class NotAClaim(GovernanceError):
    """The bytes are no claim of a picture; the message says where they differ."""

    code = "not_a_claim"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """title: the manifest's. generator: the software that says it made the claim."""

    title: str
    generator: str


def read_claim(sig_structure: bytes) -> Claim:
    """The claim inside. Raises NotAClaim for anything else."""
    parts = _whole(sig_structure)
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != CONTEXT or parts[2] != b"":
        raise NotAClaim("this is no COSE signature structure")
    claim = _whole(parts[3]) if isinstance(parts[3], bytes) else None
    if not isinstance(claim, dict):
        raise NotAClaim("the structure holds no claim")
    info = claim.get("claim_generator_info")
    first = info[0] if isinstance(info, list) and info else info
    generator = first.get("name") if isinstance(first, dict) else ""
    return Claim(title=str(claim.get("dc:title", "")), generator=str(generator))


def _whole(data: bytes) -> Any:
    try:
        value, end = _item(data, 0, 0)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise NotAClaim(f"the structure is cut or garbled ({type(error).__name__})") from error
    if end != len(data):
        raise NotAClaim("there is more behind the structure")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where the next one begins. Only what claims are made of."""
    if depth > MAX_DEPTH:
        raise NotAClaim("the structure is nested too deep")
    kind, short = data[at] >> 5, data[at] & 31
    if kind == 7:
        return _simple(at, short)
    size, at = _argument(data, at, short)
    if kind in (0, 1):
        return (size if kind == 0 else -1 - size), at
    if kind in (2, 3):
        raw = data[at : at + size]
        if len(raw) != size:
            raise IndexError
        return (raw if kind == 2 else raw.decode()), at + size
    if kind == 6:  # a tag: its value is what counts
        return _item(data, at, depth + 1)
    return _container(data, at, size, depth, is_map=kind == 5)


def _container(data: bytes, at: int, size: int, depth: int, *, is_map: bool) -> tuple[Any, int]:
    if size > len(data):
        raise IndexError
    values = []
    for _ in range(size * 2 if is_map else size):
        value, at = _item(data, at, depth + 1)
        values.append(value)
    return (_map(values[::2], values[1::2]) if is_map else values), at


def _map(names: list[Any], values: list[Any]) -> dict[Any, Any]:
    """A name that occurs twice would be read by us in one way and by others in another."""
    if len(set(names)) != len(names):
        raise NotAClaim("the structure says something twice")
    return dict(zip(names, values, strict=True))


def _argument(data: bytes, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return short, at + 1
    form, width = _WIDTHS.get(short, ("", 0))
    if not width:
        raise NotAClaim("the structure has parts of unknown length")
    return struct.unpack_from(form, data, at + 1)[0], at + 1 + width


def _simple(at: int, short: int) -> tuple[Any, int]:
    """true, false, null; floating-point numbers are passed over."""
    known = {20: False, 21: True, 22: None, 23: None}
    if short in known:
        return known[short], at + 1
    widths = {25: 2, 26: 4, 27: 8}
    if short not in widths:
        raise NotAClaim("the structure has a value of unknown kind")
    return None, at + 1 + widths[short]
