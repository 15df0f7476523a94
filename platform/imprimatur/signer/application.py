"""What answers workers: proven requests reach the desk, everything else learns nothing. Plain ASGI, no middleware."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from governance.signing_calls import PROOF, Doorkeeper, NotProven, SignerRefused, prove_answer
from imprimatur import keys
from imprimatur.signer.desk import Desk

logger = logging.getLogger(__name__)

MAX_BODY: Final = 256 * 1024
BODY_SECONDS: Final = 10.0  # a worker sends a few kilobytes
_STATUS: Final = {"too_many": 429, "key_retired": 409, "no_key": 503}
Message = dict[str, Any]
Answer = tuple[int, bytes, str]


class Application:
    """One process's desk and doorkeeper, over ASGI."""

    def __init__(self) -> None:
        """Reads the token once: a new one needs a restart."""
        self._token = keys.worker_keys().token.read_bytes().strip()
        self._door, self._desk = Doorkeeper(self._token), Desk()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """ASGI's entry."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
        except TimeoutError:
            body = None
        answer = sync_to_async(self._answer, thread_sensitive=False)
        status, data, proof = await answer(scope["method"], scope["path"], headers, body)
        shown = [(b"content-type", b"application/json"), (PROOF.encode(), proof.encode())]
        await send({"type": "http.response.start", "status": status, "headers": shown})
        await send({"type": "http.response.body", "body": data})

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Status, body and proof. What is not proven learns nothing."""
        if (method, path) == ("GET", "/healthz"):
            return 200, b"{}", ""
        if method != "POST" or body is None:
            return 400, b"{}", ""
        try:
            nonce = self._door.check(path, headers, body, time.time())
        except NotProven as error:
            logger.warning("a request was refused: %s", error)
            return 401, b"{}", ""
        status, said = self._looked_at(path, body)
        data = json.dumps(said).encode()
        return status, data, prove_answer(self._token, nonce, status, data)

    def _looked_at(self, path: str, body: bytes) -> tuple[int, Message]:
        close_old_connections()
        try:
            return 200, self._desk.answer(path, dict(json.loads(body)))
        except SignerRefused as refused:
            logger.warning("not signed: %s", refused)
            return _STATUS.get(refused.reason, 403), {"code": refused.reason, "error": str(refused)}
        except Exception:
            logger.exception("not signed")
            return 500, {"code": "signer_failed", "error": "the signer met an error: see its log"}
        finally:
            close_old_connections()


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """None for one that is too large, as soon as it is: nobody has proven anything yet."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)
