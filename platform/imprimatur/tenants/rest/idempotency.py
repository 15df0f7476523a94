"""`Idempotency-Key` on a POST: sent again within a day, the first answer comes back and nothing happens twice.

The answer is kept in the same transaction as what the request did. Of answers that hold a secret only the fact is kept.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Final

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput
from imprimatur.tenants.models import IdempotentAnswer

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(hours=24)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Replayed(Exception):
    """The request was answered before."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def first_time(request: Request, actor: Actor) -> str:
    """The request's key ('' without one), if it was not answered before.

    Raises Replayed if it was, Conflict if its key was used for something else. Two at once wait for each other.
    """
    key = _key_of(request)
    if not key:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"{actor.tenant_id}{actor.label}{key}"]
        )
    IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    answer = IdempotentAnswer.objects.filter(actor=actor.label, key=key).first()
    if answer is None:
        return key
    if answer.request_digest != digest_of(request):
        raise Conflict(_("This Idempotency-Key was used for another request."), code="idempotency_key_reused")
    if answer.body is None:
        raise Conflict(_("This was done already; its secret was shown once."), code="secret_shown_once")
    headers = {**answer.headers, "Idempotent-Replayed": "true"}
    raise Replayed(Response(answer.body, status=answer.status, headers=headers))


def keep(key: str, request: Request, actor: Actor, response: Response, *, holds_secret: bool) -> None:
    """Remember a successful answer. Refusals are not kept: the same request may succeed later."""
    if not 200 <= response.status_code < 300:
        return
    IdempotentAnswer.objects.create(
        tenant_id=actor.tenant_id,
        actor=actor.label,
        key=key,
        request_digest=digest_of(request),
        status=response.status_code,
        headers={"Location": response["Location"]} if response.has_header("Location") else {},
        body=None if holds_secret else response.data,
    )


def digest_of(request: Request) -> str:
    """SHA-256 (hex) over method, path, fields and files: what makes two requests the same."""
    text = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    fields = request.data
    for name in sorted(fields) if hasattr(fields, "keys") else []:
        values = fields.getlist(name) if hasattr(fields, "getlist") else [fields[name]]
        for value in values:
            text.update(name.encode() + b"\0" + _content(value) + b"\n")
    return text.hexdigest()


def _content(value: object) -> bytes:
    if not hasattr(value, "chunks"):
        return repr(value).encode()
    content = hashlib.sha256()
    value.seek(0)  # type: ignore[attr-defined]
    for chunk in value.chunks():
        content.update(chunk)
    value.seek(0)  # type: ignore[attr-defined]
    return content.digest()


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "") if request.method == "POST" else ""
    if key and not _KEY.fullmatch(key):
        message = _("Send 1 to 200 printable ASCII characters.")
        raise InvalidInput(errors=[{"field": HEADER, "message": message}])
    return str(key)
