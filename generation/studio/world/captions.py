"""The captions of drawn pictures: kind and layout always, looks three times in four, filler words now and then."""

import random
import string

from generation.studio import vocabulary
from generation.studio.world.individual import Individual
from generation.studio.world.layout import Layout

OPENINGS = (
    "a photo of",
    "a picture of",
    "an image of",
    "a product photo of",
    "an advertisement with",
    "an illustration of",
)
CLOSINGS = (
    "soft light",
    "studio light",
    "high quality",
    "bright colours",
    "clean background",
    "professional product photo",
    "friendly flat illustration",
    "warm light",
)
#: How often a caption tells colour and pattern, and then the second colour and the emblem; how often it frames them.
TRIM_SHARE, ACCENT_SHARE, EMBLEM_SHARE = 0.75, 0.6, 0.7
OPENING_SHARE, CLOSING_SHARE, STRANGER_SHARE, NOWHERE_SHARE = 0.25, 0.12, 0.04, 0.03


def _article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def subject_phrase(
    individual: Individual,
    *,
    size: str = "medium",
    colour: bool = False,
    accent: bool = False,
    pattern: bool = False,
    emblem: bool = False,
) -> str:
    """ "a large red and white striped bottle with a star", or less, as the flags say."""
    words = [size] if size != "medium" else []
    if colour:
        words.append(f"{individual.main} and {individual.accent}" if accent else individual.main)
    if pattern and individual.pattern != "plain":
        words.append(individual.pattern)
    phrase = _article(" ".join([*words, individual.kind]))
    return f"{phrase} with {_article(individual.emblem)}" if emblem and individual.emblem != "none" else phrase


def placed_phrase(subject: str, scene: str | None, layout: Layout) -> str:
    """The subject, then what comes with it, then the scene, then its side of the picture."""
    words = [subject]
    if layout.accessory != "none":
        words.append(vocabulary.ACCESSORY_PHRASES[layout.accessory])
    if scene is not None:
        words.append(vocabulary.SCENE_PHRASES[scene])
    phrase = " ".join(words)
    return phrase if layout.position == "centre" else f"{phrase}, {vocabulary.POSITION_PHRASES[layout.position]}"


def _stranger(rng: random.Random) -> str:
    """A word nobody taught, so that unknown words of a user's prompt do little harm."""
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 6)))


def _framed(rng: random.Random, phrase: str) -> str:
    phrase = f"{rng.choice(OPENINGS)} {phrase}" if rng.random() < OPENING_SHARE else phrase
    phrase = f"{phrase}, {_stranger(rng)}" if rng.random() < STRANGER_SHARE else phrase
    return f"{phrase}, {rng.choice(CLOSINGS)}" if rng.random() < CLOSING_SHARE else phrase


def caption_for(rng: random.Random, individual: Individual, scene: str, layout: Layout) -> str:
    """A random caption of at most about 30 words for this individual in this scene, laid out so."""
    trimmed = rng.random() < TRIM_SHARE
    subject = subject_phrase(
        individual,
        size=layout.size,
        colour=trimmed,
        accent=rng.random() < ACCENT_SHARE,
        pattern=trimmed,
        emblem=trimmed and rng.random() < EMBLEM_SHARE,
    )
    return _framed(rng, placed_phrase(subject, None if rng.random() < NOWHERE_SHARE else scene, layout))


def plain_caption_for(rng: random.Random, individual: Individual, scene: str, layout: Layout) -> str:
    """Nothing of the looks: colours, pattern and emblem are for the reference to bring."""
    return _framed(rng, placed_phrase(subject_phrase(individual, size=layout.size), scene, layout))
