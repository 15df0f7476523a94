"""The part of docs/explanation/proof.md that `./run bench dual --write` makes, with its plots and pages of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks._dual_findings import COST, LONE, Both, Findings
from benchmarks._dual_points import OURS, PLAIN, TRUTH
from benchmarks._dual_sheet import Column, write_sheet
from benchmarks._dual_tables import difference_table, parts_left_out, shares_table, trainings, verdict_table
from generation.evaluation.pareto import Spot, pareto
from generation.evaluation.plan import Planned
from generation.evaluation.points import ATTRIBUTES, COLUMNS, Point, table

BEGIN: Final = "<!-- made by ./run bench dual --write: begin -->"
END: Final = "<!-- made by ./run bench dual --write: end -->"
IMAGES: Final = "../images/dual"
#: Rows of a page of pictures.
SHOWN: Final = 8
WALL, ELSEWHERE = "wall", "elsewhere"


@dataclass(frozen=True)
class Report:
    """What the page tells. contests: the shipped model first.

    precision: each method as compared, and in float32. longer: Textual Inversion from the fewest steps to the most.
    trusted: the evaluator's share of right answers, by what it was shown and what it was asked.
    """

    contests: Sequence[Both]
    precision: Sequence[tuple[Point, Point]]
    longer: Sequence[Point]
    trusted: Mapping[str, Mapping[str, float]]


def write_page(report: Report, docs: Path) -> None:
    """Replaces what stands between BEGIN and END. Raises ValueError for a page without them."""
    page, images = docs / "explanation" / "proof.md", docs / "images" / "dual"
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the figures: give it the lines {BEGIN} and {END}")
    images.mkdir(parents=True, exist_ok=True)
    for found in report.contests:
        for where, findings in _places(found):
            if findings.curves:
                (images / _plot_name(found, where)).write_text(_plot(findings), encoding="utf-8")
    for where in (WALL, ELSEWHERE):
        _write_pictures(report, where, images)
    page.write_text(before + "\n\n".join([BEGIN, *_sections(report), END]) + after, encoding="utf-8")


def _sections(report: Report) -> list[str]:
    parts = []
    for found in report.contests:
        parts += [f"### {found.contest.title}: the claims", verdict_table(found)]
    for found in report.contests:
        parts += _contest(found)
    if len(report.contests) > 1:
        rows = difference_table("pairs alone less other views", trainings(*report.contests[:2]))
        parts += ["### What other views of an individual teach", rows]
    return [*parts, *_checks(report), *_pictures()]


def _contest(found: Both) -> list[str]:
    title, wall, there = found.contest.title, found.wall, found.elsewhere
    parts = [
        f"### {title}: references before a plain wall",
        table(wall.main_points, COLUMNS),
        "What is kept of the reference, attribute by attribute:",
        table(wall.main_points, ATTRIBUTES),
        "What each part is worth, cell by cell, with 95 % intervals; leak and drift are better low:",
        difference_table("ours less", parts_left_out(wall.main_points)),
        f"### {title}: references taken in another scene",
        table(there.main_points, COLUMNS),
        difference_table("ours less", parts_left_out(there.main_points)),
    ]
    for where, findings in _places(found):
        if findings.curves:
            parts += _curves(found, where, findings)
    return parts


def _curves(found: Both, where: str, findings: Findings) -> list[str]:
    told = {WALL: "references before a plain wall", ELSEWHERE: "references taken in another scene"}[where]
    parts = [
        f"### {found.contest.title}: every curve, {told}",
        f"![similarity against text match, a curve a method]({IMAGES}/{_plot_name(found, where)})",
        _folded("Every setting", table(findings.curve_points, COLUMNS)),
    ]
    costly = [one for one in findings.curve_points if one.mean("test_time_steps").mean > 0]
    if costly:
        ours = [one for one in findings.curve_points if one.label == OURS]
        parts += ["What a new subject costs before its first picture:", table([*ours, *costly], COST)]
    if findings.dial_points:
        parts.append(_folded("The dials of ours", table(findings.dial_points, COLUMNS)))
    return parts


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _checks(report: Report) -> list[str]:
    parts = []
    if report.precision:
        rows = [(narrow.label, narrow, wide) for narrow, wide in report.precision]
        parts += ["### In float32", difference_table("bfloat16 less float32", rows)]
    if report.longer:
        parts += ["### Textual Inversion, longer", table(report.longer, {**COLUMNS, **COST})]
    return [*parts, "### How far the evaluator can be trusted", shares_table("named rightly", report.trusted)]


def _pictures() -> list[str]:
    return [
        "### Pictures",
        "The same noise in every row. References before a plain wall:",
        f"![drawn by every method, references before a plain wall]({IMAGES}/{_sheet_name(WALL)})",
        "References taken in another scene:",
        f"![drawn by every method, references taken in another scene]({IMAGES}/{_sheet_name(ELSEWHERE)})",
    ]


def _places(found: Both) -> list[tuple[str, Findings]]:
    return [(WALL, found.wall), (ELSEWHERE, found.elsewhere)]


def _plot_name(found: Both, where: str) -> str:
    return f"pareto-{found.contest.key}-{where}.svg"


def _sheet_name(where: str) -> str:
    return f"pictures-{where}.jpg"


def _plot(findings: Findings) -> str:
    """The bounds too where there is one on either side; words alone would only push the curves into a corner."""
    curves = {
        name: [Spot(one.mean("similarity"), one.mean("text_match"), word) for word, one in spots]
        for name, spots in findings.curves.items()
    }
    lone = {one.label: one for one in findings.curve_points if one.label in LONE}
    if TRUTH in lone:
        curves |= {label: [Spot(one.mean("similarity"), one.mean("text_match"))] for label, one in lone.items()}
    return pareto(curves, x_title="similarity to the reference", y_title="text match")


def _write_pictures(report: Report, where: str, images: Path) -> None:
    """The main methods of every contest, after what words alone draw."""
    columns: list[Column] = []
    for found in report.contests:
        findings = dict(_places(found))[where]
        field, place = findings.field, "" if found is report.contests[0] else found.contest.key
        columns += [Column(PLAIN, entry.method) for entry in field.main if entry.label == PLAIN and not columns]
        shown = {entry.label: entry for entry in [*field.main, *field.sweeps, *field.costly] if entry.shown}
        columns += [Column(label, entry.method, place) for label, entry in shown.items()]
    first = dict(_places(report.contests[0]))[where]
    write_sheet(first.comparison, columns, spread(first.field.several, SHOWN), images / _sheet_name(where))


def spread(plans: Sequence[Planned], count: int) -> list[Planned]:
    """So many, each of another individual, and of another prompt as far as there are some."""
    by_name: dict[str, list[Planned]] = {}
    for plan in plans:
        by_name.setdefault(plan.individual, []).append(plan)
    return [own[place % len(own)] for place, own in enumerate(list(by_name.values())[:count])]
