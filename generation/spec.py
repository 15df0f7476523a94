"""What to draw: the one description a page, an API call, a worker and the command line share.

Standard library only, so that the web side may import it without torch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

Guidance = Literal["release", "paper"]
MaskNorm = Literal["max_norm", "min_max_norm", "min_max_per_channel"]
MaskSelect = Literal["top_k", "threshold"]
Effort = Literal["exact", "fast"]
MAX_SUBJECTS = 4


class InvalidSpec(ValueError):
    """A dial is outside its range; the message names the dial, its range and the value."""


@dataclass(frozen=True, kw_only=True)
class MaskDials:
    """How the guidance mask is made (RealCustom, section 3.3).

    scope: share of latent positions the mask keeps, in (0, 1] (the paper's gamma_scope).
    binary: kept positions count as 1 instead of keeping their normalised score.
    stop_step: the mask is frozen after this many steps; None never freezes it.
    refine: spread the word's map along self-attention before positions are kept (M <- A_self M).
    """

    scope: float = 0.25
    norm: MaskNorm = "min_max_per_channel"
    select: MaskSelect = "top_k"
    binary: bool = False
    stop_step: int | None = 12
    refine: bool = False


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where a subject may be: left, top, right, bottom as shares of the picture, in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        """Raise InvalidSpec for an empty box, or one that leaves the picture."""
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InvalidSpec(
                "a box needs 0 <= left < right <= 1 and 0 <= top < bottom <= 1, as shares of the picture; "
                f"not {self.left}, {self.top}, {self.right}, {self.bottom}"
            )


@dataclass(frozen=True, kw_only=True)
class SubjectSpec:
    """One real word of the prompt and what it is narrowed to.

    word: word or phrase of the prompt. reference_digests: SHA-256 (hex) of its reference files, in order.
    box: bounds the scope of the word; None is the whole picture. sketch_digest: SHA-256 (hex) of a greyscale picture
    that does the same in any shape, white where the subject may be; empty for none.
    quantity, scope: of this subject alone; None takes the spec's.
    """

    word: str
    reference_digests: tuple[str, ...]
    box: Box | None = None
    sketch_digest: str = ""
    quantity: float | None = None
    scope: float | None = None

    def __post_init__(self) -> None:
        """Raise InvalidSpec for a dial outside its range."""
        if not self.word.strip():
            raise InvalidSpec("word is empty: name the word of the prompt that is the subject")
        if self.quantity is not None:
            _require("quantity", self.quantity, 0.01, 1.0)
        if self.scope is not None:
            _require("mask scope", self.scope, 0.01, 1.0)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Unknown keys are ignored."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["reference_digests"] = tuple(values["reference_digests"])
        if isinstance(values.get("box"), dict):
            values["box"] = Box(**values["box"])
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class GenerationSpec:
    """One picture to draw.

    profile: which model (`generation.profiles`).
    word: the real word or phrase of `prompt` that is narrowed to the reference.
    reference_digests: SHA-256 (hex) of the reference files, in order.
    quantity: share of visual tokens that get in, in (0, 1] (the paper's gamma_num).
    guidance_scale: weight of classifier-free guidance, 1 turns it off; None is the profile's own.
    width, height: pixels; 0 is the profile's own size.
    box, sketch_digest: bound the scope of `word`, see `SubjectSpec`.
    others: further subjects, each with a word and references of its own.
    effort: `exact` reproduces the method; `fast` saves work where little is lost.
    explain: also keep how much each word and each visual token acted.
    """

    profile: str
    prompt: str
    word: str
    seed: int
    reference_digests: tuple[str, ...]
    negative_prompt: str = ""
    steps: int = 25
    width: int = 0
    height: int = 0
    guidance: Guidance = "release"
    guidance_scale: float | None = None
    quantity: float = 0.8
    mask: MaskDials = field(default_factory=MaskDials)
    box: Box | None = None
    sketch_digest: str = ""
    others: tuple[SubjectSpec, ...] = ()
    effort: Effort = "exact"
    explain: bool = False

    def __post_init__(self) -> None:
        """Raise InvalidSpec for a dial outside its range."""
        _require("steps", self.steps, 1, 200)
        _require("seed", self.seed, 0, 2**63 - 1)
        _require("quantity", self.quantity, 0.01, 1.0)
        _require("mask scope", self.mask.scope, 0.01, 1.0)
        if self.mask.stop_step is not None:
            _require("mask stop step", self.mask.stop_step, 1, self.steps)
        if not self.prompt.strip():
            raise InvalidSpec("prompt is empty: write what the picture shows")
        if not self.word.strip():
            raise InvalidSpec("word is empty: name the word of the prompt that is the subject")
        _require("number of subjects", 1 + len(self.others), 1, MAX_SUBJECTS)

    @property
    def subjects(self) -> tuple[SubjectSpec, ...]:
        """Every subject, the first one first."""
        first = SubjectSpec(
            word=self.word,
            reference_digests=self.reference_digests,
            box=self.box,
            sketch_digest=self.sketch_digest,
        )
        return (first, *self.others)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; `from_json` gives the same spec back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Unknown keys are ignored, so that an older reader survives a newer sender."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["reference_digests"] = tuple(values["reference_digests"])
        if isinstance(values.get("mask"), dict):
            mask_known = {f.name for f in fields(MaskDials)}
            values["mask"] = MaskDials(**{k: v for k, v in values["mask"].items() if k in mask_known})
        if isinstance(values.get("box"), dict):
            values["box"] = Box(**values["box"])
        values["others"] = tuple(SubjectSpec.from_json(other) for other in values.get("others", ()))
        return cls(**values)

    def digest(self) -> str:
        """SHA-256 (hex) over the spec's canonical JSON: what a permit is bound to."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidSpec(f"{name} must lie between {low} and {high}, not {value}")
