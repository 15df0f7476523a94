"""One text for one value: what digests, commitments and signatures are computed over (RFC 8785)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import rfc8785


def plain(value: Any) -> Any:
    """JSON types only: sets become sorted lists, aware times UTC text with microseconds, dates ISO text."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical_json(value: Any) -> bytes:
    """UTF-8 bytes of RFC 8785 JSON. Raises rfc8785.CanonicalizationError for what JSON cannot hold."""
    return rfc8785.dumps(plain(value))


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def utc_text(moment: datetime) -> str:
    """`2026-11-23T09:00:00.000000Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone: use timezone-aware datetimes")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_utc(text: str) -> datetime:
    """The time that `utc_text` wrote. Raises ValueError for other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: write it in UTC with a Z at the end")
    return moment.astimezone(UTC)
