"""A drawn picture, walked up by the real services: uploaded, asked for, stamped as a worker does it, reported."""

from __future__ import annotations

import io
import itertools
import random
from typing import Any

from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.generations import gate
from imprimatur.generations import services as generations
from imprimatur.generations.models import Generation, GenerationState, Output
from imprimatur.generations.orders import begin_attempt
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts import services as prompts
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.models import User
from imprimatur.tenants.scope import tenant_scope
from PIL import Image, ImageDraw

from governance.finishing import finish
from governance.intake import encode, pixel_digest
from governance.provenance import OutputFacts, sign_output
from gpu_worker.messages import RenderOrder, RenderReport, StoredObject
from tests.factories import World

_photographs = itertools.count(1000)  # each upload is another photograph
ACCOUNT: dict[str, Any] = {  # `generation.tracing.Explanation` as JSON
    "words": ["a", "bottle", "on", "the", "beach"],
    "inside": [0.05, 0.7, 0.05, 0.1, 0.1],
    "outside": [0.1, 0.1, 0.1, 0.1, 0.6],
    "tokens": [[[[0.0, 1.0], [0.5, 1.0]]]],
}
USE = {"channel": "web", "territory": "JP", "purpose": "advertising"}


def drawn(world: World, requester: User | None = None, count: int = 1, **reference: Any) -> list[Output]:
    """Pictures of aozora's, ready for review; asked for by alice unless said otherwise."""
    asker = requester or world.alice
    with tenant_scope(world.aozora.id):
        rows = generations.submit(
            world.actor(asker),
            reference=uploaded(world, asker, **reference),
            version=approved_version(world),
            variables={"place": "on the beach"},
            use=USE,
            count=count,
        )
        for row in rows:
            assert generations.record_report(worked(row))
        assert {Generation.objects.get(pk=row.pk).state for row in rows} == {GenerationState.READY}
        return list(Output.objects.filter(generation__in=rows).order_by("created_at"))


def uploaded(world: World, uploader: User, **declared: Any) -> ReferenceImage:
    """A reference of a bottle (or another `word`), declared the company's own work unless said otherwise."""
    word = declared.pop("word", "bottle")
    actor = world.actor(uploader)
    stamp = timezone.now().isoformat()
    brand = library.add_brand(actor, f"Aozora {stamp}")
    subject = library.add_subject(actor, brand, f"{word.title()} {stamp}", "product", word)
    facts = {"source": "drawing", "shows_person": False, "declared_marks": [], "own_work": True} | declared
    return library.take_in(actor, subject, photograph(next(_photographs)), **facts)


def another_view(world: World, reference: ReferenceImage, **declared: Any) -> ReferenceImage:
    """A further picture of the same subject."""
    facts = {"source": "drawing", "shows_person": False, "declared_marks": [], "own_work": True} | declared
    return library.take_in(
        world.actor(world.alice), reference.subject, picture(512, "olive", next(_photographs)), **facts
    )


def approved_version(world: World, text: str = "a {subject} {place}") -> TemplateVersion:
    """A template written by alice and approved by rita."""
    place = {
        "name": "place",
        "label": {"en": "Place", "ja": "場所"},
        "options": [{"token": "on the beach", "label": {"en": "On the beach", "ja": "浜辺"}}],
    }
    version = prompts.create_template(
        world.actor(world.alice),
        name_en=f"Season {timezone.now().isoformat()}",
        name_ja="季節",
        text=text,
        variables=[place],
        profile="studio",
    )
    prompts.submit(world.actor(world.alice), version)
    return prompts.approve(world.actor(world.rita), version)


def worked(generation: Generation) -> RenderReport:
    """What a worker does with the order, but for the drawing: stamp, store, report."""
    row = Generation.objects.select_for_update(of=("self",)).get(pk=generation.pk)
    now = timezone.now()
    question = {"action": "generate", "references": row.references, "version": row.template_version, "use": row.use}
    order = begin_attempt(row, gate.require(None, now=now, already=row, **question), now)
    shown = Image.open(io.BytesIO(picture(128, "teal", row.spec["seed"])))
    finished = finish(shown, row.public_id, keys.watermark_key())
    drawn = {"pixel_digest": pixel_digest(shown), "model_name": "studio", "native_size": finished.native_size}
    facts = OutputFacts.from_json(order.manifest | drawn | {"watermarked": finished.watermarked})
    drawn_from = [objects.get(stored.key, stored.sha256) for stored in order.references]
    delivered = encode(finished.image, "image/png")
    signed = sign_output(delivered, "image/png", facts, keys.platform_signer(), references=drawn_from)
    return _report(order, facts, signed, finished.image.size)


def _report(order: RenderOrder, facts: OutputFacts, signed: bytes, size: tuple[int, int]) -> RenderReport:
    key = f"{order.output_prefix}output.png"
    stored = StoredObject(key=key, sha256=objects.put(key, signed, "image/png"), mime="image/png")
    return RenderReport(
        generation_id=order.generation_id,
        tenant_id=order.tenant_id,
        attempt=order.attempt,
        attempt_secret=order.attempt_secret,
        outcome="ready",
        worker="tests",
        permit_id=facts.permit_id,
        output=stored,
        width=size[0],
        height=size[1],
        pixel_digest=facts.pixel_digest,
        manifest_state="trusted",
        explanation=ACCOUNT,
    )


def photograph(number: int) -> bytes:
    """A bottle before a wall of light and dark tiles: another number is another photograph, to any hash."""
    chance = random.Random(number)
    image = Image.new("RGB", (512, 512))
    draw = ImageDraw.Draw(image)
    for left, top in itertools.product(range(0, 512, 64), repeat=2):
        grey = chance.randrange(110, 250)
        draw.rectangle((left, top, left + 63, top + 63), fill=(grey, grey, grey))
    draw.rounded_rectangle((180, 180, 332, 470), 30, fill="navy")
    draw.rectangle((230, 70, 282, 200), fill="navy")
    draw.rectangle((196, 260, 316, 350), fill="white")
    draw.text((205, 290), str(number), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def picture(size: int, colour: str, seed: int = 0) -> bytes:
    """A PNG of a simple bottle; another seed gives other pixels."""
    image = Image.new("RGB", (size, size), (235, 235, 228 - seed % 97))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((size * 0.3, size * 0.3, size * 0.7, size * 0.92), size * 0.06, fill=colour)
    draw.rectangle((size * 0.43, size * 0.1, size * 0.57, size * 0.32), fill=colour)
    draw.rectangle((size * 0.34, size * 0.5, size * 0.66, size * 0.7), fill="white")
    draw.text((size * 0.4, size * 0.56), str(seed), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
