"""Draw the cells of a sweep, resumably, and sum them up: sweep.json after each, then sheet.png and plot.svg."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.reference_cache import ReferenceCache
from governance.canonical import sha256_hex
from governance.intake import encode
from governance.provenance import read, sign_output
from imprimatur_cli.drawing import PNG, Job, drawn, facts_of, loaded, stamped
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.stamping import anchors, signer, write_whole
from imprimatur_cli.sweep_plan import Cell, Scores
from imprimatur_cli.sweep_sheets import contact_sheet, plot

if TYPE_CHECKING:
    from generation.pipeline import RealCustomPipeline

INDEX: Final = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """A folder of pictures and what is asked of it."""

    folder: Path
    jobs: dict[Cell, Job]
    language: Language

    def run(self) -> dict[Cell, Scores]:
        """Draw what is missing; scores of every cell. Raises CommandError for a folder that is something else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        first = next(iter(self.jobs.values()))
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(say("loading", self.language, profile=first.spec.profile), total=len(self.jobs))
            pipeline = loaded(first.spec.profile, first.device)
            progress.update(task, description=say("drawing", self.language))
            index, cache = self._index(pipeline), ReferenceCache()
            for job in self.jobs.values():
                key = job.spec.digest()
                if not self._is_there(job, index["cells"].get(key)):
                    index["cells"][key] = self._draw(pipeline, job, cache)
                    self._write(index)
                progress.advance(task)
        return self._summed_up(index)

    def _index(self, pipeline: RealCustomPipeline) -> dict[str, Any]:
        """What was drawn here before, by the same weights; other weights begin anew."""
        model = dict(pipeline.parts.digests)
        path = self.folder / INDEX
        if not path.exists():
            if any(self.folder.iterdir()):
                raise CommandError(f"{self.folder} holds other files: name a new folder, or one of a former sweep")
            return {"model": model, "cells": {}}
        try:
            known: dict[str, Any] = json.loads(path.read_text())
            return known if known["model"] == model else {"model": model, "cells": {}}
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} is no list of a sweep ({error}): name a new folder") from error

    def _is_there(self, job: Job, known: dict[str, Any] | None) -> bool:
        return known is not None and job.output.is_file() and sha256_hex(job.output.read_bytes()) == known["sha256"]

    def _draw(self, pipeline: RealCustomPipeline, job: Job, cache: ReferenceCache) -> dict[str, Any]:
        result = drawn(pipeline, job, cache=cache)
        key, _ = signer()
        picture = stamped(job, result, facts_of(job, result), key)
        write_whole(job.output, picture)
        return {
            "file": job.output.name,
            "sha256": sha256_hex(picture),
            "pixel_digest": result.pixel_digest,
            "scores": result.scores,
            "warnings": result.warnings,
            "spec": job.spec.to_json(),
        }

    def _write(self, index: dict[str, Any]) -> None:
        write_whole(self.folder / INDEX, (json.dumps(index, indent=1) + "\n").encode())

    def _summed_up(self, index: dict[str, Any]) -> dict[Cell, Scores]:
        rows = {cell: index["cells"][job.spec.digest()] for cell, job in self.jobs.items()}
        scores: dict[Cell, Scores] = {cell: row["scores"] for cell, row in rows.items()}
        write_whole(self.folder / "plot.svg", plot(scores).encode())
        files = {cell: (self.folder / row["file"]).read_bytes() for cell, row in rows.items()}
        write_whole(self.folder / "sheet.png", self._stamped_sheet(files, scores))
        self._write(index | {"table": [asdict(cell) | dict(scores[cell]) for cell in self.jobs]})
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
