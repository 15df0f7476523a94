"""Is this copy the original all over, or has something been painted into it? For copies that lie in the same frame.

Both are brought to 256 pixels and compared block by block, channel by channel, after what a filter does to a whole
picture (brightness, contrast, grey) is taken out. Block means are compared, so a copy that lies half a pixel off, or
was saved at a low quality, does not count; nor does what covers less than about three hundredths of a side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256
BLOCK = 8  # pixels of SIDE
MOST = 24.0  # levels of 255 by which a block's mean may differ: copies stay under 12
GREY_UNDER = 3.0  # mean difference of channels in a picture without colour
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as everybody makes grey
TELLS = 2  # altered blocks: one alone may be a speck
KEPT = 3.0  # times the median residual: what differs more is left out of the fit

Array = NDArray[np.float64]


def altered_blocks(copy: Image.Image, original: Image.Image, where: NDArray[np.bool_] | None = None) -> int:
    """In how many blocks of 8 x 8 the two differ.

    copy: in the original's frame, of any size. where: (height, width) of the frame, true where the copy lies.
    """
    ours, theirs = _pixels(original), _pixels(copy)
    if _is_grey(theirs):
        ours, theirs = ((part @ LUMA)[..., None] for part in (ours, theirs))
    differs = np.zeros((SIDE // BLOCK, SIDE // BLOCK), dtype=bool)
    for channel in range(ours.shape[2]):
        differs |= np.abs(_residual(theirs[..., channel], ours[..., channel])) > MOST
    return int((differs & _covered(where)).sum())


def _pixels(image: Image.Image) -> Array:
    """(SIDE / BLOCK, SIDE / BLOCK, 3) block means."""
    blocks = SIDE // BLOCK
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64).reshape(blocks, BLOCK, blocks, BLOCK, 3).mean(axis=(1, 3))


def _is_grey(pixels: Array) -> bool:
    return float(np.abs(pixels - pixels.mean(axis=2, keepdims=True)).mean()) < GREY_UNDER


def _residual(theirs: Array, ours: Array) -> Array:
    """What a straight line from one to the other leaves over; fitted twice, the second time without what stood out."""
    kept = np.ones(ours.shape, dtype=bool)
    left = theirs - ours
    for _ in range(2):
        slope, offset = np.polyfit(theirs[kept], ours[kept], 1) if theirs[kept].std() > 1.0 else (1.0, 0.0)
        left = theirs * slope + offset - ours
        kept = np.abs(left) <= max(KEPT * float(np.median(np.abs(left))), 1.0)
    return left


def _covered(where: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Blocks that lie wholly under the copy."""
    blocks = SIDE // BLOCK
    if where is None:
        return np.ones((blocks, blocks), dtype=bool)
    mask = Image.fromarray(where.astype(np.uint8) * 255).resize((SIDE, SIDE), Image.Resampling.BOX)
    covered: NDArray[np.bool_] = np.asarray(mask).reshape(blocks, BLOCK, blocks, BLOCK).min(axis=(1, 3)) == 255
    return covered
