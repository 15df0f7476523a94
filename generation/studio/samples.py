"""References free of anyone's rights, for demonstrations: a few products and people who do not exist."""

import io
import random
from dataclasses import dataclass

from PIL import Image

from generation.studio.world.individual import Individual
from generation.studio.world.render import paint_reference

SIZE = 512


@dataclass(frozen=True)
class Sample:
    """One demonstration reference: a name to show in English and Japanese, and what it depicts."""

    slug: str
    name: str
    name_ja: str
    individual: Individual


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "comet-bottle",
        "Comet bottle",
        "コメットボトル",
        Individual("bottle", (0.6, 0.4, 0.5), "blue", "yellow", "plain", "star"),
    ),
    Sample(
        "picnic-bag",
        "Picnic bag",
        "ピクニックバッグ",
        Individual("bag", (0.5, 0.5, 0.4), "red", "white", "checked", "none"),
    ),
    Sample(
        "wave-mug",
        "Wave mug",
        "ウェーブマグ",
        Individual("mug", (0.5, 0.3, 0.5), "white", "blue", "zigzag", "none"),
    ),
    Sample(
        "ember-sneaker",
        "Ember sneaker",
        "エンバースニーカー",
        Individual("sneaker", (0.6, 0.5, 0.2), "orange", "black", "plain", "bolt"),
    ),
    Sample(
        "clover-teapot",
        "Clover teapot",
        "クローバーティーポット",
        Individual("teapot", (0.5, 0.5, 0.5), "green", "white", "dotted", "none"),
    ),
    Sample(
        "mika-person",
        "Mika (an invented person)",
        "ミカ（架空の人物）",
        Individual("person", (0.1, 0.9, 0.5), "purple", "yellow", "striped", "none"),
    ),
    Sample(
        "ren-person",
        "Ren (an invented person)",
        "レン（架空の人物）",
        Individual("person", (0.8, 0.2, 0.7), "green", "black", "plain", "none"),
    ),
    Sample(
        "aki-person",
        "Aki (an invented person)",
        "アキ（架空の人物）",
        Individual("person", (0.4, 0.5, 0.1), "red", "white", "dotted", "none"),
    ),
)


def sample_png(sample: Sample, *, size: int = SIZE, view: int = 0) -> bytes:
    """The sample on a plain wall, size x size pixels, as PNG; another `view` stands and is lit a little differently."""
    picture = paint_reference(random.Random(view), sample.individual, size=size)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()
