"""Templates for what the shipped studio model can draw, in the phrases it was taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from generation.studio.vocabulary import (
    ACCESSORIES,
    ACCESSORY_PHRASES,
    POSITION_PHRASES,
    POSITIONS,
    SCENE_PHRASES,
    SCENES,
    SIZES,
    Term,
)

Choice = tuple[str, str, str]  # English token, English label, Japanese label


def variable(name: str, english: str, japanese: str, choices: list[Choice]) -> dict[str, Any]:
    """A template's variable with its labelled options."""
    options = [{"token": token, "label": {"en": en, "ja": ja}} for token, en, ja in choices]
    return {"name": name, "label": {"en": english, "ja": japanese}, "options": options}


def _scenes(*tokens: str) -> list[Choice]:
    return [(SCENE_PHRASES[s.token], s.token.capitalize(), s.ja) for s in SCENES if not tokens or s.token in tokens]


def _said(terms: tuple[Term, ...], phrases: dict[str, str]) -> list[Choice]:
    """Those that are put into words; the others are what a prompt gets by saying nothing."""
    return [(phrases[t.token], t.token.capitalize(), t.ja) for t in terms if t.token in phrases]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A template of the demo. `approved`: false leaves it waiting for a reviewer."""

    name_en: str
    name_ja: str
    text: str
    variables: tuple[dict[str, Any], ...]
    approved: bool = True


_LIGHT: Final = variable(
    "light",
    "Light",
    "光",
    [
        ("soft light", "Soft", "やわらかい光"),
        ("warm light", "Warm", "あたたかい光"),
        ("studio light", "Studio", "スタジオ照明"),
    ],
)
_STYLE: Final = variable(
    "style",
    "Style",
    "スタイル",
    [
        ("a photo of", "Photo", "写真"),
        ("an illustration of", "Illustration", "イラスト"),
        ("a picture of", "Picture", "絵"),
    ],
)

WORDINGS: Final = (
    Wording(
        name_en="Anywhere",
        name_ja="どこでも",
        text="a {subject} {place}",
        variables=(variable("place", "Place", "場所", _scenes()),),
    ),
    Wording(
        name_en="Season campaign",
        name_ja="季節のキャンペーン",
        text="a photo of a {subject} {season}, {light}",
        variables=(variable("season", "Season", "季節", _scenes("beach", "snow", "forest", "mountains")), _LIGHT),
    ),
    Wording(
        name_en="Product page",
        name_ja="商品ページ",
        text="a product photo of a {subject} {place}, {light}",
        variables=(variable("place", "Place", "場所", _scenes("studio", "kitchen")), _LIGHT),
    ),
    Wording(
        name_en="Out and about",
        name_ja="おでかけ",
        text="{style} a {subject} {place}, bright colours",
        variables=(_STYLE, variable("place", "Place", "場所", _scenes("city", "beach", "desert", "mountains"))),
    ),
    Wording(
        name_en="Evening mood",
        name_ja="夕暮れと夜",
        text="an advertisement with a {subject} {time}",
        variables=(variable("time", "Time", "時間帯", _scenes("sunset", "night")),),
    ),
    Wording(
        name_en="In company",
        name_ja="小物と一緒に",
        text="a {subject} {company} {place}, {side}",
        variables=(
            variable("company", "With", "一緒に置くもの", _said(ACCESSORIES, ACCESSORY_PHRASES)),
            variable("place", "Place", "場所", _scenes()),
            variable("side", "Side", "位置", _said(POSITIONS, POSITION_PHRASES)),
        ),
    ),
    Wording(
        name_en="Big or small",
        name_ja="大きく、小さく",
        text="a {size} {subject} {place}",
        variables=(
            variable("size", "Size", "大きさ", _said(SIZES, {"small": "small", "large": "large"})),
            variable("place", "Place", "場所", _scenes()),
        ),
    ),
    Wording(
        name_en="Winter greeting",
        name_ja="冬のごあいさつ",
        text="an illustration of a {subject} {place}, friendly flat illustration",
        variables=(variable("place", "Place", "場所", _scenes("snow", "mountains", "night")),),
        approved=False,
    ),
)
