"""How a worker asks the control side's signer, so that each knows the other: both hold one token, neither sends it.

A request proves itself by an HMAC over path, time, nonce and body; the answer by one over the request's nonce, its
status and its body. A recorded request is refused a minute later, and at once if its nonce was seen. Confidentiality
is not needed: what travels will be published in the picture.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from governance.errors import GovernanceError

TIME, NONCE, PROOF = "x-signer-time", "x-signer-nonce", "x-signer-proof"
SECONDS = 60.0
NONCE_BYTES = 16
CHAIN_PATH, SIGN_PATH = "/chain", "/sign"


class NotProven(GovernanceError):
    """The other side does not hold our token, or repeats what somebody else sent."""

    code = "not_proven"


class SignerRefused(GovernanceError):
    """The signer is reached and will not sign; `reason` is stable."""

    code = "signer_refused"

    def __init__(self, reason: str, message: str) -> None:
        """reason: permit_expired, permit_refused, attempt_over, not_this_picture, too_many, key_retired, no_key."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Call:
    """A request's headers beside its body; `nonce` is needed to check the answer."""

    headers: dict[str, str]
    nonce: str


def prove_request(token: bytes, path: str, body: bytes, now: float) -> Call:
    """Headers for a request at `now` (seconds since the epoch)."""
    nonce, moment = secrets.token_hex(NONCE_BYTES), f"{now:.3f}"
    return Call({TIME: moment, NONCE: nonce, PROOF: _of_request(token, path, moment, nonce, body)}, nonce)


def prove_answer(token: bytes, nonce: str, status: int, body: bytes) -> str:
    """The proof of an answer."""
    return _mac(token, b"answer", nonce.encode(), str(status).encode(), hashlib.sha256(body).digest())


def check_answer(token: bytes, nonce: str, status: int, body: bytes, proof: str) -> None:
    """Raise NotProven unless whoever answered holds the token."""
    if not _equal(prove_answer(token, nonce, status, body), proof):
        raise NotProven("whoever answered is not our signer: compare signer.token on both machines")


class Doorkeeper:
    """The signer's side: checks requests, remembers nonces while their time lasts."""

    def __init__(self, token: bytes) -> None:
        """One for each process that answers."""
        self._token = token
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, path: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
        """The nonce of a genuine, fresh request. Raises NotProven."""
        moment, nonce = headers.get(TIME, ""), headers.get(NONCE, "")
        proof = _of_request(self._token, path, moment, nonce, body)
        if not _equal(proof, headers.get(PROOF, "")):
            raise NotProven("the request does not prove that it comes from a worker of ours")
        if not _is_near(moment, now):
            raise NotProven("the request is too old: compare the clocks of the two machines")
        with self._lock:
            self._seen = {n: until for n, until in self._seen.items() if until > now}
            if nonce in self._seen:
                raise NotProven("the request was sent before")
            self._seen[nonce] = now + 2 * SECONDS
        return nonce


def _equal(one: str, other: str) -> bool:
    """In constant time; a header may hold any characters."""
    return hmac.compare_digest(one.encode(), other.encode())


def _is_near(moment: str, now: float) -> bool:
    """Also false for what is no number, and for the one that is not comparable."""
    try:
        return abs(now - float(moment)) <= SECONDS
    except ValueError:
        return False


def _of_request(token: bytes, path: str, moment: str, nonce: str, body: bytes) -> str:
    return _mac(token, b"request", path.encode(), moment.encode(), nonce.encode(), hashlib.sha256(body).digest())


def _mac(token: bytes, *parts: bytes) -> str:
    return hmac.new(token, b"|".join(parts), hashlib.sha256).hexdigest()
