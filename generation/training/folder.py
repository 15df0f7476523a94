"""Pairs from a folder: shuffled anew each epoch, cropped to the model's size, with a reference made of the picture."""

from __future__ import annotations

import math

from PIL import Image

from generation.reference_quality import flatten
from generation.training.dataset import FORMATS, Record
from generation.training.draws import CROP, EPOCH, generator
from generation.training.pairs import Pair

#: A reference cut from the picture itself shows at least this share of its area.
SMALLEST_CUT = 0.5


class FolderPairs:
    """A seeded, endless walk through records.

    cut: share of rows whose reference, where the record names none, is a mirrored or unmirrored cut of the picture
    instead of the picture itself (the paper's): a branch that only ever sees what it is to draw learns to copy places.
    """

    def __init__(self, records: tuple[Record, ...], width: int, height: int, *, seed: int, cut: float = 0.5) -> None:
        self.records, self.size, self.seed, self.cut = records, (width, height), seed, cut
        self._order: tuple[int, list[int]] = (-1, [])

    def _shuffled(self, epoch: int) -> list[int]:
        if self._order[0] != epoch:
            order = generator(self.seed, EPOCH, epoch).permutation(len(self.records))
            self._order = epoch, order.tolist()
        return self._order[1]

    def pair(self, number: int) -> Pair:
        """See PairSource. Raises OSError for a picture that has vanished since it was inspected."""
        epoch, place = divmod(number, len(self.records))
        record = self.records[self._shuffled(epoch)[place]]
        chance = generator(self.seed, CROP, number).random(7).tolist()
        original = opened(record)
        picture, corner = filled(original, self.size, (chance[0], chance[1]))
        return Pair(
            picture=picture,
            caption=record.caption,
            reference=self._reference(record, original, chance[2:]),
            word=record.word,
            original=(original.height, original.width),
            corner=corner,
        )

    def _reference(self, record: Record, original: Image.Image, chance: list[float]) -> Image.Image:
        if record.reference is not None:
            return opened(Record(record.reference, ""))
        return cut_of(original, chance[1:]) if chance[0] < self.cut else original


def opened(record: Record) -> Image.Image:
    """The record's picture, upright RGB."""
    with Image.open(record.picture, formats=FORMATS) as image:
        return flatten(image)


def filled(
    image: Image.Image, size: tuple[int, int], chance: tuple[float, float]
) -> tuple[Image.Image, tuple[int, int]]:
    """The picture scaled to cover `size` (width, height) and cropped there; where, as (top, left) in its own pixels."""
    scale = max(size[0] / image.width, size[1] / image.height)
    wide, high = max(size[0], round(image.width * scale)), max(size[1], round(image.height * scale))
    left, top = int(chance[0] * (wide - size[0] + 1)), int(chance[1] * (high - size[1] + 1))
    scaled = image.resize((wide, high), Image.Resampling.LANCZOS)
    return scaled.crop((left, top, left + size[0], top + size[1])), (top, left)


def cut_of(image: Image.Image, chance: list[float]) -> Image.Image:
    """A cut of at least SMALLEST_CUT of the area, of the picture's proportions, in half of all cases mirrored."""
    share = math.sqrt(SMALLEST_CUT + (1 - SMALLEST_CUT) * chance[0])
    width, height = max(1, int(image.width * share)), max(1, int(image.height * share))
    left, top = int(chance[1] * (image.width - width + 1)), int(chance[2] * (image.height - height + 1))
    part = image.crop((left, top, left + width, top + height))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if chance[3] < 0.5 else part
