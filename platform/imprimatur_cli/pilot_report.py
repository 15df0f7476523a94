"""The report of a pilot: one HTML file with everything in it, no script, nothing fetched. Pictures come in stamped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from imprimatur_cli.pilot_plan import HOLDS, Bar, Findings, Outcome, Tally, Trial
from imprimatur_cli.pilot_references import Candidate
from imprimatur_cli.sentences import Language, say

STYLE: Final = """
body{font-family:system-ui,"Hiragino Sans","Noto Sans JP",sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
background:#faf8f4;color:#3c3834;line-height:1.6;overflow-wrap:break-word}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;
border-bottom:1px solid #ded8d0}td.n,th.n{text-align:right}td.n{white-space:nowrap}
td:first-child{overflow-wrap:anywhere}img{max-width:11rem;display:block;border-radius:.25rem}
figure{display:inline-block;margin:.4rem;width:11rem;vertical-align:top;font-size:.8rem}tr.best{background:#f0e6dc}
.yes{color:#3c6a2c;font-weight:600}.no{color:#a0341c;font-weight:600}ul{margin:0;padding-left:1.1rem}
section{background:#fff;border:1px solid #ded8d0;border-radius:.5rem;padding:.2rem 1.2rem 1rem}.note{font-size:.85rem}
@media(max-width:48rem){table,tbody,tr,td{display:block}tr:first-child{display:none}tr{padding:.6rem 0;
border-bottom:1px solid #ded8d0}td,td.n{border:0;padding:.1rem 0;text-align:left}td[data-head]::before{content:
attr(data-head)": ";color:#6b645c}figure{width:calc(50% - .9rem)}figure img{max-width:100%}}
"""


@dataclass(frozen=True)
class Row:
    """Cells of a table, as HTML."""

    cells: Sequence[str]
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is shown.

    shown: stamped PNG of a candidate that was drawn from. pictures: stamped PNG of each trial that is shown. untaught:
    what the model does not know of a template, or of a word that candidates show.
    """

    language: Language
    bar: Bar
    found: Findings
    candidates: Sequence[Candidate]
    shown: Mapping[str, bytes]
    done: Mapping[Trial, Outcome]
    pictures: Mapping[Trial, bytes]
    untaught: Mapping[str, Sequence[str]]

    def html(self) -> str:
        """The whole page."""
        title = self._say("title")
        parts = [self._to_do(), self._references(), self._templates(), self._dials(), self._gallery(), self._counted()]
        return (
            f'<!doctype html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
            f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
        )

    def _say(self, key: str, **values: object) -> str:
        return escape(say(f"pilot_{key}", self.language, **values))

    def _to_do(self) -> str:
        """What somebody who orders pictures has to decide, most important first."""
        told = [*self._outcome(), *self._which_references(), *self._which_templates()]
        items = "".join(f"<li>{item}</li>" for item in told)
        return f"<section><h2>{self._say('do')}</h2><ul>{items}</ul></section>"

    def _outcome(self) -> list[str]:
        overall, best = self.found.overall, self.found.best
        if best is None:
            return [self._say("unscored")]
        if overall.seconds_per_usable is None:
            return [self._say("none_usable")]
        dials = {"scope": f"{best[0]:g}", "quantity": f"{best[1]:g}"}
        minutes = f"{overall.seconds_per_usable * 100 / 60:.0f}"
        each = {"each": f"{overall.seconds:.1f}", "pictures": _figure(overall.pictures_per_usable, 1)}
        return [
            self._say("set", usable=overall.usable, scored=overall.scored, **dials),
            self._say("cost", seconds=_figure(overall.seconds_per_usable, 1), minutes=minutes, **each),
        ]

    def _which_references(self) -> list[str]:
        tallies = {c.name: self.found.references.get(c.name) for c in self.candidates}
        good = [name for name, tally in tallies.items() if tally and tally.holds]
        bad = [c for c in self.candidates if not (t := tallies[c.name]) or (t.scored and not t.holds)]
        told = [self._say("use_references", names=self._names(good))] if good else []
        if bad:
            rows = "".join(f"<li>{escape(c.name)}: {self._why(c, tallies[c.name])}</li>" for c in bad)
            told.append(f"{self._say('retake')}<ul>{rows}</ul>")
        return told

    def _why(self, candidate: Candidate, tally: Tally | None) -> str:
        if candidate.reasons or tally is None:
            return escape(" ".join(candidate.reasons))
        return self._say("seldom", usable=tally.usable, scored=tally.scored)

    def _which_templates(self) -> list[str]:
        tallies = self.found.templates.items()
        good = [name for name, tally in tallies if tally.holds]
        bad = [name for name, tally in tallies if tally.scored and not tally.holds]
        told = [self._say("keep_templates", names=self._names(good))] if good else []
        told += [self._say("change_templates", names=self._names(bad))] if bad else []
        words = list(dict.fromkeys(word for unknown in self.untaught.values() for word in unknown))
        return told + ([self._say("untaught", words=self._names(words))] if words else [])

    def _names(self, names: Sequence[str]) -> str:
        return "".join(f"「{name}」" for name in names) if self.language == "ja" else ", ".join(f"“{n}”" for n in names)

    def _counted(self) -> str:
        bar = {"similarity": f"{self.bar.similarity:g}", "text_match": f"{self.bar.text_match:g}"}
        told = [self._say("bar", holds=f"{HOLDS:.0%}", **bar), self._say("stamped")]
        return f"<h2>{self._say('counted')}</h2>" + "".join(f'<p class="note">{sentence}</p>' for sentence in told)

    def _references(self) -> str:
        heads = ["reference", "word", "photo", "reasons", *TALLIED]
        rows = []
        for candidate in self.candidates:
            reasons = "".join(f"<li>{escape(reason)}</li>" for reason in candidate.reasons)
            cells = [
                _image(self.shown.get(candidate.name), candidate.name) + escape(candidate.name),
                self._asked(candidate.word),
                self._say(candidate.verdict),
                f"<ul>{reasons}</ul>" if reasons else "–",
            ]
            rows.append(Row([*cells, *self._tallied(self.found.references.get(candidate.name))]))
        return self._table("references", heads, rows)

    def _templates(self) -> str:
        rows = [Row([self._asked(name), *self._tallied(tally)]) for name, tally in self.found.templates.items()]
        return self._table("templates", ["template", *TALLIED], rows)

    def _asked(self, text: str) -> str:
        """A template or a word, with what the model does not know of it."""
        words = self.untaught.get(text, ())
        note = f'<br><span class="note">{self._say("untaught", words=self._names(words))}</span>' if words else ""
        return escape(text) + note

    def _dials(self) -> str:
        rows = []
        for dials, tally in self.found.dials.items():
            best = dials == self.found.best
            tallied = self._tallied(tally)
            tallied[-1] = f'<span class="yes">{self._say("use")}</span>' if best else ""
            rows.append(Row([f"{dials[0]:g}", f"{dials[1]:g}", *tallied], best))
        return self._table("dials", ["scope", "quantity", *TALLIED], rows)

    def _gallery(self) -> str:
        parts = [f"<h2>{self._say('pictures')}</h2>"]
        if len(self.pictures) < len(self.done):
            parts.append(f"<p>{self._say('at_best')}</p>")
        for name in self.found.references:
            figures = [self._figure(trial) for trial in self.pictures if trial.reference == name]
            parts.append(f"<h3>{escape(name)}</h3>" + "".join(figures))
        return "\n".join(parts)

    def _figure(self, trial: Trial) -> str:
        outcome = self.done[trial]
        usable = outcome.usable(self.bar)
        mark = "" if usable is None else f'<span class="{"yes" if usable else "no"}">{"✓" if usable else "✗"}</span> '
        dials = f"{self._say('scope')} {trial.scope:g}, {self._say('quantity')} {trial.quantity:g}"
        scores = (
            f"{self._say('similarity')} {_figure(outcome.similarity)}, "
            f"{self._say('text_match')} {_figure(outcome.text_match)}"
        )
        told = f"{mark}{escape(trial.template)}<br>{dials}, {self._say('seed', seed=trial.seed)}<br>{scores}"
        return f"<figure>{_image(self.pictures[trial], trial.template)}<figcaption>{told}</figcaption></figure>"

    def _table(self, title: str, heads: Sequence[str], rows: Sequence[Row]) -> str:
        kinds = ["n" if key in NUMBERS else "" for key in heads]
        head = "".join(f'<th class="{kind}">{self._say(key)}</th>' for key, kind in zip(heads, kinds, strict=True))
        body = "\n".join(self._row(row, heads, kinds) for row in rows)
        return f"<h2>{self._say(title)}</h2>\n<table><tr>{head}</tr>\n{body}\n</table>"

    def _row(self, row: Row, heads: Sequence[str], kinds: Sequence[str]) -> str:
        """On a narrow screen a row is a card, and each cell says what it is."""
        cells = "".join(
            f'<td class="{kind}" data-head="{self._say(key)}">{cell}</td>'
            for cell, key, kind in zip(row.cells, heads, kinds, strict=True)
        )
        return f"<tr{' class=best' if row.best else ''}>{cells}</tr>"

    def _tallied(self, tally: Tally | None) -> list[str]:
        """The columns TALLIED, each a cell's content."""
        if tally is None:
            return ["–"] * (len(TALLIED) - 1) + [f'<span class="no">{self._say("not_drawn")}</span>']
        verdict = "–" if tally.share is None else self._say("holds" if tally.holds else "fails")
        return [
            f"{tally.usable} / {tally.scored}",
            _figure(tally.similarity),
            _figure(tally.text_match),
            _figure(tally.pictures_per_usable, 1),
            f'<span class="{"yes" if tally.holds else "no"}">{verdict}</span>',
        ]


TALLIED: Final = ("usable", "similarity", "text_match", "per_usable", "verdict")
NUMBERS: Final = frozenset(TALLIED[:-1])


def _image(png: bytes | None, text: str) -> str:
    if png is None:
        return ""
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{b64encode(png).decode()}">'


def _figure(value: float | None, places: int = 2) -> str:
    return "–" if value is None else f"{value:.{places}f}"
