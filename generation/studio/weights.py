"""Where do the shipped weights lie, and are they the ones that were released? No torch."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"
#: Of the release: where the visual branch lies.
VISUAL_BRANCH = Path("vision") / "visual.safetensors"


class WeightsMissing(FileNotFoundError):
    """There is no studio model in this installation; the message names the folder and the command that makes one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no studio weights in {folder}: train them, then run python -m generation.studio.ship")


class WeightsAltered(ValueError):
    """A file of the studio model isn't the released one; the message names it."""


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Lists every file under `folder` with its SHA-256, beside `facts` about the training."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    files = {path.relative_to(folder).as_posix(): file_digest(path) for path in paths}
    (folder / MANIFEST).write_text(json.dumps({**facts, "files": files}, indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path = WEIGHTS) -> dict[str, Any]:
    """The manifest. Raises WeightsMissing."""
    if not (folder / MANIFEST).is_file():
        raise WeightsMissing(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return manifest


def verify(folder: Path = WEIGHTS) -> None:
    """Compares every listed file with its SHA-256. Raises WeightsMissing or WeightsAltered."""
    for name, digest in read_manifest(folder)["files"].items():
        path = folder / name
        if not path.is_file() or file_digest(path) != digest:
            raise WeightsAltered(f"studio weights: {name} is missing or altered; restore it from the release")


def weights_digest(folder: Path = WEIGHTS) -> str:
    """One SHA-256 (hex) for all that draws; what is written about it may change. Raises WeightsMissing."""
    return _digest(folder, lambda name: not name.endswith(".md"))


def base_digest(folder: Path = WEIGHTS) -> str:
    """The same of all but the visual branch: what learnt on this base still belongs to it when another branch ships."""
    return _digest(folder, lambda name: not name.endswith(".md") and Path(name) != VISUAL_BRANCH)


def _digest(folder: Path, counts: Callable[[str], bool]) -> str:
    files = {name: digest for name, digest in read_manifest(folder)["files"].items() if counts(name)}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
