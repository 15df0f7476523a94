"""What the model that draws can and cannot do, in words for people; and which of its words a subject uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from generation.profiles import STUDIO
from generation.studio.vocabulary import KINDS, SCENES, Term, tokens

# The profile says these in English; here they can be translated.
LIMITS: Final[dict[str, Promise]] = {
    "anything but its own drawn world: products and people outside its word list": _(
        "Anything but its own drawn world: products and people outside its word list"
    ),
    "photographs: it draws flat illustrations of 128 x 128 pixels": _(
        "Photographs: it draws flat illustrations of 128 × 128 pixels"
    ),
    "lettering, logos and faces in detail": _("Lettering, logos and faces in detail"),
}


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Labels in the reader's language; `comma` joins them."""

    things: list[str]
    places: list[str]
    limits: list[str]
    comma: str


def studio_facts() -> ModelFacts:
    """What the shipped model knows."""
    japanese = _is_japanese()
    return ModelFacts(
        things=[_word(term, japanese) for term in KINDS],
        places=[_word(term, japanese) for term in SCENES],
        limits=[str(LIMITS.get(limit, limit)) for limit in STUDIO.cannot_draw],
        comma="、" if japanese else ", ",
    )


def knows(profile: str, word: str) -> bool:
    """Whether the model was taught this word. Of models other than the studio nothing is known, so: yes."""
    return profile != STUDIO.name or word.lower() in tokens(KINDS)


def _word(term: Term, japanese: bool) -> str:
    return term.ja if japanese else term.token


def _is_japanese() -> bool:
    return (get_language() or "en").startswith("ja")
