"""Draw the cells of a sweep, resumably, and sum them up: sweep.json after each, then sheet.png and plot.svg."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from governance.intake import encode
from governance.provenance import read, sign_output
from imprimatur_cli.drawing import PNG, Job
from imprimatur_cli.drawn_folder import DrawnFolder
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language
from imprimatur_cli.stamping import anchors, signer, write_whole
from imprimatur_cli.sweep_plan import Cell, Scores
from imprimatur_cli.sweep_sheets import contact_sheet, plot

INDEX: Final = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """A folder of pictures and what is asked of it."""

    folder: Path
    jobs: dict[Cell, Job]
    language: Language

    def run(self) -> dict[Cell, Scores]:
        """Draw what is missing; scores of every cell. Raises CommandError for a folder that is something else."""
        pictures = DrawnFolder(self.folder, INDEX, self.language)
        index = pictures.fill(list(self.jobs.values()))
        scores = self._summed_up(index)
        pictures.write(index | {"table": [asdict(cell) | dict(scores[cell]) for cell in self.jobs]})
        return scores

    def _summed_up(self, index: dict[str, Any]) -> dict[Cell, Scores]:
        rows = {cell: index["cells"][job.spec.digest()] for cell, job in self.jobs.items()}
        scores: dict[Cell, Scores] = {cell: row["scores"] for cell, row in rows.items()}
        write_whole(self.folder / "plot.svg", plot(scores).encode())
        files = {cell: (self.folder / row["file"]).read_bytes() for cell, row in rows.items()}
        write_whole(self.folder / "sheet.png", self._stamped_sheet(files, scores))
        return scores

    def _stamped_sheet(self, files: dict[Cell, bytes], scores: dict[Cell, Scores]) -> bytes:
        """Made from every cell's picture, each with its history."""
        sheet = contact_sheet({cell: _opened(file) for cell, file in files.items()}, scores)
        facts = read(next(iter(files.values())), PNG, anchors()).facts
        if facts is None:
            raise CommandError(f"{self.folder} holds a picture without a manifest of ours: name a new folder")
        key, _ = signer()
        return sign_output(encode(sheet, PNG), PNG, facts, key, references=list(files.values()))


def _opened(file: bytes) -> Image.Image:
    with Image.open(io.BytesIO(file)) as picture:
        return picture.convert("RGB")
