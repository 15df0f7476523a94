"""The trail for auditors: a table (CSV), the exact rows (JSON Lines), and a package that can be checked anywhere.

The package (ZIP) holds `trail.jsonl`, `trail.csv`, every checkpoint, the key they are checked with, `verify.py`, which
needs nothing but Python, and a page of instructions in both languages.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imprimatur.audit import checkpoints
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.rows import CHUNK, texts

COLUMNS: Final[dict[str, Promise]] = {
    "seq": _("Row"),
    "occurred_at": _("Time (UTC)"),
    "actor": _("Actor"),
    "event": _("Event"),
    "subject": _("About"),
    "payload": _("Details"),
    "prev_hash": _("Hash of the row before"),
    "hash": _("Hash"),
    "tenant_id": _("Company id"),
}
_BYTE_ORDER_MARK: Final = "\ufeff"  # Excel takes a CSV without it for the local code page
_OFFLINE: Final = Path(__file__).parent / "offline"


def csv_of(tenant_id: uuid.UUID, out: IO[bytes]) -> None:
    """The whole trail as a table, headed in the active language. Needs the tenant's scope, like all of these."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow([str(heading) for heading in COLUMNS.values()])
    for row in _rows(tenant_id):
        said = texts(row)
        writer.writerow([said[name] for name in COLUMNS])
    text.detach()


def jsonl_of(tenant_id: uuid.UUID, out: IO[bytes]) -> None:
    """One JSON object a row, oldest first; `payload` is the stored text, because that is what was hashed."""
    for row in _rows(tenant_id):
        out.write(json.dumps(texts(row), ensure_ascii=False).encode() + b"\n")


def package_of(tenant_id: uuid.UUID, out: IO[bytes]) -> None:
    """Everything an auditor needs, as a ZIP."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("trail.jsonl", "w") as member:
            jsonl_of(tenant_id, member)
        with archive.open("trail.csv", "w") as member:
            csv_of(tenant_id, member)
        for name, data in checkpoints.files(tenant_id):
            archive.writestr(f"checkpoints/{name}", data)
        archive.writestr("checkpoint.pub.pem", checkpoints.public_key_pem())
        for path in sorted(_OFFLINE.iterdir()):
            if path.is_file():
                archive.writestr(path.name, path.read_bytes())


def _rows(tenant_id: uuid.UUID) -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq").iterator(chunk_size=CHUNK)
