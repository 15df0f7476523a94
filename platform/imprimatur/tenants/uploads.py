"""Uploads stay in memory and are bounded: an unstamped picture never reaches a disk, not even as a temporary file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.errors import DomainError


class UploadTooLarge(DomainError, RequestDataTooBig):
    """The upload is larger than UPLOAD_MAX_BYTES.

    Django's own error is a base, because a form's upload is read by the CSRF check, outside any view of ours.
    """

    def __init__(self) -> None:
        size = settings.UPLOAD_MAX_BYTES // 2**20
        sentence = _("The file is larger than %(size)s MB. Please send a smaller one.") % {"size": size}
        super().__init__("upload_too_large", sentence, 413)


class BoundedMemoryUploadHandler(MemoryFileUploadHandler):
    """Takes every file into memory; refuses as soon as one request exceeds the limit, whatever its header says."""

    def handle_raw_input(  # type: ignore[override]  # the stubs take the length for a text
        self,
        input_data: Any,  # noqa: ARG002 - Django's signature
        META: dict[str, Any],  # noqa: ARG002
        content_length: int,
        boundary: bytes,  # noqa: ARG002
        encoding: str | None = None,  # noqa: ARG002
    ) -> None:
        """Refuse before reading when the declared length is too large already."""
        self.activated = True
        self.taken = 0
        if content_length > settings.UPLOAD_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise UploadTooLarge

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count what really arrives."""
        self.taken += len(raw_data)
        if self.taken > settings.UPLOAD_MAX_BYTES:
            raise UploadTooLarge
        super().receive_data_chunk(raw_data, start)
