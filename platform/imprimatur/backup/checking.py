"""Is everything there that the rows promise, unchanged, and does every picture's manifest still hold?"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from governance.provenance import read
from imprimatur import keys, objects
from imprimatur.backup.promised import Promise, promises

Problem = Literal["missing", "changed", "manifest"]
PICTURES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A file that is not as promised."""

    promise: Promise
    problem: Problem
    said: str = ""


def losses(
    tenant_id: uuid.UUID, *, digests: bool = True, manifests: bool = False, sample: int = 0
) -> Iterator[Loss | None]:
    """For every promised file what is wrong with it, or None. Needs the tenant's scope.

    sample: look at so many of them only, drawn by chance; 0 for all. digests: read every file; otherwise only ask
    whether it is there. manifests: read every picture's manifest too.
    """
    anchors = keys.trust_anchors() if manifests else ""
    for promise in _drawn(promises(tenant_id), sample) if sample else promises(tenant_id):
        if not (digests or manifests):
            yield None if objects.exists(promise.key) else Loss(promise=promise, problem="missing")
        else:
            yield _examined(promise, anchors, manifests=manifests)


def _drawn(all_of_them: Iterator[Promise], count: int) -> list[Promise]:
    """So many, each as likely as any other, while only these are kept (Vitter's algorithm R, 1985)."""
    kept: list[Promise] = []
    for seen, promise in enumerate(all_of_them, 1):
        if len(kept) < count:
            kept.append(promise)
        elif (place := secrets.randbelow(seen)) < count:
            kept[place] = promise
    return kept


def _examined(promise: Promise, anchors: str, *, manifests: bool) -> Loss | None:
    try:
        data = objects.get(promise.key, promise.sha256)
    except objects.ObjectMissing:
        return Loss(promise=promise, problem="missing")
    except objects.DigestMismatch:
        return Loss(promise=promise, problem="changed")
    mime = PICTURES.get(promise.key[promise.key.rfind(".") :]) if manifests else None
    if mime is None or promise.part == "evidence":
        return None
    report = read(data, mime, anchors)
    if report.state == "trusted" or report.is_only_expired:
        return None
    return Loss(promise=promise, problem="manifest", said=f"{report.state} {', '.join(report.failures)}".strip())
