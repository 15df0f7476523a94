"""Is this picture a part of that one, perhaps turned by a quarter or mirrored? For copies that no mark gives away.

A mark needs a picture of ours; a photograph that somebody brings in again has none. Hashes of many parts of the
original say which ways the copy may be held (`distances`), a glance says which of them is likely
(`governance.registration`), and laying it over the original decides (`shows`), which takes half a second. What is found
is said in `docs/reference/c2pa.md`.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from governance.alteration import TELLS, altered_blocks
from governance.fingerprint import dhash64
from governance.registration import register

SHARES = {1.0: (0.0,), 0.86: (0.0, 0.07, 0.14), 0.72: (0.0, 0.14, 0.28)}  # of a side, and where such a part begins
NEAR_AT_MOST = 20  # bits: parts came to 19, and one in three of other photographs is as near in some way
FITS_FROM = 0.8  # of correlation at a glance: parts came to 0.86 or more, other photographs to 0.65
LOOKED_AT = 512  # pixels of the longer side
FLIP = Image.Transpose.FLIP_LEFT_RIGHT
QUARTERS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


def ways(image: Image.Image) -> list[Image.Image]:
    """The picture as it can be held: turned by quarters, and each of them mirrored. Eight, at most `LOOKED_AT` long."""
    small = image.convert("RGB")
    small.thumbnail((LOOKED_AT, LOOKED_AT), Image.Resampling.BOX)
    turned = [small, *(small.transpose(quarter) for quarter in QUARTERS)]
    return turned + [one.transpose(FLIP) for one in turned]


def parts(original: Image.Image) -> NDArray[np.uint64]:
    """Hashes (`governance.fingerprint`) of parts of many sizes and places, (49,)."""
    grey = original.convert("L")
    spans = [(at, at + share) for share, starts in SHARES.items() for at in starts]
    hashes = [
        dhash64(grey, (left * grey.width, top * grey.height, right * grey.width, bottom * grey.height))
        for (left, right), (top, bottom) in itertools.product(spans, repeat=2)
    ]
    return np.array(hashes, dtype=np.uint64)


def distances(held: list[Image.Image], of: NDArray[np.uint64]) -> list[int]:
    """For each way, the fewest bits in which it differs from any of those parts."""
    hashes = np.array([dhash64(one) for one in held], dtype=np.uint64)
    bits: NDArray[np.int64] = np.bitwise_count(hashes[:, None] ^ of[None]).min(axis=1).astype(np.int64)
    return [int(one) for one in bits]


def shows(copy: Image.Image, original: Image.Image) -> bool:
    """Whether the copy, held this way, is the original all over, as far as it shows it."""
    found = register(copy, original)
    return found.is_same and altered_blocks(found.image, original, found.where) < TELLS
