"""Asks the time authority in the C2PA library's place, which reads an answer of any length for as long as it comes.

The library is given an address on this machine; what it asks there is handed on, and only so many bytes, in so many
seconds, come back. Many authorities are asked over plain HTTP: whoever stands between could fill the memory otherwise.
What an answer says is checked by the library: the picture's hash, and the number of the question.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.request import HTTPRedirectHandler, Request, build_opener

from governance.errors import SigningFailed

logger = logging.getLogger(__name__)

LONGEST: Final = 64 * 1024  # bytes: a stamp with its certificates has five to ten thousand
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class _Stay(HTTPRedirectHandler):
    """A redirect is an error: an answer must not choose whom we ask."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


_OPENER: Final = build_opener(_Stay)


@contextmanager
def relayed(authority: str, patience: float) -> Iterator[str]:
    """An address on this machine that answers for `authority`, a URL of http or https. Raises SigningFailed."""
    if not authority.startswith(("http://", "https://")):
        raise SigningFailed(f"the time authority {authority!r} is no http or https address")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(authority, patience))
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, name="time relay", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def ask(authority: str, query: bytes, patience: float) -> bytes:
    """The authority's answer. Raises OSError, or ValueError for one that is too long or too slow."""
    request = Request(authority, query, {"Content-Type": QUERY, "Accept": REPLY})  # noqa: S310 - http(s), see relayed
    until, body = time.monotonic() + patience, bytearray()
    with _OPENER.open(request, timeout=patience) as answer:
        while piece := answer.read1(LONGEST):
            body += piece
            if len(body) > LONGEST:
                raise ValueError(f"it answers with more than {LONGEST} bytes")
            if time.monotonic() > until:
                raise ValueError(f"its answer takes more than {patience:.0f} seconds")
    return bytes(body)


def _handler(authority: str, patience: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Hand the question on."""
            query = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, body = 200, ask(authority, query, patience)
            except (OSError, ValueError) as error:
                logger.warning("the time authority gives no stamp: %s", error)
                status, body = 502, b""
            self.send_response(status)
            self.send_header("Content-Type", REPLY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the caller says what became of it."""

    return Handler
