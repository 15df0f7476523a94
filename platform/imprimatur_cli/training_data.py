"""What `imprimatur train` may learn from: which pictures say no, and what was left out, told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from PIL import Image
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from generation.training.dataset import Inspection, inspect_folder
from governance.c2pa_binding import extract
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.translation import translated

TOLD: Final = 20
_LABELS: Final = ("cawg.training-mining", "c2pa.training-mining")
_USES: Final = ("ai_training", "ai_generative_training")


def inspected(folder: Path, min_side: int, language: Language, *, own_work: bool) -> Inspection:
    """Look at every record, with a progress line. Raises UnusableData."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(say("train_inspecting", language), total=None)
        return inspect_folder(
            folder,
            min_side,
            veto=None if own_work else _veto,
            on_record=lambda done: progress.update(task, completed=done),
        )


def tell_inspection(found: Inspection, language: Language) -> None:
    """The report, on stderr: how many records, and the reason of each of the first that were left out."""
    counts = {"good": len(found.records), "bad": len(found.rejected), "folder": found.folder}
    sys.stderr.write(say("train_inspected", language, **counts) + "\n")
    for rejected in found.rejected[:TOLD]:
        sys.stderr.write(f"  {rejected.name}: {translated(rejected.reason, language)}\n")
    if len(found.rejected) > TOLD:
        sys.stderr.write(say("train_more", language, count=len(found.rejected) - TOLD) + "\n")


def facts_of(found: Inspection) -> dict[str, Any]:
    """The report for machines."""
    rejected = [{"name": r.name, "code": r.code, "reason": r.reason} for r in found.rejected]
    return {"pairs": len(found.records), "rejected": rejected, "reasons": found.reasons(), "data": found.digest()}


def _veto(path: Path) -> str:
    if not forbids_training(path):
        return ""
    return "its content credentials refuse training: ask whoever made it, or say --own-work if it is yours"


def forbids_training(path: Path) -> bool:
    """Whether the picture's content credentials refuse that a model is trained on it, as every picture of ours does."""
    with Image.open(path) as image:
        mime = Image.MIME.get(image.format or "", "")
    try:
        store = extract(path.read_bytes(), mime, "")
    except ValueError:
        return False  # unreadable credentials say nothing; the picture itself was decoded before
    if not store:
        return False
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    return any(_refuses(assertion) for assertion in active.get("assertions", []))


def _refuses(assertion: dict[str, Any]) -> bool:
    if not str(assertion.get("label", "")).startswith(_LABELS):
        return False
    data = assertion.get("data", {})
    entries = (json.loads(data) if isinstance(data, str) else data).get("entries", {})
    return any(use.endswith(_USES) and said.get("use") != "allowed" for use, said in entries.items())
