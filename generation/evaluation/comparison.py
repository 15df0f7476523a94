"""Methods set side by side: each cell is drawn, its subject found, and judged beside what words alone draw.

Pictures are drawn under bfloat16, every method alike, a third faster; what enters and leaves a step is float32. That no
claim hangs on it can be asked by a comparison in float32 throughout.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from generation.evaluation.cells import Cell, Figures
from generation.evaluation.locating import subject_places
from generation.evaluation.methods import Method, Ours, Prepared
from generation.evaluation.metrics import drift, figures, leak, variety
from generation.evaluation.plan import Planned
from generation.spec import MaskDials
from generation.studio.autoencoder import to_pictures, to_tensor
from generation.studio.drawing import How, Trial
from generation.studio.loading import StudioParts
from generation.studio.vision_networks import StudioEvaluator

Precision = Literal["bfloat16", "float32"]
#: The mask is made once: without influence nothing reads it.
PLAIN: Final = How(influence=0.0, dials=MaskDials(stop_step=1))


class Comparison:
    """Measures cells of the methods it was given.

    model: digest of the base, which all methods share. folder: where pictures that words alone draw are kept, since all
    are set beside them.
    """

    def __init__(
        self,
        parts: StudioParts,
        evaluator: StudioEvaluator,
        model: str,
        folder: Path,
        precision: Precision = "bfloat16",
    ) -> None:
        self.parts, self.evaluator, self.model, self.folder = parts, evaluator, model, folder
        self.precision = precision
        self.plain = Ours("words alone", parts, PLAIN)
        self._methods: dict[tuple[str, str, str], Method] = {}
        self._plans: dict[tuple[str, str, int], Planned] = {}
        self._prepared: dict[tuple[str, str, str, str], Prepared] = {}
        self._costs: dict[tuple[str, str, str, str], Figures] = {}

    def cells(self, method: Method, plans: Sequence[Planned]) -> list[Cell]:
        """One a plan; from now on they can be measured."""
        made = [self._cell(method, plan) for plan in plans]
        for cell, plan in zip(made, plans, strict=True):
            self._methods[cell.alike] = method
            self._plans[plan.individual, plan.prompt, plan.seed] = plan
        return made

    def measure(self, cells: Sequence[Cell]) -> list[Figures]:
        """Of cells that are alike, see `metrics`; with the steps and seconds their subject cost at test time."""
        plans, method = [self._plan(cell) for cell in cells], self._methods[cells[0].alike]
        rows, portraits = [plan.trial for plan in plans], torch.cat([plan.portrait for plan in plans])
        pictures = self._drawn(method, cells, rows)
        plain = self._plain(cells, rows, pictures if method is self.plain else None)
        places, plain_places = (subject_places(self.parts, x, rows) for x in (pictures, plain))
        found = figures(self.evaluator, pictures, rows, places, portraits)
        before = figures(self.evaluator, plain, rows, plain_places)
        drifts = drift(pictures, plain, places, plain_places)
        for place, cell in enumerate(cells):
            costs = leak(found[place]["surroundings"], before[place]["surroundings"])
            found[place] |= {"leak": costs, "drift": drifts[place]}
            found[place] |= self._costs.get((*cell.alike, cell.individual), _cost(Prepared()))
        _add_variety(found, cells, pictures)
        return found

    def pictures(self, method: Method, plans: Sequence[Planned]) -> Tensor:
        """(n, 3, 128, 128), to be looked at."""
        cells = self.cells(method, plans)
        return self._drawn(method, cells, [plan.trial for plan in plans])

    def _cell(self, method: Method, plan: Planned) -> Cell:
        settings = {**method.settings, "precision": self.precision}
        return Cell(
            model=self.model,
            method=method.name,
            settings=settings,
            individual=plan.individual,
            prompt=plan.prompt,
            seed=plan.seed,
        )

    def _plan(self, cell: Cell) -> Planned:
        return self._plans[cell.individual, cell.prompt, cell.seed]

    def _drawn(self, method: Method, cells: Sequence[Cell], rows: Sequence[Trial]) -> Tensor:
        """Those of one individual together where something was learnt for it."""
        if not method.per_subject:
            return self._draw(method, rows, Prepared())
        drawn = []
        for _, group in groupby(zip(cells, rows, strict=True), key=lambda pair: pair[0].individual):
            members = list(group)
            prepared = self._preparation(method, *members[0])
            drawn.append(self._draw(method, [row for _, row in members], prepared))
        return torch.cat(drawn)

    def _draw(self, method: Method, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        narrow = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            return method.draw(rows, prepared).float()

    def _preparation(self, method: Method, cell: Cell, row: Trial) -> Prepared:
        """Once an individual; only the latest is held in memory."""
        key = (*cell.alike, cell.individual)
        if key not in self._prepared:
            made = method.prepare(row)
            self._prepared, self._costs[key] = {key: made}, _cost(made)
        return self._prepared[key]

    def _plain(self, cells: Sequence[Cell], rows: Sequence[Trial], drawn: Tensor | None) -> Tensor:
        """What words alone draw of the same trials; kept as files."""
        paths = [self._path(cell) for cell in cells]
        missing = [place for place, path in enumerate(paths) if drawn is not None or not path.exists()]
        if missing:
            made = drawn if drawn is not None else self._draw(self.plain, [rows[i] for i in missing], Prepared())
            for place, picture in zip(missing, to_pictures(made), strict=True):
                self._keep(paths[place], picture)
        if drawn is not None:
            return drawn
        return to_tensor(np.stack([np.asarray(Image.open(path)) for path in paths]))

    def _path(self, cell: Cell) -> Path:
        return self.folder / f"{self._cell(self.plain, self._plan(cell)).digest()}.png"

    def _keep(self, path: Path, picture: npt.NDArray[np.uint8]) -> None:
        """Whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        Image.fromarray(picture).save(partial, "PNG")
        partial.replace(path)


def _cost(prepared: Prepared) -> Figures:
    return {"test_time_steps": float(prepared.steps), "test_time_seconds": prepared.seconds}


def _add_variety(found: Sequence[Figures], cells: Sequence[Cell], pictures: Tensor) -> None:
    """To cells of which the same batch holds another seed."""
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        together[cell.individual, cell.prompt].append(place)
    for places in together.values():
        if len(places) > 1:
            varied = variety(pictures[places])
            for place in places:
                found[place]["variety"] = varied
