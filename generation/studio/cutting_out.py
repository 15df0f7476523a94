"""A reference before a cluttered background, as the small encoder can read it: its subject alone, before a plain wall.

The encoder learnt from drawings before plain walls and in drawn scenes; what stands behind a product in a photograph it
takes for the product's looks. The subject is told apart by GrabCut (Rother et al. 2004), begun with an ellipse in the
middle. What stands before a clean background is left as it is, to the bit.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.encoders import SquareEncoder
from generation.projector import VisualFeatures
from generation.reference_checks import WORKING_SIDE, check_clutter, colours

#: Pixels of the longer side: where the subject is looked for, and what is handed on.
LOOKED_AT, KEPT = 160, 512
#: The ellipse's half axes and the sure background's strip, as shares of height and width.
ELLIPSE, BORDER = 0.46, 0.04
ROUNDS: Final = 5
#: Share of the picture that a subject takes; GrabCut found something else where it takes less or more.
LEAST, MOST = 0.1, 0.75
WALL: Final = (236, 238, 242)  # one of the walls of `world.render.paint_reference`
Mask = npt.NDArray[np.uint8]  # (h, w)


class CuttingOut(SquareEncoder):
    """Cuts references out first where their background is cluttered."""

    def encode(self, images: Sequence[Image.Image]) -> VisualFeatures:
        """See VisualEncoder."""
        return super().encode([before_a_wall(image) for image in images])


def before_a_wall(image: Image.Image) -> Image.Image:
    """The RGB picture itself where its background is clean or no subject is found; else at most KEPT pixels wide."""
    if check_clutter(colours(image, WORKING_SIDE)).verdict == "good":
        return image
    subject = _subject(_small(image, LOOKED_AT))
    if not LEAST <= subject.mean() <= MOST:
        return image
    kept, wall = np.asarray(_small(image, KEPT)).astype(np.float32), np.array(WALL, dtype=np.float32)
    large = cv2.resize(subject.astype(np.float32), (kept.shape[1], kept.shape[0]))
    alpha = cv2.GaussianBlur(large, (0, 0), 1.2)[..., None]
    return Image.fromarray((kept * alpha + wall * (1 - alpha)).astype(np.uint8))


def _subject(image: Image.Image) -> Mask:
    """1 at the biggest thing that is not background."""
    labels = _begun(image.height, image.width)
    cv2.setRNGSeed(0)  # of this thread: the same picture is always cut alike
    bgr = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # what it learns of either; of no further use
    cv2.grabCut(bgr, labels, (0, 0, 0, 0), background, foreground, ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    count, numbered, stats, _centres = cv2.connectedComponentsWithStats(found)
    if count == 1:
        return found
    biggest = (numbered == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(biggest, cv2.MORPH_CLOSE, np.ones((5, 5))), dtype=np.uint8)


def _begun(height: int, width: int) -> Mask:
    """GrabCut's labels: probably subject in an ellipse, probably not around it, surely not at the border."""
    y, x = np.mgrid[0:height, 0:width]
    away = ((y - height / 2) / (height * ELLIPSE)) ** 2 + ((x - width / 2) / (width * ELLIPSE)) ** 2
    labels = np.where(away <= 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    top, left = max(2, round(height * BORDER)), max(2, round(width * BORDER))
    inner = labels[top:-top, left:-left].copy()
    labels[:] = cv2.GC_BGD
    labels[top:-top, left:-left] = inner
    return labels


def _small(image: Image.Image, longest: int) -> Image.Image:
    small = image.convert("RGB")
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return small
