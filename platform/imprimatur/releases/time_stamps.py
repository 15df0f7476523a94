"""A time authority's word in each released file, so that it outlives its certificate. Brought in afterwards.

A release is signed and served at once, without a stamp. Here it is signed again, as published once more with the first
file inside, by a signer that asks the authority (RFC 3161). An authority that is away or slow is asked again, with
growing pauses; nobody waits for it, and nothing is lost: what lacks a stamp is found in the database.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from governance.errors import GovernanceError, SigningFailed
from governance.provenance import OutputFacts, read, sign_derivative, verify_signed
from governance.signing import Signer
from imprimatur import keys, objects
from imprimatur.audit.services import record
from imprimatur.generations.leadership import Leadership, Session
from imprimatur.keys import TIME_ANCHORS
from imprimatur.releases.models import Release
from imprimatur.releases.time_relay import relayed
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

LOCK_KEY: Final = 0x7473746D  # "tstm"
CHANNEL: Final = "imprimatur_time_stamps"  # nobody rings: it looks by itself
MANY: Final = 20
PAUSES: Final = (5.0, 30.0, 120.0, 600.0)  # after so many failures in a row
PATIENCE: Final = 30.0
CLOCKS_DIFFER: Final = timedelta(minutes=10)


class TimeKeeper(Leadership):
    """One process among all control workers asks the authority."""

    lock_key = LOCK_KEY
    channel = CHANNEL
    duty = "stamps releases with the time"

    def __init__(self) -> None:
        """Start it as a thread."""
        super().__init__("time stamps")

    def lead(self, session: Session) -> None:
        """Until it is asked to stop."""
        failures = 0
        while not self.is_stopping:
            close_old_connections()
            failures = 0 if stamp_waiting() else failures + 1
            pause = PAUSES[min(failures, len(PAUSES) - 1)]
            for _heard in session.notifies(timeout=pause, stop_after=1):
                pass


def stamp_waiting(authority: str = "") -> bool:
    """Stamp what lacks a stamp, oldest first. False when the authority failed; the rest waits for the next time."""
    url = authority or settings.TIME_AUTHORITY
    for tenant_id, release_id in _waiting() if url else []:
        try:
            stamp(tenant_id, release_id, url)
        except (GovernanceError, objects.ObjectMissing, objects.DigestMismatch) as error:
            logger.warning("release %s has no time stamp yet: %s", release_id, error)
            return False
    return True


def stamp(tenant_id: uuid.UUID, release_id: uuid.UUID, authority: str) -> None:
    """Replace the release's file by the same picture with a stamp. Raises SigningFailed while the authority is away.

    The row is not locked while the authority is asked; if it was withdrawn or stamped meanwhile, nothing changes.
    """
    with tenant_scope(tenant_id):
        release = Release.objects.get(pk=release_id)
        data = objects.get(release.object_key, release.sha256)
        signer = keys.signer_for(tenant_id).stamped_by(authority)
    stamped, moment = _stamped(data, release.mime, signer)
    with tenant_scope(tenant_id):
        row = Release.objects.select_for_update(of=("self",)).get(pk=release_id)
        if row.withdrawn_at is not None or row.time_stamped_at is not None or row.sha256 != release.sha256:
            return
        row.first_sha256 = row.sha256
        row.object_key = f"tenants/{tenant_id}/releases/{row.id}/stamped-{row.object_key.rpartition('/')[2]}"
        row.sha256 = objects.put(row.object_key, stamped, row.mime)
        row.time_stamped_at = moment
        row.save(update_fields=["object_key", "sha256", "first_sha256", "time_stamped_at"])
        record(tenant_id, "system", "release.time_stamped", row.public_id, {"sha256": row.sha256})


def _stamped(data: bytes, mime: str, signer: Signer) -> tuple[bytes, datetime]:
    anchors = keys.trust_anchors()
    facts = read(data, mime, anchors).facts
    if facts is None:
        raise SigningFailed("the released file does not carry its own manifest")
    signed = _patiently(data, mime, facts, signer)
    report = verify_signed(signed, mime, anchors, generation_id=facts.generation_id)
    if report.unproven_stamp:
        raise SigningFailed(f"no root of ours vouches for the time authority: put its root into {TIME_ANCHORS}")
    return signed, _moment(report.stamped_at)


def _moment(said: str) -> datetime:
    """The stamp's time. SigningFailed for a file without one, and for an authority that says another time than now."""
    moment = parse_datetime(said) if said else None
    if moment is None or moment.tzinfo is None:
        raise SigningFailed("the file came back without a time stamp")
    if abs(timezone.now() - moment) > CLOCKS_DIFFER:
        raise SigningFailed(f"the time authority says that it is {said}: ask another, or compare the clocks")
    return moment


def _patiently(data: bytes, mime: str, facts: OutputFacts, signer: Signer, patience: float = PATIENCE) -> bytes:
    """The library waits for an authority for ever; we wait `patience` seconds and leave its thread behind."""
    answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            with relayed(signer.time_authority or "", patience) as address:
                answers.put(sign_derivative(data, mime, data, ["published"], facts, signer.stamped_by(address)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name="time authority", daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        raise SigningFailed(f"the time authority did not answer within {patience:.0f} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _waiting() -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, release_id FROM releases_unstamped(%s)", [MANY])
        return [(row[0], row[1]) for row in cursor.fetchall()]
