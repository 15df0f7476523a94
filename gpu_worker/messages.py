"""What the control side and the GPU worker say to each other. Standard library and `generation.spec` only.

Every message is a frozen dataclass that travels as JSON. Readers ignore keys they do not know, so that an older
side survives a newer one; senders never drop a key.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from generation.spec import GenerationSpec

# Celery names: one queue per model profile towards the workers, one queue back to the control side.
RENDER_TASK = "gpu_worker.render"
CONTROL_QUEUE = "control"
PROGRESS_TASK = "control.progress"
REPORT_TASK = "control.report"
HELLO_TASK = "control.hello"
CANCEL_COMMAND = "cancel_order"  # Celery remote-control broadcast: {"generation_id", "attempt"}
FORGET_COMMAND = "forget_references"  # the same: {"tenant_id", "digests"}, SHA-256 of reference files

# Both sides read the same environment, so that tests may be quick and slow networks patient.
HEARTBEAT_SECONDS = float(os.environ.get("IMPRIMATUR_HEARTBEAT_SECONDS", "5"))
LEASE_SECONDS = float(os.environ.get("IMPRIMATUR_LEASE_SECONDS", "30"))
ORDERS_PER_SLOT = 2  # one is drawn while the next one's files are fetched and the former one's are stored

Stage = Literal["accepted", "preparing", "drawing", "stamping", "heartbeat"]
Outcome = Literal["ready", "failed", "refused", "canceled"]


def render_queue(profile: str) -> str:
    """The queue that workers able to draw `profile` listen on."""
    return f"render.{profile}"


class _Message:
    """JSON in, JSON out, shared by every message below."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild the message; unknown keys are ignored, missing ones take their defaults."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{k: v for k, v in data.items() if k in known})


@dataclass(frozen=True, kw_only=True)
class StoredObject(_Message):
    """A file in the object store. `sha256` (hex) is checked when it is read."""

    key: str
    sha256: str
    mime: str = "image/png"


@dataclass(frozen=True, kw_only=True)
class RenderOrder(_Message):
    """One order, one picture.

    attempt: fencing token; reports of an older attempt are ignored.
    attempt_secret: random; the report must echo it.
    references: of the first subject, then of the second, ..., in the order of the spec's digests.
    sketches: of those subjects whose spec names one, in their order; greyscale, white where the subject may be.
    permit: signed token (`governance.permit`), bound to generation, attempt and spec digest; short-lived.
    manifest: facts that go into the picture's provenance (`governance.provenance.OutputFacts` as JSON).
    output_prefix: where the worker writes `report.json`, and picture and mask strip under names that hold their
        digests, so that an order drawn twice never replaces a picture that was already reported.
    """

    generation_id: str
    tenant_id: str
    attempt: int
    attempt_secret: str
    spec: GenerationSpec
    references: tuple[StoredObject, ...]
    permit: str
    manifest: dict[str, Any]
    output_prefix: str
    sketches: tuple[StoredObject, ...] = ()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild the order with its spec, references and sketches."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["spec"] = GenerationSpec.from_json(values["spec"])
        values["references"] = tuple(StoredObject.from_json(r) for r in values["references"])
        values["sketches"] = tuple(StoredObject.from_json(s) for s in values.get("sketches", ()))
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class RenderProgress(_Message):
    """Where an order stands. `step` of `steps` counts denoising steps, 0 before the first."""

    generation_id: str
    tenant_id: str
    attempt: int
    attempt_secret: str
    stage: Stage
    worker: str
    step: int = 0
    steps: int = 0


@dataclass(frozen=True, kw_only=True)
class RenderReport(_Message):
    """How an order ended. Also written as `report.json` beside the picture, for the reaper.

    error_code: stable, for `failed` and `refused`; error: a sentence that says what to do.
    width, height: of the delivered picture, which may be larger than what the model drew (its manifest tells).
    manifest_state: as the worker reads it, without an anchor; the control side reads it again with its own.
    pixel_digest: SHA-256 (hex) of the RGB pixels as drawn, before enlarging, watermark and stamp: equal for equal
        spec and environment.
    scores: similarity, text_match, leak, sharpness, each in [0, 1] where measured.
    likenesses: for each subject, the picture's similarity to each of its references alone; an older worker tells none.
    mask_area: share of positions kept, one value per step; warnings: `leak` or `collapse`.
    explanation: `generation.tracing.Explanation` as JSON, a few kB; empty where the spec did not ask for it.
    environment: model and weights digests, sampler, library versions: what is needed to draw it again.
    seconds: wall time of each stage.
    """

    generation_id: str
    tenant_id: str
    attempt: int
    attempt_secret: str
    outcome: Outcome
    worker: str
    permit_id: str = ""
    error_code: str = ""
    error: str = ""
    output: StoredObject | None = None
    mask_strip: StoredObject | None = None
    width: int = 0
    height: int = 0
    pixel_digest: str = ""
    manifest_state: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    likenesses: list[list[float]] = field(default_factory=list)
    mask_area: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    explanation: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild the report with its stored objects."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        for name in ("output", "mask_strip"):
            if values.get(name):
                values[name] = StoredObject.from_json(values[name])
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class WorkerHello(_Message):
    """A worker says who it is, every HEARTBEAT_SECONDS: which profiles it can draw, how many at once (slots).

    It holds up to ORDERS_PER_SLOT orders for each slot.
    """

    worker: str
    profiles: list[str]
    slots: int
    device: str = "cpu"
    versions: dict[str, str] = field(default_factory=dict)
