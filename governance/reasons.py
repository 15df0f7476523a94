"""Why not? A rule's id and the sentence a person reads, in English or Japanese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from governance.sentences import NAMES, SENTENCES

Level = Literal["refusal", "warning"]
Param = str | int | date | datetime | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One rule that speaks against something (refusal, red) or asks for attention (warning, amber).

    rule_id: stable, dotted, for logs, audits and APIs.
    sentence_key: a key of `governance.sentences.SENTENCES`; its placeholders are filled from `params`.
    """

    rule_id: str
    sentence_key: str
    params: Mapping[str, Param] = field(default_factory=dict)
    level: Level = "refusal"

    def sentence(self, language: str = "en") -> str:
        """The sentence in English, or in Japanese for "ja" and "ja-JP"."""
        column = 1 if language.lower().startswith("ja") else 0
        words = {key: _word(value, column) for key, value in self.params.items()}
        return SENTENCES[self.sentence_key][column].format(**words)

    def to_json(self) -> dict[str, object]:
        """For APIs and audit rows: the rule and both sentences."""
        return {
            "rule_id": self.rule_id,
            "level": self.level,
            "sentence": self.sentence("en"),
            "sentence_ja": self.sentence("ja"),
        }


def refusal(rule_id: str, sentence_key: str = "", **params: Param) -> Reason:
    """A red reason; the sentence has the rule's own key unless another is named."""
    return Reason(rule_id=rule_id, sentence_key=sentence_key or rule_id, params=params)


def warning(rule_id: str, sentence_key: str = "", **params: Param) -> Reason:
    """An amber reason."""
    return Reason(rule_id=rule_id, sentence_key=sentence_key or rule_id, params=params, level="warning")


def _word(value: Param, column: int) -> str:
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日" if column else f"{value:%Y-%m-%d}"
    if isinstance(value, tuple):
        return ("、" if column else ", ").join(_word(item, column) for item in value)
    if isinstance(value, str) and value in NAMES:
        return NAMES[value][column]
    return str(value)
