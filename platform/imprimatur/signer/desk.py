"""Signs for workers, which hold no key: a claim, for the picture that a permit allows, while its attempt runs.

Whoever asks has proven to be a worker (`governance.signing_calls`). That alone signs nothing: the permit must be ours
and in time, its attempt the one that runs, and the claim titled with its generation. Every signature is an audit event.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from governance.claims import NotAClaim, read_claim
from governance.errors import GovernanceError, InvalidKey, PermitError, PermitExpired
from governance.key_book import key_id
from governance.permit import Permit, verify_permit
from governance.signing import Signer
from governance.signing_calls import CHAIN_PATH, SIGN_PATH, SignerRefused
from imprimatur import keys
from imprimatur.audit.services import record
from imprimatur.generations.models import Generation
from imprimatur.generations.states import ACTIVE
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

EACH_PERMIT: Final = 24  # a picture, its strip and its cards need a few signatures
EACH_MINUTE: Final = 1200  # for one company
MAX_CLAIM: Final = 64 * 1024
REMEMBERED: Final = 20_000


@dataclass(frozen=True)
class Asked:
    """A request whose permit holds."""

    permit: Permit
    body: dict[str, Any]

    @property
    def tenant(self) -> uuid.UUID:
        """Whose key is asked for."""
        return uuid.UUID(self.permit.tenant_id)


class Desk:
    """Answers requests; safe from several threads."""

    def __init__(self) -> None:
        """Nothing has been signed yet."""
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """JSON for a proven request. Raises SignerRefused."""
        asked = _admitted(body)
        if path == CHAIN_PATH:
            return _chain(asked)
        if path == SIGN_PATH:
            return self._sign(asked)
        raise SignerRefused("order_invalid", "the signer answers /chain and /sign")

    def _sign(self, asked: Asked) -> dict[str, Any]:
        data = _claim_bytes(asked)
        signer = _signer(asked, str(asked.body.get("key", "")))
        self._count(f"permit {asked.permit.id}", EACH_PERMIT)
        self._count(f"tenant {asked.tenant} {int(time.time() // 60)}", EACH_MINUTE)
        with tenant_scope(asked.tenant):
            row = _running(asked.permit)
            signature = _made(signer, data)
            facts = {
                "attempt": asked.permit.attempt,
                "permit": asked.permit.id,
                "key": key_id(signer),
                "claim": hashlib.sha256(data).hexdigest(),
            }
            record(asked.tenant, "signer", "picture.signed", row.public_id, facts)
        return {"signature": base64.b64encode(signature).decode()}

    def _count(self, what: str, most: int) -> None:
        with self._lock:
            count = self._counts.get(what, 0) + 1
            self._counts[what] = count
            self._counts.move_to_end(what)
            if len(self._counts) > REMEMBERED:
                self._counts.popitem(last=False)
        if count > most:
            raise SignerRefused("too_many", f"more than {most} signatures are asked for at once: wait a minute")


def _admitted(body: dict[str, Any]) -> Asked:
    try:
        permit = verify_permit(
            str(body["permit"]),
            keys.permit_public_key(),
            now=timezone.now(),
            generation_id=body["generation_id"],
            attempt=body["attempt"],
            spec_digest=body["spec_digest"],
        )
    except KeyError as error:
        raise SignerRefused("order_invalid", f"the request lacks {error}") from error
    except PermitExpired as error:
        raise SignerRefused("permit_expired", str(error)) from error
    except PermitError as error:
        raise SignerRefused("permit_refused", str(error)) from error
    return Asked(permit, body)


def _chain(asked: Asked) -> dict[str, Any]:
    with tenant_scope(asked.tenant):
        _running(asked.permit)
        signer = _signer(asked, "")
    return {"key": key_id(signer), "algorithm": signer.algorithm, "chain": signer.chain_pem}


def _running(permit: Permit) -> Generation:
    """The row of the attempt that the permit was given for, while it runs. Call inside its tenant's scope."""
    try:
        row = Generation.objects.filter(pk=decode(Generation.PREFIX, permit.generation_id)).first()
    except MalformedId:
        row = None
    if row is None or row.state not in ACTIVE or (row.attempt, row.permit_id) != (permit.attempt, permit.id):
        raise SignerRefused("attempt_over", "the attempt this permit was given for does not run any more")
    return row


def _claim_bytes(asked: Asked) -> bytes:
    """What is to be signed, if it is a claim about the permitted picture."""
    try:
        data = base64.b64decode(str(asked.body.get("data", "")), validate=True)
        claim = read_claim(data[: MAX_CLAIM + 1])
    except (ValueError, NotAClaim) as error:
        raise SignerRefused("not_this_picture", f"this is no claim about a picture: {error}") from error
    if claim.title != asked.permit.generation_id:
        raise SignerRefused("not_this_picture", "the claim is about another picture than the permit")
    return data


def _signer(asked: Asked, wanted: str) -> Signer:
    """The company's key; an older one only while what began with it may end."""
    try:
        return keys.signer_for(asked.tenant, wanted)
    except InvalidKey as error:
        raise SignerRefused("key_retired" if wanted else "no_key", str(error)) from error


def _made(signer: Signer, data: bytes) -> bytes:
    """A KMS may raise anything; what it says stays in our log, without the data."""
    try:
        return signer.sign(data)
    except GovernanceError:
        raise
    except Exception as error:
        logger.exception("the signing key did not sign")
        raise SignerRefused("no_key", "the signing key did not sign: see the signer's log") from error
