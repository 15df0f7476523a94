"""From what the model drew to the picture that is delivered: large enough to be marked, and marked.

A mark needs room: below 448 pixels it shows as grain and does not last (`governance.watermark`). So a smaller picture
is enlarged first, which also is what a browser would do with it, only worse. Signing comes after this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image

from governance.watermark import embed, identifier_of, read

LEAST_SIDE: Final = 512  # of the short side: at 768 and 1024 no copy was read that was not read at 512


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The delivered RGB picture. native_size: "128x128" if it was enlarged, else empty.

    watermarked: the mark of the picture's own name was put in and read back.
    """

    image: Image.Image
    native_size: str
    watermarked: bool


def finish(image: Image.Image, name: str, key: bytes) -> Finished:
    """Enlarge where needed and mark with `name` (`gen_...`). Raises ValueError for a short key."""
    large = enlarged(image.convert("RGB"))
    native = f"{image.width}x{image.height}" if large.size != image.size else ""
    marked = embed(large, identifier_of(name), key)
    reading = read(marked, key)
    if reading is None or reading.identifier != identifier_of(name):
        return Finished(image=large, native_size=native, watermarked=False)
    return Finished(image=marked, native_size=native, watermarked=True)


def enlarged(image: Image.Image) -> Image.Image:
    """The picture with a short side of at least 512 pixels (Lanczos, proportions kept); a larger one as it is."""
    short = min(image.size)
    if short >= LEAST_SIDE:
        return image
    width, height = (max(LEAST_SIDE, round(side * LEAST_SIDE / short)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)
