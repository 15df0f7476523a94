"""Plays the drawing machine by the services that a real one reports to, so that a test decides when what happens.

The picture is the studio's own drawn world, stamped as a worker stamps it; only the model is left out.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.generations import gate
from imprimatur.generations.incoming import record_progress, record_report
from imprimatur.generations.models import Generation
from imprimatur.generations.orders import begin_attempt
from imprimatur.tenants.scope import tenant_scope
from PIL import Image

from generation.studio.world.individual import Individual
from generation.studio.world.render import paint_picture
from governance.intake import pixel_digest
from governance.provenance import OutputFacts, sign_output
from gpu_worker.messages import RenderOrder, RenderProgress, RenderReport, StoredObject
from tests.imprimatur.drawn import ACCOUNT

WORKER = "drawing-machine-1"
SIDE, TILES = 128, 8
AREAS = [0.61, 0.44, 0.35, 0.31, 0.28, 0.26, 0.25, 0.25]


@dataclass(frozen=True)
class Artist:
    """One attempt at one picture."""

    order: RenderOrder
    individual: Individual
    scene: str

    def says(self, stage: str, step: int = 0) -> None:
        """Report progress, as a worker does between two steps."""
        assert record_progress(RenderProgress(**self._who(), stage=stage, step=step, steps=self.order.spec.steps))

    def delivers(self, warnings: list[str] | None = None) -> None:
        """Draw, stamp, store and report the picture and its mask strip."""
        picture = self._picture()
        facts = OutputFacts.from_json(
            self.order.manifest | {"pixel_digest": pixel_digest(picture), "model_name": "studio"}
        )
        report = RenderReport(
            **self._who(),
            outcome="ready",
            permit_id=facts.permit_id,
            output=self._stored("output.png", picture, facts),
            mask_strip=self._stored("mask_strip.png", self._strip(picture), facts),
            width=SIDE,
            height=SIDE,
            pixel_digest=facts.pixel_digest,
            manifest_state="trusted",
            likenesses=self._likenesses(),
            scores={"similarity": 0.86, "text_match": 0.79, "leak": 0.06, "sharpness": 0.71},
            explanation=ACCOUNT,
            mask_area=AREAS,
            warnings=warnings or [],
            seconds={"drawing": 6.0},
        )
        assert record_report(report)

    def fails(self, code: str) -> None:
        """Give up."""
        assert record_report(RenderReport(**self._who(), outcome="failed", error_code=code, error=code))

    def _who(self) -> dict[str, object]:
        told = ("generation_id", "tenant_id", "attempt", "attempt_secret")
        return {name: getattr(self.order, name) for name in told} | {"worker": WORKER}

    def _picture(self) -> Image.Image:
        chance = random.Random(self.order.spec.seed)
        drawing = paint_picture(chance, self.individual, self.scene, size=SIDE)
        return Image.fromarray(drawing.picture).convert("RGB")

    def _likenesses(self) -> list[list[float]]:
        """The first subject is the most like, and its first view."""
        subjects = enumerate(self.order.spec.subjects)
        return [[0.94 - 0.2 * s - 0.05 * v for v in range(len(one.reference_digests))] for s, one in subjects]

    def _strip(self, picture: Image.Image) -> Image.Image:
        strip = Image.new("RGB", (SIDE * TILES, SIDE))
        for tile in range(TILES):
            veil = Image.new("RGB", picture.size, (20, 24, 60))
            strip.paste(Image.blend(veil, picture, 0.35 + 0.08 * tile), (tile * SIDE, 0))
        return strip

    def _stored(self, name: str, picture: Image.Image, facts: OutputFacts) -> StoredObject:
        references = [objects.get(stored.key, stored.sha256) for stored in self.order.references]
        signed = sign_output(_png(picture), "image/png", facts, keys.platform_signer(), references=references)
        key = f"{self.order.output_prefix}{name}"
        return StoredObject(key=key, sha256=objects.put(key, signed, "image/png"), mime="image/png")


def takes(generation: Generation, individual: Individual, scene: str = "beach") -> Artist:
    """A drawing machine takes a queued picture, with a fresh permit."""
    with tenant_scope(generation.tenant_id):
        row = Generation.objects.select_for_update(of=("self",)).get(pk=generation.pk)
        question = {
            "action": "generate",
            "references": row.references,
            "version": row.template_version,
            "use": row.use,
        }
        now = timezone.now()
        order = begin_attempt(row, gate.require(None, now=now, already=row, **question), now)
    return Artist(order, individual, scene)


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
