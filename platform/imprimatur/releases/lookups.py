"""Which of our pictures is it? Crosses tenants by narrow functions that return ids, then enters that tenant's scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils import timezone

from imprimatur.generations.models import Generation, Output
from imprimatur.releases.errors import Withdrawn
from imprimatur.releases.models import Release
from imprimatur.releases.selectors import withdrawn_since
from imprimatur.releases.services import check_servable
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.scope import tenant_scope


class Standing(StrEnum):
    """What became of a picture of ours."""

    UNRELEASED = "unreleased"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    RIGHT_ENDED = "right_ended"


@dataclass(frozen=True)
class StoredFile:
    """Where a picture lies, and its digest."""

    key: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """A picture of ours. `public` is what may be told to anybody; it is empty until the picture was released.

    file: the picture that review looked at. shown: as it is to be seen, labels included, newest first.
    """

    standing: Standing
    is_released_file: bool = False
    public: dict[str, Any] = field(default_factory=dict)
    file: StoredFile
    shown: tuple[StoredFile, ...] = ()
    watermark_id: int | None


def by_file(sha256: str) -> Known | None:
    """By the file's own bytes."""
    return _known(_ids("output_of_file", sha256), sha256)


def by_generation(public_id: str) -> Known | None:
    """By the generation that the file's manifest names; None for an id that is none."""
    try:
        generation = decode(Generation.PREFIX, public_id)
    except MalformedId:
        return None
    return _known(_ids("output_of_generation", generation))


def by_pixels(digest: str) -> Known | None:
    """By `governance.intake.pixel_digest`, for a picture that lost its manifest. Lossless copies only."""
    return _known(_ids("output_of_pixels", digest))


def by_mark(watermark_id: int) -> Known | None:
    """By the mark in its pixels, which survives other formats and sizes."""
    return _known(_ids("output_of_mark", watermark_id))


def alike(dhash: int, most: int) -> list[tuple[int, Known]]:
    """Pictures of which at most so many of 64 bits differ, nearest first, with the number of bits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, output_id, bits FROM outputs_like(%s, %s)", [dhash, most])
        found = cursor.fetchall()
    known = ((bits, _known((tenant, output))) for tenant, output, bits in found)
    return [(bits, row) for bits, row in known if row is not None]


def _ids(function: str, argument: str | uuid.UUID | int) -> tuple[uuid.UUID, uuid.UUID] | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tenant_id, output_id FROM {function}(%s)", [argument])  # noqa: S608 - our own names
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None


def _known(ids: tuple[uuid.UUID, uuid.UUID] | None, sha256: str = "") -> Known | None:
    if ids is None:
        return None
    tenant_id, output_id = ids
    with tenant_scope(tenant_id):
        output = Output.objects.select_related("release", "generation__subject_reference__subject").get(pk=output_id)
        release: Release | None = getattr(output, "release", None)
        file = StoredFile(output.object_key, output.sha256)
        if release is None:
            return Known(standing=Standing.UNRELEASED, file=file, shown=(file,), watermark_id=output.watermark_id)
        return Known(
            standing=_standing(release),
            is_released_file=bool(sha256) and sha256 in (release.sha256, release.first_sha256),
            public=_public(release, Tenant.objects.get(pk=tenant_id)),
            file=file,
            shown=(StoredFile(release.object_key, release.sha256), file),
            watermark_id=output.watermark_id,
        )


def _standing(release: Release) -> Standing:
    try:
        check_servable(release, timezone.now())
    except Withdrawn:
        return Standing.WITHDRAWN
    except DomainError:
        return Standing.RIGHT_ENDED
    return Standing.RELEASED


def _public(release: Release, tenant: Tenant) -> dict[str, Any]:
    gone = withdrawn_since(release)
    return {
        "publisher": tenant.name,
        "release": release.public_id,
        "released_at": release.created_at.isoformat(),
        "withdrawn_at": gone.isoformat() if gone else "",
        "sha256": release.sha256,
    }
