"""What is kept beside a picture to explain it: numbers, never pixels. `out.png` has `out.explain.npz`, no pickles."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from generation.spec import GenerationSpec
from generation.tracing import Explanation
from governance.canonical import sha256_hex
from imprimatur_cli.failures import CommandError

if TYPE_CHECKING:
    from generation.pipeline import DrawResult

SUFFIX: Final = ".explain.npz"
LEVELS: Final = 255  # masks are kept in so many steps


@dataclass(frozen=True, kw_only=True)
class KeptExplanation:
    """masks (steps, h, w) in [0, 1], the union of the subjects'; sha256 (hex) of the picture's file."""

    spec: GenerationSpec
    sha256: str
    masks: NDArray[np.float32]
    area: list[float]
    notes: list[str]
    scores: dict[str, float]
    explanation: Explanation | None

    @classmethod
    def of(cls, spec: GenerationSpec, result: DrawResult, picture: bytes) -> Self:
        """What a fresh result says about the stamped `picture`."""
        return cls(
            spec=spec,
            sha256=sha256_hex(picture),
            masks=result.masks,
            area=list(result.mask_area),
            notes=[note.sentence for note in result.notes],
            scores=dict(result.scores),
            explanation=result.explanation,
        )

    def to_bytes(self) -> bytes:
        """An npz of two plain arrays: masks in bytes, and the rest as JSON text."""
        facts: dict[str, Any] = {
            "spec": self.spec.to_json(),
            "sha256": self.sha256,
            "area": [round(share, 4) for share in self.area],
            "notes": self.notes,
            "scores": self.scores,
            "explanation": self.explanation.to_json() if self.explanation else None,
        }
        text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, masks=(self.masks * LEVELS).round().astype(np.uint8), facts=text)
        return buffer.getvalue()

    @classmethod
    def read(cls, picture: Path) -> Self:
        """What lies beside the picture. CommandError where nothing does, or something else."""
        path = sidecar(picture)
        if not path.is_file():
            raise CommandError(f"{path} is missing: draw the picture with --explain")
        try:
            with np.load(path, allow_pickle=False) as kept:
                masks, facts = kept["masks"].astype(np.float32) / LEVELS, json.loads(kept["facts"].tobytes())
            told = facts["explanation"]
            return cls(
                spec=GenerationSpec.from_json(facts["spec"]),
                sha256=facts["sha256"],
                masks=masks,
                area=facts["area"],
                notes=facts["notes"],
                scores=facts["scores"],
                explanation=Explanation.from_json(told) if told else None,
            )
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise CommandError(f"{path} is no explanation of ours ({error}): draw the picture again") from error


def sidecar(picture: Path) -> Path:
    """Where the explanation of a picture lies."""
    return picture.with_suffix(SUFFIX)


def check_digests(kept: KeptExplanation, given: Sequence[str]) -> None:
    """CommandError unless the references given are those the picture was drawn from, in order."""
    drawn = [digest for subject in kept.spec.subjects for digest in subject.reference_digests]
    if given and list(given) != drawn:
        raise CommandError("these are not the references the picture was drawn from, in their order")
