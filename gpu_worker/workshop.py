"""One order from acceptance to report: check the permit, fetch, draw, stamp, store, tell.

Encoding to a file, stamping and storing happen on the task's thread, beside the engine drawing the next picture.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

from PIL import Image

from governance.errors import GovernanceError, UnreadableUpload
from governance.finishing import Finished, finish
from governance.intake import check_complete
from governance.permit import Permit
from governance.provenance import OutputFacts, sign_derivative, sign_output
from governance.provenance import read as read_manifest
from governance.signing_calls import SignerRefused
from gpu_worker.engine import Engine
from gpu_worker.held import Held, HeldOrder
from gpu_worker.messages import RenderOrder, RenderReport, StoredObject
from gpu_worker.outcomes import Failed, OrderEnded, PermitUsedBefore, Refused, failure_of
from gpu_worker.permits import PermitDesk
from gpu_worker.sender import Sender
from gpu_worker.signers import Signers
from gpu_worker.storage import ObjectStore
from gpu_worker.strips import mask_strip

if TYPE_CHECKING:
    from generation.pipeline import DrawResult
    from governance.signing import Signer

logger = logging.getLogger(__name__)

PNG: Final = "image/png"
QUIET_SECONDS: Final = 0.4  # between two progress messages of one order
_DIGEST: Final = "sha256 "  # marks weight files in a result's environment


@dataclass
class Workshop:
    """Everything an order meets in this process. watermark_key: what delivered pictures are marked with."""

    worker: str
    desk: PermitDesk
    store: ObjectStore
    engine: Engine
    signers: Signers
    watermark_key: bytes
    sender: Sender
    held: Held = field(default_factory=Held)

    def handle(self, order: RenderOrder) -> RenderReport | None:
        """Draw it and report; None if the same order came before. The report is written before it is sent."""
        held = self.held.add(order)
        try:
            self.sender.progress(order, "accepted")
            report = self._report(held)
            self._leave_beside(order, report)
            if not self.sender.report(report):
                logger.error("%s: the report waits beside the picture, no broker took it", order.generation_id)
        except PermitUsedBefore:
            logger.warning("%s: attempt %d came twice, not drawn again", order.generation_id, order.attempt)
            return None
        finally:
            self.held.remove(held)
        return report

    def _report(self, held: HeldOrder) -> RenderReport:
        try:
            return _Drawing(self, held).ready_report()
        except PermitUsedBefore:
            raise
        except Exception as error:
            ended = failure_of(error)
            if ended is not error:
                logger.exception("%s: %s", held.order.generation_id, ended)
            return self._ended_report(held.order, ended)

    def _ended_report(self, order: RenderOrder, ended: OrderEnded) -> RenderReport:
        return RenderReport(
            generation_id=order.generation_id,
            tenant_id=order.tenant_id,
            attempt=order.attempt,
            attempt_secret=order.attempt_secret,
            outcome=ended.outcome,
            worker=self.worker,
            error_code=ended.code,
            error=str(ended),
        )

    def _leave_beside(self, order: RenderOrder, report: RenderReport) -> None:
        """For the reaper, should the message be lost. A full store is no reason not to send it."""
        text = json.dumps(report.to_json(), separators=(",", ":")).encode()
        try:
            self.store.put(f"{order.output_prefix}report.json", text, "application/json")
        except OrderEnded as error:
            logger.warning("%s: no report was left beside the picture: %s", order.generation_id, error)


class _Drawing:
    """One order being drawn."""

    def __init__(self, workshop: Workshop, held: HeldOrder) -> None:
        self.shop, self.held, self.order = workshop, held, held.order
        self.seconds: dict[str, float] = {}
        self._told = 0.0

    def ready_report(self) -> RenderReport:
        permit = self.shop.desk.admit(self.order)
        with self._timed("fetch"):
            files = self._fetch()
            pictures, sketches = [_decoded(data) for data in files], self._sketches()
        drawn = self.shop.engine.draw(
            self.order.spec, pictures, self._on_step, tenant=self.order.tenant_id, sketches=sketches
        )
        self.shop.sender.progress(self.order, "stamping", self.order.spec.steps, self.order.spec.steps)
        with self._timed("stamp"):
            finished = finish(drawn.image, permit.generation_id, self.shop.watermark_key)
            facts = self._facts(permit, drawn, finished)
            picture, state = self._stamped(finished, facts, files)
            strip = self._stamped_strip(drawn, facts, picture)
        with self._timed("store"):
            stored = self._store("output", picture)
            stored_strip = self._store("mask_strip", strip)
        return self._report(facts, drawn, (stored, stored_strip), finished.image.size, state)

    def _fetch(self) -> list[bytes]:
        self.shop.sender.progress(self.order, "preparing")
        self.held.check_wanted()
        return [self.shop.store.get(reference) for reference in self.order.references]

    def _sketches(self) -> list[Image.Image | None]:
        """One a subject, None for none. The permit is for exactly these files."""
        left = iter(self.order.sketches)
        drawn = [next(left) if subject.sketch_digest else None for subject in self.order.spec.subjects]
        return [None if stored is None else _decoded(self.shop.store.get(stored)).convert("L") for stored in drawn]

    def _on_step(self, step: int, steps: int) -> None:
        """On the engine's thread. Before the first step the permit is looked at again: it waited in line."""
        self.held.check_wanted()
        if steps == 0:
            self.shop.desk.check(self.order)
            return
        now = time.monotonic()
        if step in (0, steps) or now - self._told >= QUIET_SECONDS:
            self._told = now
            self.shop.sender.progress(self.order, "drawing", step, steps)

    @cached_property
    def signer(self) -> Signer:
        """Of the order's tenant; everything this order stores is signed by it."""
        with _stamping():
            return self.shop.signers.for_order(self.order)

    def _facts(self, permit: Permit, drawn: DrawResult, finished: Finished) -> OutputFacts:
        """What the control side knows, and what only this process knows: model, libraries, pixels."""
        digests = {k.removeprefix(_DIGEST): v for k, v in drawn.environment.items() if k.startswith(_DIGEST)}
        return replace(
            OutputFacts.from_json(self.order.manifest),
            generation_id=permit.generation_id,
            spec_digest=permit.spec_digest,
            permit_id=permit.id,
            model_name=self.order.spec.profile,
            model_digests=digests,
            environment={k: v for k, v in drawn.environment.items() if not k.startswith(_DIGEST)},
            pixel_digest=drawn.pixel_digest,
            native_size=finished.native_size,
            watermarked=finished.watermarked,
        )

    def _stamped(self, finished: Finished, facts: OutputFacts, references: list[bytes]) -> tuple[bytes, str]:
        """The file, and the state of its manifest as read back here, where no anchor is: valid. The control side
        reads it again with its anchors."""
        with _stamping():
            picture = sign_output(_png(finished.image), PNG, facts, self.signer, references=references)
        found = read_manifest(picture, PNG, "")
        if found.state == "invalid" or found.facts is None:
            raise Failed(
                "stamp_failed", f"the stamp does not hold ({', '.join(found.failures)}): check the signing key"
            )
        return picture, found.state

    def _stamped_strip(self, drawn: DrawResult, facts: OutputFacts, picture: bytes) -> bytes:
        """The mask film strip shows the picture, so it is a stamped derivative of it."""
        with _stamping():
            strip = _png(mask_strip(drawn))
            return sign_derivative(strip, PNG, picture, ["previewed"], facts, self.signer)

    def _store(self, name: str, data: bytes) -> StoredObject:
        """Under a name that holds the digest: an attempt drawn twice never replaces a reported picture."""
        digest = hashlib.sha256(data).hexdigest()
        return self.shop.store.put(f"{self.order.output_prefix}{name}-{digest[:16]}.png", data, PNG)

    def _report(
        self,
        facts: OutputFacts,
        drawn: DrawResult,
        stored: tuple[StoredObject, StoredObject],
        size: tuple[int, int],
        state: str,
    ) -> RenderReport:
        """stored: picture and mask strip. size: of the delivered picture, (width, height)."""
        order = self.order
        return RenderReport(
            generation_id=order.generation_id,
            tenant_id=order.tenant_id,
            attempt=order.attempt,
            attempt_secret=order.attempt_secret,
            outcome="ready",
            worker=self.shop.worker,
            permit_id=facts.permit_id,
            output=stored[0],
            mask_strip=stored[1],
            width=size[0],
            height=size[1],
            pixel_digest=drawn.pixel_digest,
            manifest_state=state,
            scores={name: round(score, 4) for name, score in drawn.scores.items()},
            likenesses=[[round(score, 4) for score in views] for views in drawn.likenesses],
            mask_area=[round(share, 4) for share in drawn.mask_area],
            warnings=list(drawn.warnings),
            explanation=drawn.explanation.to_json() if drawn.explanation else {},
            environment=dict(drawn.environment),
            seconds={stage: round(s, 4) for stage, s in (self.seconds | drawn.seconds).items()},
        )

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


@contextmanager
def _stamping() -> Iterator[None]:
    try:
        yield
    except GovernanceError as error:
        for cause in _causes(error):
            if isinstance(cause, SignerRefused) and cause.reason == "permit_expired":
                raise Refused("permit_expired", str(cause)) from error
            if isinstance(cause, (OSError, HTTPException)):
                raise Failed("signer_away", f"{error}: the order is drawn again") from error
        raise Failed("stamp_failed", f"the picture could not be stamped ({error}): check the signing key") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """What the signer said lies below what the stamp made of it."""
    while error is not None:
        yield error
        error = error.__cause__


def _decoded(data: bytes) -> Image.Image:
    """The reference's pixels, whole. Its bytes are those that were ordered, and signed by us at intake."""
    try:
        check_complete(data)
    except UnreadableUpload as error:
        raise Refused("reference_altered", f"the reference cannot be read ({error}): upload it again") from error
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
