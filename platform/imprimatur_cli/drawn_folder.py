"""A folder of stamped pictures and the list of what was drawn into it: go on where a former run stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generation.reference_cache import ReferenceCache
from governance.canonical import sha256_hex
from imprimatur_cli.drawing import Job, drawn, facts_of, loaded, stamped
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.stamping import signer, write_whole

if TYPE_CHECKING:
    from generation.pipeline import RealCustomPipeline


@dataclass(frozen=True)
class DrawnFolder:
    """list_name: the JSON file that says what was drawn, by the digest of its spec."""

    folder: Path
    list_name: str
    language: Language

    def fill(self, jobs: Sequence[Job]) -> dict[str, Any]:
        """Draw what is missing; the list, complete. Raises CommandError for a folder that is something else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        first = jobs[0]
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(say("loading", self.language, profile=first.spec.profile), total=len(jobs))
            pipeline = loaded(first.spec.profile, first.device)
            progress.update(task, description=say("drawing", self.language))
            index, cache = self._index(pipeline), ReferenceCache()
            for job in jobs:
                key = job.spec.digest()
                if not self._is_there(index["cells"].get(key)):
                    index["cells"][key] = self._draw(pipeline, job, cache)
                    self.write(index)
                progress.advance(task)
        return index

    def write(self, index: dict[str, Any]) -> None:
        """The list, whole or not at all."""
        write_whole(self.folder / self.list_name, (json.dumps(index, indent=1) + "\n").encode())

    def _index(self, pipeline: RealCustomPipeline) -> dict[str, Any]:
        """What was drawn here before, by the same weights; other weights begin anew."""
        model = dict(pipeline.parts.digests)
        path = self.folder / self.list_name
        if not path.exists():
            if any(self.folder.iterdir()):
                raise CommandError(f"{self.folder} holds other files: name a new folder, or one of a former run")
            return {"model": model, "cells": {}}
        try:
            known: dict[str, Any] = json.loads(path.read_text())
            return known if known["model"] == model else {"model": model, "cells": {}}
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} is no list of pictures ({error}): name a new folder") from error

    def _is_there(self, known: dict[str, Any] | None) -> bool:
        """Under the name that is listed: two files with the same pixels ask for one picture."""
        if known is None:
            return False
        path = self.folder / known["file"]
        return path.is_file() and sha256_hex(path.read_bytes()) == str(known["sha256"])

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
            "seconds": round(sum(result.seconds.values()), 3),
            "spec": job.spec.to_json(),
        }
