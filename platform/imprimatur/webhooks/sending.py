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
from imprimatur.webhooks.models import Trouble

PATIENCE: Final = 15.0  # seconds for all of it, however slowly somebody speaks
ANSWER_BYTES: Final = 1024
GONE: Final = 410
_TOO_LONG: Final = "it took too long"


class NotTaken(Exception):
    """The receiver did not take it; the message says why, for whoever runs the server. status: of its answer."""

    def __init__(self, message: str, trouble: Trouble, status: int | None = None) -> None:
        super().__init__(message)
        self.trouble, self.status = trouble, status


def post(url: str, body: bytes, headers: Mapping[str, str], patience: float = PATIENCE) -> int:
    """The status of the answer, once the receiver has said 2xx. Raises NotTaken."""
    try:
        target = target_of(url)
        status = _status(target, body, headers, patience)
    except Refused as refused:
        raise NotTaken(str(refused), Trouble.REFUSED) from refused
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotTaken(f"{type(error).__name__}: {error}", _trouble_of(error)) from error
    if not 200 <= status < 300:
        raise _not_ok(status)
    return status


def _not_ok(status: int) -> NotTaken:
    if 300 <= status < 400:
        return NotTaken(f"answered {status}: redirects are not followed", Trouble.REDIRECT, status)
    return NotTaken(f"answered {status}", Trouble.GONE if status == GONE else Trouble.ANSWER, status)


def _trouble_of(error: Exception) -> Trouble:
    """Most telling first: what TLS says of a certificate is an OSError, too."""
    kinds: list[tuple[type[Exception], Trouble]] = [
        (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
        (ssl.SSLError, Trouble.TLS),
        (socket.gaierror, Trouble.UNKNOWN),
        (TimeoutError, Trouble.SLOW),
        (http.client.HTTPException, Trouble.NONSENSE),
        (OSError, Trouble.UNREACHABLE),
    ]
    return next((trouble for kind, trouble in kinds if isinstance(error, kind)), Trouble.NONSENSE)


def _status(target: Target, body: bytes, headers: Mapping[str, str], patience: float) -> int:
    family, place = places_of(target)[0]
    connection = _Pinned(target, family, place, patience)
    hurry = threading.Timer(patience, connection.hang_up)
    hurry.daemon = True
    hurry.start()
    try:
        return _answer(connection, target, body, headers)
    except (OSError, http.client.HTTPException) as error:
        if connection.is_hung_up:
            raise TimeoutError(_TOO_LONG) from error
        raise
    finally:
        hurry.cancel()
        connection.close()


def _answer(connection: _Pinned, target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    connection.request("POST", target.path, body, dict(headers))
    answer = connection.getresponse()
    answer.read(ANSWER_BYTES)
    if connection.is_hung_up:  # what is cut off in the middle reads like an end
        raise TimeoutError(_TOO_LONG)
    return answer.status


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
