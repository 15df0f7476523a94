"""Does letting more of the reference in bring more likeness, and does it matter which of it?

`./run bench quantity [--json] [--minutes N] [--pictures N]`

Held-out subjects of the studio's world, drawn from the same noise at several influence quantities (the paper's
gamma_num) and judged by the evaluator, which never saw the model; intervals are bootstrapped over subjects, differences
paired. The same with as many tokens chosen at random, and with all: see `benchmarks/_scoring.py`. What was measured
is kept in IMPRIMATUR_HOME/bench (or var/bench) under the digest of the weights, and not measured again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks._report import Result, answer, asking, gate, print_gates
from benchmarks._scoring import Chosen, drawn
from generation.encoders import to_image
from generation.evaluation.bootstrap import difference, interval
from generation.evaluation.cells import Cell, CellCache, Figures, fill
from generation.evaluation.judge import StudioJudge
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.trial import STEPS, Trial, trials
from generation.studio.weights import weights_digest

PICTURES: Final = 48
QUANTITIES: Final = (0.02, 0.1, 0.2, 0.4, 0.8, 1.0)
AT_RANDOM: Final = (0.1, 0.2, 0.4, 0.8)
SCORES: Final = ("similarity", "text_match")
Way = tuple[Chosen, float]
WAYS: Final[tuple[Way, ...]] = (
    *(("trained", quantity) for quantity in QUANTITIES),
    ("all", 1.0),
    *(("random", quantity) for quantity in AT_RANDOM),
)


class Study:
    """The trials, the model and its judge, and what was measured of them."""

    def __init__(self, pictures: int, path: Path) -> None:
        self.rows = trials(pictures)
        self.cache = CellCache(path)
        self.parts, self.judge = load_studio(), StudioJudge(load_evaluator())
        self.model = weights_digest()

    def cell(self, way: Way, place: int) -> Cell:
        """One picture."""
        chosen, quantity = way
        row = self.rows[place]
        settings = {"quantity": quantity, "steps": STEPS}
        return Cell(
            model=self.model,
            method=chosen,
            settings=settings,
            individual=str(place),
            prompt=row.prompt,
            seed=row.seed,
        )

    @property
    def cells(self) -> list[Cell]:
        """All pictures of all ways."""
        return [self.cell(way, place) for way in WAYS for place in range(len(self.rows))]

    def measure(self, cells: Sequence[Cell]) -> list[Figures]:
        """Draw and judge pictures of one way."""
        rows = [self.rows[int(cell.individual)] for cell in cells]
        chosen: Any = cells[0].method
        pictures = drawn(self.parts, rows, chosen, float(cells[0].settings["quantity"]))
        return [self._judged(picture, row) for picture, row in zip(pictures, rows, strict=True)]

    def _judged(self, picture: torch.Tensor, row: Trial) -> Figures:
        scores = self.judge.scores(to_image(picture), [to_image(row.reference[0])], row.prompt)
        return {name: scores[name] for name in SCORES}

    def scores(self, way: Way, score: str) -> list[float]:
        """Of every picture of a way, in the order of the trials."""
        return [self.cache[self.cell(way, place)][score] for place in range(len(self.rows))]


def _figures(study: Study) -> list[Result]:
    """A line a way: both scores with their bounds, and the change against all tokens."""
    lines = []
    for way in WAYS:
        line: Result = {"tokens": way[0], "quantity": way[1]}
        for score in SCORES:
            own = study.scores(way, score)
            line[score] = asdict(interval(own))
            line[f"{score}, beside all tokens"] = asdict(difference(own, study.scores(("all", 1.0), score)))
        lines.append(line)
    return lines


def _steps(study: Study) -> dict[str, Result]:
    """What each rise of the quantity does to likeness."""
    found = {}
    for less, more in pairwise(QUANTITIES):
        change = difference(
            study.scores(("trained", more), "similarity"), study.scores(("trained", less), "similarity")
        )
        found[f"{less:g} -> {more:g}"] = asdict(change)
    return found


def _choice(study: Study) -> dict[str, Result]:
    """What the trained choice is worth beside as many tokens at random."""
    return {
        f"{score}, {quantity:g}": asdict(
            difference(study.scores(("trained", quantity), score), study.scores(("random", quantity), score))
        )
        for quantity in AT_RANDOM
        for score in SCORES
    }


def measure(pictures: int = PICTURES, minutes: float | None = None) -> Result:
    """All figures and gates as one JSON-ready object; without figures while pictures are left to measure."""
    study = Study(pictures, Path(os.environ.get("IMPRIMATUR_HOME", "var")) / "bench" / "quantity.jsonl")
    left = fill(study.cells, study.cache, study.measure, minutes=minutes, batch=16)
    result: Result = {
        "benchmark": "quantity",
        "model": study.model,
        "pictures": pictures,
        "left": left,
        "threads": torch.get_num_threads(),
    }
    if left:
        return result
    steps, choice = _steps(study), _choice(study)
    whole = difference(study.scores(("trained", 0.8), "similarity"), study.scores(("trained", 0.02), "similarity"))
    return result | {
        "ways": _figures(study),
        "steps": steps,
        "trained beside random": choice,
        "gates": [
            gate("no rise of the quantity lowers likeness: least upper bound", _least(steps), 0.0),
            gate("likeness, 80 % beside 2 % of the tokens", whole.mean, 0.1),
            gate("likeness at 20 %: trained beside random, lower bound", choice["similarity, 0.2"]["low"], 0.0),
            gate("text match at 80 %: trained beside random, upper bound", choice["text_match, 0.8"]["high"], 0.0),
        ],
    }


def _least(steps: dict[str, Result]) -> float:
    """Below 0 only where a fall is more than chance: its whole interval lies there."""
    return min(float(step["high"]) for step in steps.values())


def print_table(result: Result) -> None:
    """A line a way, then a line a rise, then the choice; in brackets the bounds of 95 % intervals."""
    if result["left"]:
        print(f"{result['left']} pictures are left: give the same command again")
        return
    print(f"{'tokens':<10}{'quantity':>9}" + "".join(f"{score:>26}" for score in SCORES))
    for line in result["ways"]:
        print(f"{line['tokens']:<10}{line['quantity']:>9g}" + "".join(f"{_told(line[score]):>26}" for score in SCORES))
    for title in ("steps", "trained beside random"):
        print(f"\n{title}")
        for name, change in result[title].items():
            print(f"{name:<22}{_told(change):>30}")
    print()
    print_gates(result["gates"])


def _told(figure: Result) -> str:
    return f"{figure['mean']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


if __name__ == "__main__":
    parser = asking(__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="of each way")
    parser.add_argument("--minutes", type=float, help="stop after so many; the same command goes on")
    asked = parser.parse_args()
    answer(measure(asked.pictures, asked.minutes), print_table, json=asked.json)
