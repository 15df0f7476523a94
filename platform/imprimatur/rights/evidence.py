"""The signed document behind a record: which files are taken, and where they lie.

It is stored as it came, byte for byte, because its SHA-256 is what the record promises.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import Final

from django.utils.translation import gettext_lazy as _

from governance.seal import holds, seal
from imprimatur import keys, objects
from imprimatur.rights.models import RightRecord
from imprimatur.tenants.errors import InvalidInput

MAX_BYTES: Final = 10 * 2**20
MAX_NAME: Final = 120
_STARTS: Final = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_MIMES: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "html": "text/html; charset=utf-8",  # what was signed by a link; always handed out as a download
    "txt": "text/plain; charset=utf-8",
}


def attach(record: RightRecord, data: bytes, name: str) -> None:
    """Store the document and fill the record's evidence fields; the caller saves. InvalidInput for other files."""
    _store(record, data, name, _extension(data))


def attach_page(record: RightRecord, page: bytes, name: str) -> None:
    """Store a document that we wrote ourselves (HTML), sealed with the platform's signature; the caller saves."""
    _store(record, page, name, "html")
    record.evidence_seal = seal(page, keys.platform_signer())


def _store(record: RightRecord, data: bytes, name: str, extension: str) -> None:
    digest = hashlib.sha256(data).hexdigest()
    record.evidence_key = f"tenants/{record.tenant_id}/evidence/{record.id}/{digest[:16]}.{extension}"
    record.evidence_sha256 = objects.put(record.evidence_key, data, _MIMES[extension])
    record.evidence_name = PurePath(name).name[:MAX_NAME] or f"evidence.{extension}"


def content(record: RightRecord) -> tuple[bytes, str]:
    """The document and its type. ObjectMissing without one, DigestMismatch when it was changed."""
    mime = _MIMES[record.evidence_key.rpartition(".")[2]] if record.evidence_key else ""
    return objects.get(record.evidence_key, record.evidence_sha256), mime


def is_sealed(record: RightRecord) -> bool:
    """Whether the document is one of our own, and still as our platform's key sealed it."""
    return bool(record.evidence_seal) and holds(content(record)[0], record.evidence_seal)


def _extension(data: bytes) -> str:
    if not data:
        raise _refused(_("The evidence file is empty. Choose the signed document."))
    if len(data) > MAX_BYTES:
        raise _refused(_("The evidence file is larger than 10 MB. Scan it at a lower resolution."))
    known = [extension for start, extension in _STARTS.items() if data.startswith(start)]
    if known:
        return known[0]
    if b"\x00" in data or not _is_text(data):
        raise _refused(_("Evidence must be a PDF, a PNG or JPEG scan, or plain text."))
    return "txt"


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refused(sentence: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": "evidence", "message": sentence}], code="invalid_evidence")
