"""Is there a face in this picture? A question whether to ask for a consent, never whose face it is.

OpenCV's frontal Haar cascade (`alt2`), which ships inside the library; nothing is learnt, measured or kept about a
face but that one was found. The mark in our own pictures (`governance.watermark`) is a grain that hides a face now
and then. `./run bench faces` measured drawn pictures with their mark: a face was found in 123 of 153 people and in 1
of 321 things. Looking at a softened picture too finds 137, but in 5 things, and a false alarm holds a finished
picture from review: so it is not done. On the 200 grey 25-pixel crops of scikit-image's `lfw_subset`, enlarged to 200
pixels: 87 of 100 faces, none of 100 others, softened or not. It looks for faces from the front: turned, covered and
very small ones are missed, so an uploader's own declaration always counts.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

LONG_SIDE: Final = 640  # pixels looked at; larger pictures are scaled down
SMALLEST_SHARE: Final = 12  # a face is at least a twelfth of the short side
LEAST_PIXELS: Final = 24
STEP, NEIGHBOURS = 1.1, 5
_FILE: Final = "haarcascade_frontalface_alt2.xml"


def count(image: Image.Image) -> int:
    """How many faces from the front were found in a picture of any mode and size."""
    return found(look(image))


def look(image: Image.Image) -> Image.Image:
    """What is looked at: grey and at most `LONG_SIDE` long."""
    grey = image.convert("L")
    grey.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    return grey


def found(grey: Image.Image) -> int:
    """How many faces the detector finds in what is looked at."""
    least = max(LEAST_PIXELS, min(grey.size) // SMALLEST_SHARE)
    if min(grey.size) < least:
        return 0
    pixels = cv2.equalizeHist(np.ascontiguousarray(np.asarray(grey, dtype=np.uint8)))
    return len(_cascade().detectMultiScale(pixels, scaleFactor=STEP, minNeighbors=NEIGHBOURS, minSize=(least, least)))


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    cv2.setNumThreads(1)  # a web process has its own threads
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / _FILE))
    if cascade.empty():
        raise RuntimeError(f"{_FILE} is not in this build of OpenCV: install the version that is pinned")
    return cascade
