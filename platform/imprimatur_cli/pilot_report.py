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
background:#faf8f4;color:#3c3834;line-height:1.6}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;
border-bottom:1px solid #ded8d0}td.n,th.n{text-align:right}img{max-width:11rem;display:block;border-radius:.25rem}
figure{display:inline-block;margin:.4rem;width:11rem;vertical-align:top;font-size:.8rem}tr.best{background:#f0e6dc}
.yes{color:#3c6a2c;font-weight:600}.no{color:#a0341c;font-weight:600}ul{margin:0;padding-left:1.1rem}
"""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is shown. shown: stamped PNG of a candidate that was drawn from. pictures: stamped PNG of each trial."""

    language: Language
    bar: Bar
    found: Findings
    candidates: Sequence[Candidate]
    shown: Mapping[str, bytes]
    done: Mapping[Trial, Outcome]
    pictures: Mapping[Trial, bytes]

    def html(self) -> str:
        """The whole page."""
        title = self._say("title")
        parts = [self._summary(), self._references(), self._templates(), self._dials(), self._gallery()]
        return (
            f'<!doctype html>\n<html lang="{self.language}"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
        )

    def _say(self, key: str, **values: object) -> str:
        return escape(say(f"pilot_{key}", self.language, **values))

    def _summary(self) -> str:
        overall, best = self.found.overall, self.found.best
        if best is None:
            told = [self._say("unscored")]
        elif overall.seconds_per_usable is None:
            told = [self._say("none_usable")]
        else:
            use = {"scope": f"{best[0]:g}", "quantity": f"{best[1]:g}"}
            each = {"each": f"{overall.seconds:.1f}", "pictures": _figure(overall.pictures_per_usable, 1)}
            told = [
                self._say("found", usable=overall.usable, scored=overall.scored, **use),
                self._say("cost", seconds=_figure(overall.seconds_per_usable, 1), **each),
            ]
        bar = {"similarity": f"{self.bar.similarity:g}", "text_match": f"{self.bar.text_match:g}"}
        told += [self._say("bar", holds=f"{HOLDS:.0%}", **bar), self._say("stamped")]
        return "".join(f"<p>{sentence}</p>" for sentence in told)

    def _references(self) -> str:
        heads = ["reference", "word", "photo", "reasons", *TALLIED]
        rows = []
        for candidate in self.candidates:
            reasons = "".join(f"<li>{escape(reason)}</li>" for reason in candidate.reasons)
            cells = [
                _image(self.shown.get(candidate.name), candidate.name) + escape(candidate.name),
                escape(candidate.word),
                self._say(candidate.verdict),
                f"<ul>{reasons}</ul>" if reasons else "–",
            ]
            rows.append(_row(cells, self._tallied(self.found.references.get(candidate.name))))
        return self._table("references", heads, rows)

    def _templates(self) -> str:
        rows = [_row([escape(name)], self._tallied(tally)) for name, tally in self.found.templates.items()]
        return self._table("templates", ["template", *TALLIED], rows)

    def _dials(self) -> str:
        rows = []
        for dials, tally in self.found.dials.items():
            best = dials == self.found.best
            tallied = self._tallied(tally)
            tallied[-1] = f'<span class="yes">{self._say("use")}</span>' if best else ""
            rows.append(_row([f"{dials[0]:g}", f"{dials[1]:g}"], tallied, best=best))
        return self._table("dials", ["scope", "quantity", *TALLIED], rows)

    def _gallery(self) -> str:
        parts = [f"<h2>{self._say('pictures')}</h2>"]
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

    def _table(self, title: str, heads: Sequence[str], rows: Sequence[str]) -> str:
        head = "".join(f"<th{' class=n' if key in NUMBERS else ''}>{self._say(key)}</th>" for key in heads)
        return f"<h2>{self._say(title)}</h2>\n<table><tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"

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


def _row(cells: Sequence[str], tallied: Sequence[str], *, best: bool = False) -> str:
    *numbers, verdict = tallied
    plain = "".join(f"<td>{cell}</td>" for cell in cells)
    counted = "".join(f'<td class="n">{cell}</td>' for cell in numbers)
    return f"<tr{' class=best' if best else ''}>{plain}{counted}<td>{verdict}</td></tr>"


def _image(png: bytes | None, text: str) -> str:
    if png is None:
        return ""
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{b64encode(png).decode()}">'


def _figure(value: float | None, places: int = 2) -> str:
    return "–" if value is None else f"{value:.{places}f}"
