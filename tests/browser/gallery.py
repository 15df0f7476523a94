"""A company in the middle of its work, walked there by the real services: something to see on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from imprimatur.generations import services as generations
from imprimatur.generations.models import Generation, Output
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts import services as prompts
from imprimatur.prompts.models import TemplateVersion
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.review import services as review
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord, TrademarkLicence
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import services as webhooks
from imprimatur.webhooks.deliveries import deliver_next
from imprimatur.webhooks.models import Endpoint, Trouble
from imprimatur.webhooks.sending import NotTaken

from generation.studio.samples import SAMPLES, Sample, sample_png
from generation.studio.vocabulary import SCENE_PHRASES, SCENES
from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from tests.browser.artist import takes
from tests.factories import World

USE = {"channel": "web", "territory": "JP", "purpose": "advertising"}
BY_SLUG = {sample.slug: sample for sample in SAMPLES}
PAPER = b"Signed on paper by everybody concerned."


@dataclass(frozen=True)
class Gallery:
    """Handles to what a test wants to look at."""

    world: World
    bottle: ReferenceImage
    person: ReferenceImage
    version: TemplateVersion
    draft_version: TemplateVersion
    consent: ConsentRecord
    draft_consent: ConsentRecord
    licence: TrademarkLicence
    queued: Generation
    drawing: Generation
    failed: Generation
    pending: Output
    approved: Output
    release: Release
    webhook: Endpoint


def build_gallery(world: World) -> Gallery:
    """Fill aozora's house."""
    with tenant_scope(world.aozora.id):
        bottle, mug, person = _references(world)
        version, draft_version = _templates(world)
        consent, draft_consent, licence = _rights(world, person, mug)
        asked = [_asked(world, bottle, version, place) for place in ("beach", "snow", "forest", "night")]
        outputs = [_drawn(row, "comet-bottle") for row in asked]
        outputs.append(_drawn(_asked(world, person, version, "kitchen"), "mika-person", "leak"))
        _approve(world, outputs[0], outputs[1])
        release = releases.release(world.actor(world.alice), outputs[0], USE)
        review.decide(world.actor(world.rita), outputs[2], "request_changes", "prompt", "The trees are missing.")
        review.comment(world.actor(world.ravi), outputs[3], "The label catches the light well.")
        queued, drawing, failed = _jobs(world, bottle, version)
    webhook = _webhooks(world)
    return Gallery(
        world, bottle, person, version, draft_version, consent, draft_consent, licence,
        queued, drawing, failed, outputs[3], outputs[1], release, webhook,
    )  # fmt: skip


def place_variable() -> dict[str, Any]:
    """Every scene the studio model knows, labelled in both languages."""
    options = [
        {"token": SCENE_PHRASES[s.token], "label": {"en": SCENE_PHRASES[s.token].capitalize(), "ja": s.ja}}
        for s in SCENES
    ]
    return {"name": "place", "label": {"en": "Place", "ja": "場所"}, "options": options}


def _references(world: World) -> tuple[ReferenceImage, ReferenceImage, ReferenceImage]:
    actor = world.actor(world.alice)
    brand = library.add_brand(actor, "Aozora")
    return (
        _reference(world, brand, BY_SLUG["comet-bottle"], own_work=True),
        _reference(world, brand, BY_SLUG["wave-mug"], own_work=True, declared_marks=["AOZORA"]),
        _reference(world, brand, BY_SLUG["mika-person"], shows_person=True, own_work=True),
    )


def _reference(world: World, brand: Any, sample: Sample, **declared: Any) -> ReferenceImage:
    actor, kind = world.actor(world.alice), sample.individual.kind
    subject = library.add_subject(actor, brand, sample.name, "person" if kind == "person" else "product", kind)
    said = {"source": "drawing", "shows_person": False, "declared_marks": []} | declared
    return library.take_in(actor, subject, sample_png(sample), **said)


