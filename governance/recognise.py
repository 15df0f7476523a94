"""Is this one of our pictures, though its manifest is gone? What its pixels alone tell.

Two traces. The mark (`governance.watermark`) names the picture and convinces. The hash (`governance.fingerprint`) only
says that two pictures look alike: at most 8 bits apart they are the same picture, at 9 to 17 a person has to look.
Whoever asks looks both up: `Output.watermark_id` and `Output.dhash` keep them.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from governance.fingerprint import dhash64
from governance.watermark import read

SIGN_BIT, ALL_BITS = 1 << 63, 1 << 64


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What was found in the pixels.

    watermark_id: the 48-bit identifier of the mark, None without one that our key can read. confidence: of that mark.
    dhash: 64 bits, as a signed number, as databases keep it.
    """

    watermark_id: int | None
    confidence: float
    dhash: int


def recognise(picture: Image.Image, key: bytes) -> Traces:
    """Read the mark and the hash of a decoded picture. Raises ValueError for a key of fewer than 16 bytes."""
    reading = read(picture, key)
    return Traces(
        watermark_id=reading.identifier if reading else None,
        confidence=reading.confidence if reading else 0.0,
        dhash=signed_dhash(picture),
    )


def signed_dhash(picture: Image.Image) -> int:
    """`fingerprint.dhash64` as a signed 64-bit number."""
    unsigned = dhash64(picture)
    return unsigned - ALL_BITS if unsigned & SIGN_BIT else unsigned
