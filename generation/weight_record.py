"""What lies in a model's folder, and is it what was fetched? `weights.json` keeps each file's digest, source, licence.

No torch: the worker, the command line and pages may ask.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from generation.downloads import file_sha256
from generation.profiles import Profile
from generation.weight_files import WeightFile, Weights

RECORD: Final = "weights.json"
PUBLISHED, FIRST = "published", "recorded at first download"
FileState = Literal["there", "partial", "missing"]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One file as it was fetched. sha256 (hex); size in bytes; known: `published`, or `recorded at first download`."""

    sha256: str
    size: int
    source: str
    licence: str
    known: str


def models_folder() -> Path | None:
    """IMPRIMATUR_MODELS: a folder with one sub-folder for each model that is not shipped."""
    named = os.environ.get("IMPRIMATUR_MODELS")
    return Path(named) if named else None


def read_record(folder: Path) -> dict[str, Recorded]:
    """Path in the folder -> what was recorded; empty where nothing was fetched. ValueError for a damaged record."""
    path = folder / RECORD
    if not path.is_file():
        return {}
    return {name: Recorded(**entry) for name, entry in json.loads(path.read_text()).items()}


def record(folder: Path, path: str, entry: Recorded) -> None:
    """Add one file; the record is whole at any time."""
    known = {name: asdict(old) for name, old in read_record(folder).items()} | {path: asdict(entry)}
    scratch = folder / f"{RECORD}.new"
    scratch.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    scratch.replace(folder / RECORD)


def state(folder: Path, file: WeightFile) -> FileState:
    """Whether loading will find it; `partial` where a download was interrupted."""
    if (folder / file.needed).is_file():
        return "there"
    begun = (folder / f"{path}.part" for path in (file.path, file.needed))
    return "partial" if (folder / file.path).is_file() or any(p.is_file() for p in begun) else "missing"


def missing(folder: Path, part: Weights) -> list[str]:
    """The part's files that are not there, as paths in the folder."""
    return [file.needed for file in part.files if state(folder, file) != "there"]


def problems(folder: Path, profile: Profile) -> list[str]:
    """Everything wrong with the files of a model's folder, one sentence each. Reads every byte: minutes for SDXL."""
    recorded = read_record(folder)
    found = []
    for part in profile.weights:
        lacking = [] if part.optional else missing(folder, part)
        found += [f"{path} is missing: imprimatur weights get {profile.name}" for path in lacking]
        present = [file.needed for file in part.files if state(folder, file) == "there"]
        found += [sentence for path in present if (sentence := _doubt(folder, path, recorded.get(path)))]
    return found


def _doubt(folder: Path, path: str, entry: Recorded | None) -> str:
    """What is wrong with one file, or nothing."""
    if entry is None:
        return f"{path} is not on record: nobody noted where it came from or under which licence"
    if file_sha256(folder / path) != entry.sha256:
        return f"{path} is not the file that was fetched from {entry.source}: delete it and get it again"
    return "" if entry.licence else f"{path} has no licence on record"
