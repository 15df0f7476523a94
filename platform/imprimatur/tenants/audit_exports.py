"""/audit-events.csv, .jsonl and .zip: the whole trail, for auditors. That it was taken along is an event too."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from typing import IO, ClassVar, Final, cast

from django.http import FileResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from imprimatur.audit import exports
from imprimatur.audit.services import record
from imprimatur.audit.thinning import EXPORTED
from imprimatur.tenants import selectors
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantAPIView, TenantRequest

Write = Callable[[uuid.UUID, IO[bytes]], None]
FORMATS: Final[dict[str, tuple[Write, str]]] = {
    "csv": (exports.csv_of, "text/csv; charset=utf-8"),
    "jsonl": (exports.jsonl_of, "application/x-ndjson"),
    "zip": (exports.package_of, "application/zip"),
}
IN_MEMORY: Final = 2**20


def export(actor: Actor, kind: str) -> FileResponse:
    """The trail as a download, up to the row before this export's own; NotFound for none of csv, jsonl and zip."""
    if kind not in FORMATS:
        raise NotFound
    actor.require(Permission.VIEW_AUDIT)
    write, mime = FORMATS[kind]
    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the response closes it
    write(actor.tenant_id, file)
    file.seek(0)
    record(actor.tenant_id, actor.label, EXPORTED, "", {"format": kind})
    name = f"audit-{selectors.tenant().slug}-{timezone.localdate():%Y-%m-%d}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=mime)


class AuditExport(TenantAPIView):
    """The whole trail in one file."""

    permissions: ClassVar[dict[str, Permission]] = {"GET": Permission.VIEW_AUDIT}


class AuditCsv(AuditExport):
    """For people."""

    @extend_schema(operation_id="audit_events_csv", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: TenantRequest) -> FileResponse:
        """The whole trail as a table, headed in the caller's language."""
        return export(request.actor, "csv")


class AuditJsonl(AuditExport):
    """For programs."""

    @extend_schema(operation_id="audit_events_jsonl", responses={(200, "application/x-ndjson"): OpenApiTypes.STR})
    def get(self, request: TenantRequest) -> FileResponse:
        """Every row exactly as it was hashed, one JSON object a line, oldest first."""
        return export(request.actor, "jsonl")


class AuditPackage(AuditExport):
    """For auditors."""

    @extend_schema(operation_id="audit_events_zip", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: TenantRequest) -> FileResponse:
        """Rows, checkpoints, their key, and a program that checks them anywhere."""
        return export(request.actor, "zip")


urlpatterns = [
    path("audit-events.csv", AuditCsv.as_view()),
    path("audit-events.jsonl", AuditJsonl.as_view()),
    path("audit-events.zip", AuditPackage.as_view()),
]
