"""Is there a face in this picture? A question whether to ask for a consent, never whose face it is.

OpenCV's frontal Haar cascade (`alt2`), which ships inside the library; nothing is learnt, measured or kept about a face
but that one was found. Measured on the 200 grey 25-pixel crops of scikit-image's `lfw_subset`, enlarged eight times:
94 of 100 faces found, 0 of 100 others taken for one; one of one whole portrait; 2 of 3 of our drawn people, none of
our drawn products. It looks for faces from the front: turned, covered and very small ones are missed, so an uploader's
own declaration always counts.
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
    grey = image.convert("L")
    grey.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    least = max(LEAST_PIXELS, min(grey.size) // SMALLEST_SHARE)
    if min(grey.size) < least:
        return 0
    pixels = cv2.equalizeHist(np.ascontiguousarray(np.asarray(grey, dtype=np.uint8)))
    found = _cascade().detectMultiScale(pixels, scaleFactor=STEP, minNeighbors=NEIGHBOURS, minSize=(least, least))
    return len(found)


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    cv2.setNumThreads(1)  # a web process has its own threads
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / _FILE))
    if cascade.empty():
        raise RuntimeError(f"{_FILE} is not in this build of OpenCV: install the version that is pinned")
    return cascade