def _templates(world: World) -> tuple[TemplateVersion, TemplateVersion]:
    actor = world.actor(world.alice)
    version = prompts.create_template(
        actor, name_en="Out and about", name_ja="おでかけ", text="a {subject} {place}", variables=[place_variable()]
    )
    prompts.submit(actor, version)
    version = prompts.approve(world.actor(world.rita), version)
    other = prompts.create_template(actor, name_en="Plain wall", name_ja="無地の壁", text="a {subject} in the studio")
    return version, prompts.submit(actor, other)


def _rights(
    world: World, person: ReferenceImage, mug: ReferenceImage
) -> tuple[ConsentRecord, ConsentRecord, TrademarkLicence]:
    alice, gordon, now = world.actor(world.alice), world.actor(world.gordon), timezone.now()
    scope: dict[str, Any] = {
        "id": "draft",
        "grantee": "draft",
        "valid_from": now - timedelta(days=30),
        "channels": frozenset({"web", "social"}),
        "purposes": frozenset({"advertising"}),
        "territories": frozenset({"JP"}),
    }
    likeness = ConsentTerms(
        kind="likeness",
        reference_digests=frozenset({person.pixel_sha256}),
        valid_until=now + timedelta(days=20),
        synthetic_media_permitted=True,
        prohibited_contexts=frozenset({"alcohol"}),
        **scope,
    )
    mark = TrademarkTerms(
        mark="AOZORA", owner="Aozora Tea", reference_digests=frozenset({mug.pixel_sha256}), valid_until=None, **scope
    )
    paper = {"evidence": PAPER, "evidence_name": "consent.txt"}
    consent = rights.draft_consent(alice, title="Likeness of Mika, spring", kind="likeness", terms=likeness, **paper)
    rights.verify_record(gordon, consent)
    draft = rights.draft_consent(alice, title="Likeness of Mika, autumn", kind="likeness", terms=likeness, **paper)
    licence = rights.draft_licence(alice, title="House mark", terms=mark, **paper)
    return consent, draft, rights.verify_record(gordon, licence)


def _asked(world: World, reference: ReferenceImage, version: TemplateVersion, place: str) -> Generation:
    return generations.submit(
        world.actor(world.alice),
        reference=reference,
        version=version,
        variables={"place": SCENE_PHRASES[place]},
        use=USE,
        seed=7,
    )[0]


def _drawn(row: Generation, slug: str, *warnings: str) -> Output:
    place = next(scene for scene, phrase in SCENE_PHRASES.items() if phrase == row.variables["place"])
    takes(row, BY_SLUG[slug].individual, place).delivers(list(warnings))
    return Output.objects.select_related("generation").get(generation=row)


def _approve(world: World, *outputs: Output) -> None:
    for output in outputs:
        for reviewer in (world.rita, world.ravi):
            review.decide(world.actor(reviewer), output, "approve")


def _webhooks(world: World) -> Endpoint:
    """One that takes everything, one that waits for another try, one that has stopped by itself, and one paused."""
    answers = {"takes": None, "trying": 503, "stopped": 410}
    made = {}
    for name, status in answers.items():
        with tenant_scope(world.aozora.id):
            url = f"https://hooks.example.com/{name}/a-long-way-into-the-receivers-own-house?of=aozora"
            made[name] = webhooks.add(world.actor(world.olive), url, ["webhook.*", "release.published"])

        def send(*_: object, status: int | None = status) -> int:
            if status is not None:
                raise NotTaken(f"answered {status}", Trouble.GONE if status == 410 else Trouble.ANSWER, status)
            return 200

        for _ in range(3):
            deliver_next(world.aozora.id, made[name].pk, send)
    with tenant_scope(world.aozora.id):
        olive = world.actor(world.olive)
        webhooks.pause(olive, webhooks.add(olive, "https://hooks.example.com/paused"))
        webhooks.test(olive, made["trying"])
    return made["trying"]


def _jobs(world: World, bottle: ReferenceImage, version: TemplateVersion) -> tuple[Generation, Generation, Generation]:
    drawing, failed, queued = (_asked(world, bottle, version, place) for place in ("city", "sunset", "desert"))
    individual = BY_SLUG["comet-bottle"].individual
    artist = takes(drawing, individual, "city")
    artist.says("accepted")
    artist.says("drawing", 9)
    takes(failed, individual, "sunset").fails("out_of_memory")
    return queued, drawing, failed
