"""Which marks must this picture carry when it goes out? Places and content in, labels and metadata out.

A pure function over a dated, sourced table (`label_rules.toml`): `today` is passed in. It says what is to be shown and
embedded, and why; `label_drawing` and `xmp` carry it out. Not legal advice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from governance.errors import InvalidRules

Person = Literal["none", "real", "invented"]
Mark = Literal["iptc", "aigc", "system", "signed", "watermark"]

TABLE: Final = Path(__file__).with_name("label_rules.toml")
INTERNAL: Final = "internal"
EVERYWHERE: Final = "*"
# The 27 member states, November 2026.
# fmt: off
EU: Final = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
    "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
)
# fmt: on
_OF_MANY: Final = {"EU": EU, "EL": ("GR",)}  # the Union writes EL for Greece
_CODE: Final = re.compile(
    r"(?!AA|Q[M-Z]|X[A-JL-Z]|ZZ)[A-Z]{2}(-[A-Z0-9]{1,3})?"
)  # what ISO 3166 leaves open is no place
_CONDITIONS: Final = {"photoreal": bool, "advertisement": bool, "person": str}


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is released, and where.

    territories: ISO 3166 codes, states too, or "*"; a text that is none meets every rule.
    language: of the text around it, "" for unsaid. channel: "internal" is a draft.
    person: none shown, a real one (somebody's likeness), or an invented one. photoreal: could pass for a photograph.
    """

    territories: tuple[str, ...]
    channel: str = ""
    language: str = ""
    person: Person = "none"
    advertisement: bool = False
    photoreal: bool = True


@dataclass(frozen=True, kw_only=True)
class Show:
    """A visible label. texts: by language, `default` where the use names another. height: share of the short side."""

    texts: Mapping[str, str]
    default: str
    height: float
    icon: bool = False

    def text(self, language: str) -> str:
        """In the language of the use if the rule has it."""
        return self.texts.get(language.partition("-")[0].lower(), self.texts[self.default])


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table."""

    id: str
    places: tuple[str, ...]
    law: str
    article: str
    in_force: date
    source: str
    read_on: date
    because: Mapping[str, str]
    show: Show | None = None
    embed: tuple[Mark, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)
    voluntary: bool = False

    def covers(self, content: Content, today: date) -> bool:
        """Whether the rule asks anything of this content on this day."""
        is_there = _meet(content.territories, self.places)
        return is_there and today >= self.in_force and all(getattr(content, k) == v for k, v in self.when.items())

    def reason(self, language: str) -> str:
        """Why it applies, in English or Japanese."""
        return self.because["ja" if language.lower().startswith("ja") else "en"]


@dataclass(frozen=True, kw_only=True)
class VisibleLabel:
    """What is drawn: each text with the height of its letters, a share of the short side; an AI sign in front."""

    lines: tuple[tuple[str, float], ...]
    icon: bool


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What one picture must carry. table: the rules' date. rules: those that apply, in the table's order."""

    table: str
    rules: tuple[Rule, ...]
    visible: VisibleLabel | None
    embedded: frozenset[Mark]

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """For manifests and records."""
        return tuple(rule.id for rule in self.rules)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, to be kept with the release."""
        return {
            "table": self.table,
            "rules": list(self.rule_ids),
            "lines": [text for text, _ in self.visible.lines] if self.visible else [],
            "heights": [height for _, height in self.visible.lines] if self.visible else [],
            "icon": bool(self.visible and self.visible.icon),
            "embedded": sorted(self.embedded),
        }


def compile_labels(content: Content, today: date) -> Labels:
    """Every rule that applies, and what they ask together: each text once, in the largest letters, and every mark."""
    table, rules = read_rules()
    applied = tuple(rule for rule in rules if rule.covers(content, today))
    shows = [rule.show for rule in applied if rule.show is not None and content.channel != INTERNAL]
    return Labels(
        table=table,
        rules=tuple(r for r in applied if r.embed or content.channel != INTERNAL),
        visible=_together(shows, content.language) if shows else None,
        embedded=frozenset(mark for rule in applied for mark in rule.embed),
    )


@lru_cache(maxsize=4)
def read_rules(path: Path = TABLE) -> tuple[str, tuple[Rule, ...]]:
    """The table's date and its rules. Raises InvalidRules naming the rule that cannot be used."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return str(said["table"]), tuple(_rule(row) for row in said["rule"])


def _together(shows: list[Show], language: str) -> VisibleLabel:
    lines: dict[str, float] = {}
    for show in shows:
        text = show.text(language)
        lines[text] = max(show.height, lines.get(text, 0.0))
    return VisibleLabel(lines=tuple(lines.items()), icon=any(show.icon for show in shows))


def _meet(territories: tuple[str, ...], places: tuple[str, ...]) -> bool:
    """A state meets its country's rules and a country its states'. Where nobody knows what is meant, all rules hold."""
    asked = _spread(territories)
    everywhere = EVERYWHERE in (*asked, *places) or any(not _CODE.fullmatch(code) for code in asked)
    return everywhere or any(_touch(one, other) for one in asked for other in _spread(places))


def _touch(one: str, other: str) -> bool:
    return one == other or one == other.partition("-")[0] or other == one.partition("-")[0]


def _spread(places: tuple[str, ...]) -> frozenset[str]:
    """Countries for the EU; a draft that names no place has none."""
    codes = (place.strip().upper() for place in places)
    return frozenset(part for code in codes if code for part in _OF_MANY.get(code, (code,)))


def _rule(row: dict[str, Any]) -> Rule:
    try:
        values = dict(row)
        values["places"] = tuple(values["places"])
        values["embed"] = tuple(values.get("embed", ()))
        if show := values.pop("show", None):
            values["show"] = Show(
                texts=show["text"], default=show["default"], height=float(show["height"]), icon=show.get("icon", False)
            )
        rule = Rule(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRules(f"label rule {row.get('id', '?')}: {error}") from error
    _check(rule)
    return rule


def _check(rule: Rule) -> None:
    unknown = [f"mark {m}" for m in rule.embed if m not in get_args(Mark)]
    unknown += [f"condition {k}" for k, v in rule.when.items() if not isinstance(v, _CONDITIONS.get(k, type(None)))]
    if rule.show and rule.show.default not in rule.show.texts:
        unknown.append(f"default language {rule.show.default}")
    if {"en", "ja"} - set(rule.because):
        unknown.append("reason: it needs English and Japanese")
    if unknown:
        raise InvalidRules(f"label rule {rule.id}: unknown {', '.join(unknown)}")
