"""Tables of proof.md: verdicts, and one method less another, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from benchmarks._dual_findings import Both
from benchmarks._dual_points import ADAPTER, NO_MASK, OURS
from generation.evaluation.points import COLUMNS, Point, paired, shared_keys

#: Figures of which a difference is told.
PARTS: Final = {name: COLUMNS[name] for name in ("similarity", "attributes kept", "text match", "leak", "drift")}

Pair = tuple[str, Point, Point]  # name of the row, what stands first, what is taken off


def verdict_table(found: Both) -> str:
    """A row each claim, by where the references were taken."""
    lines = ["| claim | references before a plain wall | references in another scene |", "| --- | --- | --- |"]
    for claim, (wall, there) in found.verdicts().items():
        lines.append(f"| {claim} | {wall or 'not asked'} | {there or 'not asked'} |")
    return "\n".join(lines)


def difference_table(head: str, pairs: Iterable[Pair]) -> str:
    """The mean of what stands first less the other, with its interval, on the cells that both have."""
    lines = [f"| {head} | {' | '.join(PARTS)} | pictures |", f"| --- |{' ---: |' * (len(PARTS) + 1)}"]
    for name, ours, other in pairs:
        count = len(shared_keys([ours, other]))
        if count:
            found = [paired(ours, other, figure) for figure in PARTS.values()]
            cells = [f"{i.mean:+.3f} <small>{i.low:+.3f} to {i.high:+.3f}</small>" for i in found]
            lines.append(f"| {name} | {' | '.join(cells)} | {count} |")
    return "\n".join(lines)


def parts_left_out(points: Sequence[Point]) -> list[Pair]:
    """Ours and every other."""
    ours = next((one for one in points if one.label == OURS), None)
    return [(other.label, ours, other) for other in points if ours is not None and other is not ours]


def trainings(these: Both, those: Both) -> list[Pair]:
    """The same methods with one training of the branch and with another, for both kinds of references."""
    found = []
    for place, ours, theirs in (
        ("plain wall", these.wall, those.wall),
        ("another scene", these.elsewhere, those.elsewhere),
    ):
        first, second = (_named(findings.main_points) for findings in (ours, theirs))
        for label in (OURS, NO_MASK, ADAPTER):
            pair = _starting(first, label), _starting(second, label)
            if pair[0] is not None and pair[1] is not None:
                found.append((f"{pair[0].label}; {place}", pair[0], pair[1]))
    return found


def shares_table(head: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Shares in 0..1 with the same names in every row. Raises ValueError for no row."""
    if not rows:
        raise ValueError("nothing to tell: give at least one row")
    names = list(next(iter(rows.values())))
    lines = [f"| {head} | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    lines += [f"| {row} | {' | '.join(f'{shares[name]:.3f}' for name in names)} |" for row, shares in rows.items()]
    return "\n".join(lines)


def _named(points: Sequence[Point]) -> dict[str, Point]:
    return {one.label: one for one in points}


def _starting(named: Mapping[str, Point], label: str) -> Point | None:
    """That of exactly this label, or of one of its settings' scale."""
    return named.get(label) or next((one for name, one in named.items() if name.startswith(f"{label}, scale")), None)
