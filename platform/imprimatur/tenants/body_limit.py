"""A request's body is bounded before Django sees it: Django would first write all of it to a temporary file."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class BodyLimit:
    """ASGI: a body that is declared too large gets 413 at once; one that turns out so is cut off."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.limit = settings.UPLOAD_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Other protocols pass through."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif self._declared(scope) > self.limit:
            await _refuse(scope["path"], send)
        else:
            await self.application(scope, self._counted(receive), send)

    @staticmethod
    def _declared(scope: dict[str, Any]) -> int:
        text = dict(scope["headers"]).get(b"content-length", b"0")
        return int(text) if text.isdigit() else 0

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > self.limit else message

        return limited


async def _refuse(path: str, send: Send) -> None:
    """Both languages: nothing has looked at the caller's yet."""
    megabytes = settings.UPLOAD_MAX_BYTES // 2**20
    sentence = f"The file is larger than {megabytes} MB. ファイルが{megabytes} MBを超えています。"
    if path.startswith("/api/"):
        facts = {"type": "urn:imprimatur:problem:upload_too_large", "status": 413, "code": "upload_too_large"}
        kind, body = "application/problem+json", json.dumps({**facts, "detail": sentence})
    else:
        kind, body = "text/plain; charset=utf-8", sentence
    headers = [(b"content-type", kind.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
