"""How a picture is laid out: where the subject stands, how large it is, what comes with it."""

import hashlib
import random
from dataclasses import dataclass

from generation.studio import vocabulary
from generation.studio.world.figure import Figure

ACCESSORY_SHARE, SIDE_SHARE, SIZE_SHARE = 0.4, 0.35, 0.3
#: Accessories that stand or float beside the subject; the others are worn.
BESIDE = ("books", "plant", "ball", "gift", "balloon")
_HELD_OUT_SCENES, _HELD_OUT_ACCESSORIES = 0.15, 0.12
#: Only these are held out from some kinds: an earlier base, which this one grew from, saw the other scenes with all.
_LATER_SCENES = ("meadow", "space", "underwater", "library", "stage", "rain")
_HEIGHTS = {"small": (40.0, 46.0), "medium": (56.0, 66.0), "large": (74.0, 82.0)}
_WIDTHS = {"small": (42.0, 47.0), "medium": (62.0, 70.0), "large": (82.0, 90.0)}
#: A subject that shares the picture is no wider than this.
_SHARED_WIDTH = 54.0


@dataclass(frozen=True)
class Layout:
    """`position`, `size` and `accessory` are tokens of the vocabulary."""

    position: str = "centre"
    size: str = "medium"
    accessory: str = "none"

    @property
    def shared(self) -> bool:
        """Whether the subject must leave one side of the picture free."""
        return self.position != "centre" or self.accessory in BESIDE


#: In the middle, of middle size, alone.
PLAIN = Layout()


@dataclass(frozen=True)
class Placement:
    """Where a figure stands in the 100 x 100 box: ground point, scale (height of the unit box), mirrored or not.

    `beside` is the x of an accessory.
    """

    x: float
    ground: float
    scale: float
    mirrored: bool
    beside: float = 0.0


def _share(words: str) -> float:
    """A number in 0..1 that every process agrees on."""
    return hashlib.sha256(words.encode()).digest()[0] / 256


def pair_held_out(kind: str, word: str) -> bool:
    """Whether no generator trains on this kind with this scene or accessory, so that one can ask for what is new."""
    if word in vocabulary.ACCESSORY_PHRASES:
        return _share(f"{kind} + {word}") < _HELD_OUT_ACCESSORIES
    return word in _LATER_SCENES and _share(f"{kind} @ {word}") < _HELD_OUT_SCENES


def held_out_pairs() -> tuple[tuple[str, str], ...]:
    """All kinds with the scenes and accessories nobody trains them with."""
    words = (*vocabulary.tokens(vocabulary.SCENES), *vocabulary.ACCESSORY_PHRASES)
    return tuple((k, w) for k in vocabulary.tokens(vocabulary.KINDS) for w in words if pair_held_out(k, w))


def draw_scene(rng: random.Random, kind: str, *, every_pair: bool = False) -> str:
    """A scene for this kind; held-out pairs only where asked for."""
    scenes = vocabulary.tokens(vocabulary.SCENES)
    return rng.choice([scene for scene in scenes if every_pair or not pair_held_out(kind, scene)])


def draw_layout(rng: random.Random, kind: str, *, every_pair: bool = False) -> Layout:
    """A large subject stands alone in the centre: there is no room for more."""
    size = rng.choice(("small", "large")) if rng.random() < SIZE_SHARE else "medium"
    position, accessory = "centre", "none"
    if size != "large" and rng.random() < ACCESSORY_SHARE / (1 - SIZE_SHARE / 2):
        known = [a for a in vocabulary.ACCESSORY_PHRASES if every_pair or not pair_held_out(kind, a)]
        accessory = rng.choice(known)
    if size != "large" and rng.random() < SIDE_SHARE / (1 - SIZE_SHARE / 2):
        position = rng.choice(("left", "right"))
    return Layout(position, size, accessory)


def place(rng: random.Random, figure: Figure, layout: Layout) -> Placement:
    """The longer side is held to the size's range; a figure to one side stays inside the picture."""
    bounds = figure.bounds()
    widest = rng.uniform(*_WIDTHS[layout.size])
    widest = min(widest, _SHARED_WIDTH) if layout.shared else widest
    scale = min(rng.uniform(*_HEIGHTS[layout.size]) / bounds.height(), widest / bounds.width())
    half = bounds.width() * scale / 2
    side = {"left": -1, "right": 1}.get(layout.position) or rng.choice((-1, 1))
    offset = 0.0
    if layout.position != "centre":
        offset = min(rng.uniform(20, 24), 47 - half)
    elif layout.accessory in BESIDE:
        offset = rng.uniform(4, 7)
    x = 50 + side * offset if offset else rng.uniform(46, 54)
    beside = 50 - side * (rng.uniform(26, 32) if layout.position != "centre" else rng.uniform(34, 37))
    return Placement(x, rng.uniform(86, 92), scale, rng.random() < 0.5, beside)
