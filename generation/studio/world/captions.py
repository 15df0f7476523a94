"""The captions of drawn pictures: the kind always, colour and pattern half the time, filler words now and then."""

import random
import string

from generation.studio.vocabulary import SCENE_PHRASES
from generation.studio.world.individual import Individual

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
TRIM_SHARE, EMBLEM_SHARE, OPENING_SHARE, CLOSING_SHARE, STRANGER_SHARE, NOWHERE_SHARE = (
    0.5,
    0.35,
    0.3,
    0.15,
    0.05,
    0.04,
)


def _article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def subject_phrase(individual: Individual, *, colour: bool, pattern: bool, emblem: bool) -> str:
    """ "a red striped bottle with a star", or less, as the flags say."""
    words = [individual.kind]
    if pattern and individual.pattern != "plain":
        words.insert(0, individual.pattern)
    if colour:
        words.insert(0, individual.main)
    phrase = _article(" ".join(words))
    return f"{phrase} with {_article(individual.emblem)}" if emblem and individual.emblem != "none" else phrase


def _stranger(rng: random.Random) -> str:
    """A word nobody taught, so that unknown words of a user's prompt do little harm."""
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 6)))


def caption_for(rng: random.Random, individual: Individual, scene: str) -> str:
    """A random caption of at most about 20 words for this individual in this scene."""
    trimmed = rng.random() < TRIM_SHARE
    words = [
        subject_phrase(individual, colour=trimmed, pattern=trimmed, emblem=trimmed and rng.random() < EMBLEM_SHARE)
    ]
    if rng.random() > NOWHERE_SHARE:
        words.append(SCENE_PHRASES[scene])
    if rng.random() < OPENING_SHARE:
        words.insert(0, rng.choice(OPENINGS))
    caption = " ".join(words)
    if rng.random() < STRANGER_SHARE:
        caption = f"{caption}, {_stranger(rng)}"
    return f"{caption}, {rng.choice(CLOSINGS)}" if rng.random() < CLOSING_SHARE else caption


def plain_caption_for(rng: random.Random, individual: Individual, scene: str) -> str:
    """Kind and scene only: colours and pattern are for the reference to bring."""
    caption = f"{_article(individual.kind)} {SCENE_PHRASES[scene]}"
    caption = f"{rng.choice(OPENINGS)} {caption}" if rng.random() < OPENING_SHARE else caption
    return f"{caption}, {rng.choice(CLOSINGS)}" if rng.random() < CLOSING_SHARE else caption
