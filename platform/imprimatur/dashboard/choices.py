"""What a picture may be used for and where: slugs the rights are asked about, labels in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from governance.sentences import CHANNELS, CONTEXTS, PURPOSES, TREATMENTS

Choices = list[tuple[str, str | Promise]]

# ISO 3166-1 alpha-2, the markets our users ask for; "*" is the whole world.
TERRITORIES: Final[dict[str, Promise]] = {
    "JP": _("Japan"),
    "US": _("United States"),
    "GB": _("United Kingdom"),
    "DE": _("Germany"),
    "FR": _("France"),
    "IT": _("Italy"),
    "ES": _("Spain"),
    "KR": _("South Korea"),
    "TW": _("Taiwan"),
    "CN": _("China"),
    "HK": _("Hong Kong"),
    "SG": _("Singapore"),
    "TH": _("Thailand"),
    "IN": _("India"),
    "AU": _("Australia"),
    "CA": _("Canada"),
    "BR": _("Brazil"),
    "*": _("Worldwide"),
}


# Of the texts a picture appears with, each in its own words; "" where there is none.
LANGUAGES: Final[dict[str, str | Promise]] = {
    "": _("No text, or not decided"),
    "ja": "日本語",
    "en": "English",
    "zh": "中文",
    "ko": "한국어",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "th": "ไทย",
}


def channels() -> Choices:
    """Where a picture may appear."""
    return _localised(CHANNELS)


def purposes() -> Choices:
    """What a picture may be for."""
    return _localised(PURPOSES)


def contexts() -> Choices:
    """What a consent may forbid."""
    return _localised(CONTEXTS)


def treatments() -> Choices:
    """How a mark may be shown."""
    return _localised(TREATMENTS)


def languages() -> Choices:
    """Of the text around a picture."""
    return list(LANGUAGES.items())


def spoken() -> Choices:
    """Languages that a consent may be limited to; every language first."""
    return [("*", _("Every language")), *((code, name) for code, name in LANGUAGES.items() if code)]


def countries() -> Choices:
    """Without the whole world: what a consent may leave out."""
    return [(code, name) for code, name in TERRITORIES.items() if code != "*"]


def territories() -> Choices:
    """Countries, and the whole world last."""
    return list(TERRITORIES.items())


def use_label(field: str, slug: str) -> str:
    """The word for a stored channel, purpose or territory; the slug itself when it is the tenant's own."""
    if field == "territory":
        return str(TERRITORIES.get(slug, slug))
    known = {"channel": CHANNELS, "purpose": PURPOSES, "context": CONTEXTS, "treatment": TREATMENTS}[field]
    return str(dict(_localised(known)).get(slug, slug))


def _localised(pairs: Mapping[str, tuple[str, str]]) -> Choices:
    column = 1 if (get_language() or "en").startswith("ja") else 0
    return [(slug, words[column][:1].upper() + words[column][1:]) for slug, words in pairs.items()]
