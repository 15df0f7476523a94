"""What a worker needs to draw one picture, and how it gets there. The only place that speaks to the broker."""

from __future__ import annotations

import logging
import os
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from kombu.exceptions import OperationalError

from generation.spec import GenerationSpec
from governance.permit import LIFETIME, Permit, sign_permit
from governance.policy import Permitted
from governance.provenance import ConsentCommitment, OutputFacts
from gpu_worker.messages import CANCEL_COMMAND, FORGET_COMMAND, RENDER_TASK, RenderOrder, StoredObject, render_queue
from imprimatur import keys
from imprimatur.audit import services as audit
from imprimatur.celery import app
from imprimatur.generations import life
from imprimatur.generations.models import Generation
from imprimatur.generations.pictures import prefix
from imprimatur.library import sketches

logger = logging.getLogger(__name__)

PERMIT_LIFETIME: Final = timedelta(
    seconds=float(os.environ.get("IMPRIMATUR_PERMIT_SECONDS") or LIFETIME.total_seconds())
)
BROKER_ERRORS: Final = (OperationalError, OSError)


def begin_attempt(row: Generation, answer: Permitted, now: datetime) -> RenderOrder:
    """A new attempt of a locked row: number, secret, permit and lease; the order that goes with them."""
    permit = _permit(row, answer, now)
    life.write(
        row,
        attempt=permit.attempt,
        attempt_secret=secrets.token_hex(32),
        permit_id=permit.id,
        dispatched_at=now,
        lease_until=life.lease(),
        version=row.version + 1,
    )
    return _order(row, sign_permit(permit, keys.permit_private_key()))


def send(order: RenderOrder) -> bool:
    """Ring the worker's queue; False if the broker cannot be reached. Sending an order twice is harmless."""
    queue = render_queue(order.spec.profile)
    try:
        app.send_task(RENDER_TASK, args=[order.to_json()], queue=queue, retry=False)
    except BROKER_ERRORS as error:
        logger.warning("%s: the broker cannot be reached, the order waits: %s", order.generation_id, error)
        return False
    return True


def broker_answers() -> bool:
    """Whether orders can be sent at all; asked before attempts are begun."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except BROKER_ERRORS:
        return False
    return True


def drop(generation_id: str, attempt: int) -> None:
    """Tell every worker to stop drawing this attempt. Nothing is lost if nobody hears it: its report is ignored."""
    try:
        app.control.broadcast(CANCEL_COMMAND, arguments={"generation_id": generation_id, "attempt": attempt})
    except BROKER_ERRORS as error:
        logger.warning("%s: the broker cannot be reached, the attempt is drawn in vain: %s", generation_id, error)


def forget(tenant_id: uuid.UUID, digests: Sequence[str]) -> bool:
    """Tell every worker to drop what it remembers of these reference files; False if the broker cannot be reached.

    A worker that does not hear it draws nothing from its memory: every order carries a fresh permit.
    """
    said = {"tenant_id": str(tenant_id), "digests": list(digests)}
    try:
        app.control.broadcast(FORGET_COMMAND, arguments=said)
    except BROKER_ERRORS as error:
        logger.warning("the broker cannot be reached, workers are told to forget later: %s", error)
        return False
    return True


def _permit(row: Generation, answer: Permitted, now: datetime) -> Permit:
    return Permit(
        id=uuid.uuid4().hex,
        tenant_id=str(row.tenant_id),
        generation_id=row.public_id,
        attempt=row.attempt + 1,
        spec_digest=row.spec_digest,
        reference_digests=tuple(reference.sha256 for reference in row.references),
        terms_digests=answer.terms_digests,
        issued_at=now,
        expires_at=now + PERMIT_LIFETIME,
    )


def _order(row: Generation, token: str) -> RenderOrder:
    stored = (StoredObject(key=r.object_key, sha256=r.sha256, mime=r.mime) for r in row.references)
    spec = GenerationSpec.from_json(row.spec)
    return RenderOrder(
        generation_id=row.public_id,
        tenant_id=str(row.tenant_id),
        attempt=row.attempt,
        attempt_secret=row.attempt_secret,
        spec=spec,
        references=tuple(stored),
        sketches=_sketches(spec),
        permit=token,
        manifest=_manifest(row),
        output_prefix=prefix(row, row.attempt),
    )


def _sketches(spec: GenerationSpec) -> tuple[StoredObject, ...]:
    """Of those subjects that have one, in order. One that is missing is left out, and the worker refuses the order."""
    digests = [subject.sketch_digest for subject in spec.subjects if subject.sketch_digest]
    found = sketches.by_digest(digests)
    return tuple(StoredObject(key=found[d].object_key, sha256=d, mime=sketches.MIME) for d in digests if d in found)


def _manifest(row: Generation) -> dict[str, Any]:
    """What the control side knows about the picture's provenance; the worker adds model and pixels."""
    records = row.consent_receipt["records"]
    facts = OutputFacts(
        generation_id=row.public_id,
        spec_digest=row.spec_digest,
        template_version_id=row.template_version.public_id,
        prompt=row.spec["prompt"],
        permit_id=row.permit_id,
        consents=tuple(ConsentCommitment(id=r["record"], commitment=r["commitment"]) for r in records),
        own_work=row.consent_receipt["own_work"],
        audit_head=audit.head(row.tenant_id),
    )
    return facts.to_json()
