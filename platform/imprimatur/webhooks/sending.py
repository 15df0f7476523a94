"""Post one message to one address: no redirect is followed, and nobody keeps us for longer than PATIENCE."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Final

from imprimatur.webhooks.addresses import Refused, Target, places_of, target_of

PATIENCE: Final = 15.0  # seconds for all of it, however slowly somebody speaks
ANSWER_BYTES: Final = 1024
GONE: Final = 410


class NotTaken(Exception):
    """The receiver did not take it; the message says why. is_gone: it said that it never will."""

    def __init__(self, message: str, *, is_gone: bool = False) -> None:
        super().__init__(message)
        self.is_gone = is_gone


def post(url: str, body: bytes, headers: Mapping[str, str], patience: float = PATIENCE) -> None:
    """Return once the receiver has said 2xx. Raises NotTaken."""
    try:
        target = target_of(url)
        status = _status(target, body, headers, patience)
    except Refused as refused:
        raise NotTaken(str(refused)) from refused
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    if not 200 <= status < 300:
        hint = ": redirects are not followed" if 300 <= status < 400 else ""
        raise NotTaken(f"answered {status}{hint}", is_gone=status == GONE)


def _status(target: Target, body: bytes, headers: Mapping[str, str], patience: float) -> int:
    family, place = places_of(target)[0]
    connection = _Pinned(target, family, place, patience)
    hurry = threading.Timer(patience, connection.hang_up)
    hurry.daemon = True
    hurry.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES)
        if connection.is_hung_up:  # what is cut off in the middle reads like an end
            raise TimeoutError(f"took longer than {patience:g} seconds")
        return answer.status
    finally:
        hurry.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was looked at, whatever the name stands for by now; TLS is checked by name."""

    def __init__(self, target: Target, family: int, place: str, patience: float) -> None:
        super().__init__(target.host, target.port, timeout=patience)
        self._target, self._family, self._place = target, family, place
        self.default_port = 443 if target.scheme == "https" else 80
        self.is_hung_up = False

    def connect(self) -> None:
        """Called by the request."""
        plain = socket.socket(self._family, socket.SOCK_STREAM)
        plain.settimeout(self.timeout)
        self.sock = plain
        plain.connect((self._place, self._target.port))
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            secure = context.wrap_socket(plain, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock = secure
            secure.do_handshake()

    def hang_up(self) -> None:
        """Whoever waits for the other side waits no more."""
        self.is_hung_up = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
