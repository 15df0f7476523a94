"""Reads: jobs, one job as a snapshot for pages and streams, pictures and their files, estimates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet

from governance.provenance import ManifestReport
from governance.provenance import read as read_manifest
from gpu_worker.messages import HEARTBEAT_SECONDS
from imprimatur import keys, objects
from imprimatur.generations import failures
from imprimatur.generations.asking import own_steps
from imprimatur.generations.clock import database_now
from imprimatur.generations.models import Generation, GenerationState, Output, WorkerSeen
from imprimatur.generations.quarantine import require_shown
from imprimatur.generations.states import ACTIVE, FINAL
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode

RECENT: Final = 20  # pictures the estimate looks back on
SECONDS_PER_STEP: Final = 0.5  # until a picture of the profile was drawn here
_WITH = ("subject_reference__subject", "template_version__template", "requested_by", "output")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long it will take. workers: how many can draw it now; with none, `seconds` counts from when one comes."""

    pictures: int
    seconds: float
    waiting_before: int
    workers: int


def jobs() -> QuerySet[Generation]:
    """Every generation of the tenant, newest first."""
    return Generation.objects.select_related(*_WITH).prefetch_related("drawn_from__reference__subject")


def get(public_id: str) -> Generation:
    """One generation. Raises NotFound, for another tenant's too."""
    row = jobs().filter(id=_decode(Generation.PREFIX, public_id)).first()
    if row is None:
        raise NotFound
    return row


def batch(batch_id: uuid.UUID) -> QuerySet[Generation]:
    """Pictures that were asked for together, in the order of their seeds."""
    return jobs().filter(batch=batch_id).order_by("created_at", "spec__seed")


def outputs() -> QuerySet[Output]:
    """Every picture of the tenant, newest first."""
    rows = Output.objects.select_related(
        "generation__subject_reference__subject", "generation__template_version__template", "generation__requested_by"
    )
    return rows.prefetch_related("generation__drawn_from__reference__subject")


def get_output(public_id: str) -> Output:
    """One picture. Raises NotFound, for another tenant's too."""
    row = outputs().filter(id=_decode(Output.PREFIX, public_id)).first()
    if row is None:
        raise NotFound
    return row


def picture_of(row: Generation) -> Output:
    """The generation's picture. Raises NotFound while there is none."""
    output: Output | None = getattr(row, "output", None)
    if output is None:
        raise NotFound
    return output


def content(output: Output) -> tuple[bytes, str]:
    """The stamped file and its MIME type. Raises Quarantined, objects.ObjectMissing or objects.DigestMismatch."""
    require_shown(output)
    return objects.get(output.object_key, output.sha256), output.mime


def mask_strip(output: Output) -> tuple[bytes, str]:
    """The stamped film strip of the masks, one for each step. Raises Quarantined, or NotFound where none was made."""
    require_shown(output)
    if not output.mask_strip_key:
        raise NotFound
    return objects.get(output.mask_strip_key, output.mask_strip_sha256), "image/png"


def manifest(output: Output) -> ManifestReport:
    """What the stored file says about itself today, of a quarantined picture too: it is evidence and shows nothing."""
    data = objects.get(output.object_key, output.sha256)
    return read_manifest(data, output.mime, keys.trust_anchors())


def snapshot(row: Generation) -> dict[str, Any]:
    """A job as pages and streams show it: plain JSON; `version` is the id of server-sent events."""
    output = getattr(row, "output", None)
    return {
        "id": row.public_id,
        "batch": str(row.batch),
        "state": row.state,
        "state_label": str(GenerationState(row.state).label),
        "version": row.version,
        "step": row.step,
        "steps": row.steps,
        "percent": percent(row),
        "position": position(row),
        "attempt": row.attempt,
        "finished": row.state in FINAL,
        "error_code": row.error_code,
        "error": failures.sentence(row),
        "reasons": failures.reasons(row),
        "output": output.public_id if output else None,
        "seed": row.spec["seed"],
        "prompt": row.spec["prompt"],
        "word": row.spec["word"],
        "words": row.words,
    }


def percent(row: Generation) -> int:
    """0 to 100 for a determinate bar: drawing is most of it, stamping the rest."""
    if row.state == GenerationState.READY:
        return 100
    if row.state == GenerationState.STAMPING:
        return 97
    if row.state == GenerationState.DRAWING and row.steps:
        return 5 + round(90 * min(row.step, row.steps) / row.steps)
    return 3 if row.state == GenerationState.PREPARING else 0


def position(row: Generation) -> int:
    """Place in the tenant's own queue, 1 for the next one; 0 once it left the queue."""
    if row.state != GenerationState.QUEUED:
        return 0
    return Generation.objects.filter(state=GenerationState.QUEUED, created_at__lt=row.created_at).count() + 1


def estimate(*, profile: str, count: int, steps: int | None = None) -> Estimate:
    """When `count` pictures would be ready, judged by the last ones drawn here and by the tenant's own queue."""
    slots = _slots(profile)
    before = Generation.objects.filter(state__in=ACTIVE, spec__profile=profile).count()
    each = _seconds_each(profile, steps or own_steps(profile))
    return Estimate(
        pictures=count,
        seconds=round(each * (before + count) / max(slots, 1), 1),
        waiting_before=before,
        workers=slots,
    )


def _seconds_each(profile: str, steps: int) -> float:
    """The median picture of late, scaled to `steps`."""
    drawn = Output.objects.filter(generation__spec__profile=profile).order_by("-created_at")
    recent = drawn.values_list("seconds", "generation__steps")[:RECENT]
    rates = sorted(sum(seconds.values()) / max(made, 1) for seconds, made in recent if seconds)
    return steps * (rates[len(rates) // 2] if rates else SECONDS_PER_STEP)


def _slots(profile: str) -> int:
    alive = database_now() - timedelta(seconds=3 * HEARTBEAT_SECONDS)
    workers = WorkerSeen.objects.filter(seen_at__gte=alive, profiles__contains=[profile])
    return sum(workers.values_list("slots", flat=True))


def _decode(prefix: str, public_id: str) -> uuid.UUID:
    try:
        return decode(prefix, public_id)
    except MalformedId as error:
        raise NotFound from error
