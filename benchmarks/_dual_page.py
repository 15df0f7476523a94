"""The part of docs/explanation/proof.md that `./run bench dual --write` makes, with its plot and page of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks._dual_findings import COST, Findings
from benchmarks._dual_points import OURS
from benchmarks._dual_sheet import write_sheet
from generation.evaluation.pareto import Spot, pareto
from generation.evaluation.points import ATTRIBUTES, COLUMNS, Point, paired, shared_keys, table
from generation.studio.looking import evaluator_figures

BEGIN: Final = "<!-- made by ./run bench dual --write: begin -->"
END: Final = "<!-- made by ./run bench dual --write: end -->"
#: Figures of which a part left out is judged.
PARTS: Final = {name: COLUMNS[name] for name in ("similarity", "attributes kept", "text match", "leak", "drift")}
#: Rows of the page of pictures: every so manyeth prompt of the first individuals.
SHOWN: Final = 8


def write_page(findings: Findings, docs: Path) -> None:
    """Replaces what stands between BEGIN and END. Raises ValueError for a page without them."""
    page, images = docs / "explanation" / "proof.md", docs / "images" / "dual"
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the figures: give it the lines {BEGIN} and {END}")
    images.mkdir(parents=True, exist_ok=True)
    (images / "pareto.svg").write_text(_plot(findings), encoding="utf-8")
    entries = [entry for entry in findings.main if not entry.label.endswith(("scoring", "masks"))]
    entries += [entry for entry in findings.sweeps if entry.shown]
    plans = findings.few
    step = len(plans) // len({plan.individual for plan in plans}) + 1  # another individual and another prompt each row
    write_sheet(findings.comparison, entries, plans[::step][:SHOWN], images / "pictures.jpg")
    made = "\n\n".join([BEGIN, *_sections(findings), END])
    page.write_text(before + made + after, encoding="utf-8")


def _sections(findings: Findings) -> list[str]:
    main, few, dials = findings.main_points, findings.few_points, findings.dial_points
    parts = [
        _verdicts(findings),
        "### All individuals",
        table(main, COLUMNS),
        "What is kept of the reference, attribute by attribute:",
        table(main, ATTRIBUTES),
        "### What each part of the method is worth",
        "Ours less the other, cell by cell, with 95 % intervals. Leak and drift are better low.",
        _parts_left_out(main),
        "### References taken in another scene",
        table(findings.elsewhere_points, COLUMNS),
        _parts_left_out(findings.elsewhere_points),
        "### Every curve",
        "![similarity against text match, a curve a method](../images/dual/pareto.svg)",
        table(few, COLUMNS),
        "What a new subject costs before its first picture:",
        table([one for one in few if one.label == OURS or one.mean("test_time_steps").mean > 0], COST),
    ]
    if dials:
        parts += ["### The dials of ours", table(dials, COLUMNS)]
    parts += ["### How far the evaluator can be trusted", _evaluator(findings)]
    return [*parts, "### Pictures", "![the same noise, drawn by every method](../images/dual/pictures.jpg)"]


def _verdicts(findings: Findings) -> str:
    head = ["| claim | measured | |", "| --- | --- | --- |"]
    return "\n".join([*head, *(str(verdict) for verdict in findings.verdicts())])


def _parts_left_out(main: Sequence[Point]) -> str:
    ours = next((one for one in main if one.label == OURS), None)
    lines = [f"| ours less | {' | '.join(PARTS)} |", f"| --- |{' ---: |' * len(PARTS)}"]
    for other in main:
        if ours is not None and other is not ours and shared_keys([ours, other]):
            found = [paired(ours, other, figure) for figure in PARTS.values()]
            cells = [f"{i.mean:+.3f} <small>{i.low:+.3f} to {i.high:+.3f}</small>" for i in found]
            lines.append(f"| {other.label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _evaluator(findings: Findings) -> str:
    """Its share of right answers on drawings no stage has seen, and on the same once through the autoencoder."""
    drawn = evaluator_figures(findings.comparison.evaluator)
    decoded = evaluator_figures(findings.comparison.evaluator, findings.comparison.parts.autoencoder)
    lines = [f"| named rightly | {' | '.join(drawn)} |", f"| --- |{' ---: |' * len(drawn)}"]
    for name, shares in (("held-out drawings", drawn), ("the same, decoded from their latents", decoded)):
        lines.append(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares.values())} |")
    return "\n".join(lines)


def _plot(findings: Findings) -> str:
    curves = {
        name: [Spot(one.mean("similarity"), one.mean("text_match"), word) for word, one in spots]
        for name, spots in findings.curves.items()
    }
    for one in findings.few_points:
        if one.label in findings.lone:
            curves[one.label] = [Spot(one.mean("similarity"), one.mean("text_match"))]
    return pareto(curves, x_title="similarity to the reference", y_title="text match")
