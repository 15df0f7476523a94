"""Signing without a key: the claim goes to the control side's signer, with the permit it is signed under.

The signer answers at a Unix socket (one machine) or over HTTP (several); either way both sides prove themselves.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from governance.errors import SigningFailed
from governance.signing import CallbackSigner, Signer
from governance.signing_calls import CHAIN_PATH, PROOF, SIGN_PATH, NotProven, SignerRefused, check_answer, prove_request
from gpu_worker.messages import RenderOrder

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0)  # a signer that is started again answers within these
TIMEOUT: Final = 15.0
MAX_ANSWER: Final = 256 * 1024


class RemoteSigners:
    """The signer at an address: `unix:/path/signer.sock`, or `http://host:port`."""

    def __init__(self, url: str, token_file: Path) -> None:
        """The token is read when first needed: on one machine it is being made meanwhile."""
        self._url, self._token_file = url, token_file

    def for_order(self, order: RenderOrder) -> Signer:
        """The chain of the order's tenant, and signatures under the order's permit.

        Raises SigningFailed: its cause is SignerRefused, NotProven or OSError.
        """
        told = self.ask(CHAIN_PATH, order, {})

        def sign(data: bytes) -> bytes:
            asked = {"key": told["key"], "data": base64.b64encode(data).decode()}
            return base64.b64decode(self.ask(SIGN_PATH, order, asked)["signature"])

        return CallbackSigner(sign, told["chain"], told["algorithm"])

    def ask(self, path: str, order: RenderOrder, more: dict[str, Any]) -> dict[str, Any]:
        """The signer's answer; asked again while nobody is there. Raises SigningFailed."""
        said = {
            "permit": order.permit,
            "generation_id": order.generation_id,
            "attempt": order.attempt,
            "spec_digest": order.spec.digest(),
        }
        body = json.dumps(said | more).encode()
        for pause in (*PAUSES, None):
            try:
                return self._once(path, body)
            except (SignerRefused, NotProven) as refused:
                raise SigningFailed(f"the signer does not sign: {refused}") from refused
            except (OSError, http.client.HTTPException) as error:
                if pause is None:
                    raise SigningFailed(f"the signer at {self._url} cannot be reached ({error})") from error
                time.sleep(pause)
        raise AssertionError("the last try raised")

    def _once(self, path: str, body: bytes) -> dict[str, Any]:
        token = self._token_file.read_bytes().strip()
        call = prove_request(token, path, body, time.time())
        connection = _connection(self._url)
        try:
            connection.request("POST", path, body, call.headers | {"Content-Type": "application/json"})
            with connection.getresponse() as answer:
                data = answer.read(MAX_ANSWER)
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.UNAUTHORIZED:
            raise NotProven("the signer does not know this worker: compare signer.token and the clocks")
        check_answer(token, call.nonce, answer.status, data, answer.headers.get(PROOF, ""))
        return _answered(answer.status, json.loads(data))


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        """Called by the request."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=TIMEOUT)


def _answered(status: int, said: dict[str, Any]) -> dict[str, Any]:
    if status == http.HTTPStatus.OK:
        return said
    if status == http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OSError(said["error"])
    raise SignerRefused(said["code"], said["error"])
