"""What makes one product this product: its proportions, its two colours, its pattern, its emblem."""

import hashlib
import random
from dataclasses import dataclass

from generation.studio import vocabulary

COLOUR_RGB: dict[str, tuple[int, int, int]] = {
    "red": (222, 50, 52),
    "orange": (247, 138, 36),
    "yellow": (252, 212, 58),
    "green": (48, 163, 86),
    "blue": (38, 104, 214),
    "purple": (128, 66, 186),
    "pink": (250, 138, 186),
    "brown": (134, 82, 46),
    "black": (46, 46, 54),
    "white": (246, 246, 242),
}
#: Pairs too close to read as two colours.
_CLOSE = {frozenset(pair) for pair in (("red", "orange"), ("brown", "black"), ("red", "pink"), ("blue", "purple"))}
_HELD_OUT_SHARE = 0.1
#: How often plain and patterned individuals carry an emblem.
_EMBLEM_SHARES = (0.75, 0.35)


@dataclass(frozen=True)
class Individual:
    """One thing of the drawn world; `proportions` are three numbers in 0..1 each kind reads in its own way."""

    kind: str
    proportions: tuple[float, float, float]
    main: str
    accent: str
    pattern: str
    emblem: str

    @property
    def held_out(self) -> bool:
        """Whether no stage may train on it: decided by a hash of the individual, so every process agrees."""
        digest = hashlib.sha256(repr(self).encode()).digest()
        return digest[0] < 256 * _HELD_OUT_SHARE


def _draw(rng: random.Random, kinds: tuple[str, ...]) -> Individual:
    colours = vocabulary.tokens(vocabulary.COLOURS)
    pattern = rng.choice(vocabulary.tokens(vocabulary.PATTERNS))
    main = rng.choice(colours)
    emblems = [emblem for emblem in vocabulary.tokens(vocabulary.EMBLEMS) if emblem != "none"]
    accent = rng.choice([c for c in colours if c != main and frozenset((c, main)) not in _CLOSE])
    return Individual(
        kind=rng.choice(kinds),
        proportions=(round(rng.random(), 2), round(rng.random(), 2), round(rng.random(), 2)),
        main=main,
        accent=accent,
        pattern=pattern,
        emblem=rng.choice(emblems) if rng.random() < _EMBLEM_SHARES[pattern != "plain"] else "none",
    )


def draw_individual(rng: random.Random, *, kinds: tuple[str, ...], held_out: bool = False) -> Individual:
    """A random individual of one of `kinds`, from the training split or from the held-out one."""
    individual = _draw(rng, kinds)
    while individual.held_out != held_out:
        individual = _draw(rng, kinds)
    return individual
