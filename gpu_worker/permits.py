"""May this order be drawn here, now, and for the first time?"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance.errors import PermitError, PermitExpired
from governance.permit import Permit, verify_permit
from gpu_worker.messages import RenderOrder
from gpu_worker.outcomes import PermitUsedBefore, Refused


class PermitDesk:
    """Checks permits with the control side's public key, and remembers which were used until they expire."""

    def __init__(self, public_key: Ed25519PublicKey) -> None:
        """One desk for each worker process."""
        self._public_key = public_key
        self._used: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def admit(self, order: RenderOrder) -> Permit:
        """The order's permit, now used. Raises Refused (permit_expired, permit_refused) or PermitUsedBefore."""
        permit = self.check(order)
        with self._lock:
            now = datetime.now(UTC)
            self._used = {known: end for known, end in self._used.items() if end > now}
            if permit.id in self._used:
                raise PermitUsedBefore(permit.id)
            self._used[permit.id] = permit.expires_at
        return permit

    def check(self, order: RenderOrder) -> Permit:
        """The order's permit: genuine, in time, and for exactly this attempt, tenant, spec and references."""
        try:
            permit = verify_permit(
                order.permit,
                self._public_key,
                now=datetime.now(UTC),
                generation_id=order.generation_id,
                attempt=order.attempt,
                spec_digest=order.spec.digest(),
            )
        except PermitExpired as error:
            raise Refused("permit_expired", str(error)) from error
        except PermitError as error:
            raise Refused("permit_refused", str(error)) from error
        _check_binding(order, permit)
        return permit


def _check_binding(order: RenderOrder, permit: Permit) -> None:
    """What is fetched and where it is written must be what was permitted, too."""
    fetched = tuple(reference.sha256 for reference in order.references)
    drawn_from = tuple(digest for subject in order.spec.subjects for digest in subject.reference_digests)
    sketched = [sketch.sha256 for sketch in order.sketches]
    bounded_by = [subject.sketch_digest for subject in order.spec.subjects if subject.sketch_digest]
    if permit.tenant_id != order.tenant_id:
        raise Refused("permit_refused", "the permit is another tenant's: ask for a new attempt")
    if not fetched == permit.reference_digests == drawn_from:
        raise Refused("permit_refused", "the permit is for other references: ask for a new attempt")
    if sketched != bounded_by:
        raise Refused("permit_refused", "the permit is for other sketches: ask for a new attempt")
    if not order.output_prefix.startswith(f"tenants/{permit.tenant_id}/outputs/"):
        raise Refused("permit_refused", "the order writes outside its tenant's outputs: ask for a new attempt")
