"""Taking in references: what is refused and in which words, what is stored, and what an output of ours inherits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from imprimatur import keys, objects
from imprimatur.audit.selectors import events
from imprimatur.library import selectors, services
from imprimatur.library.intake import LEAST_SIDE
from imprimatur.library.models import ReferenceImage, Subject
from imprimatur.tenants.actor import Actor, system_actor
from imprimatur.tenants.errors import Conflict, DomainError, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope
from PIL import Image

from governance import provenance
from governance.intake import decode_upload, pixel_digest
from governance.manifests import IntakeFacts, OutputFacts
from governance.signing import Signer
from tests.factories import World
from tests.governance.samples import made_before_its_end, outlive
from tests.imprimatur.drawn import picture

DECLARED: dict[str, Any] = {"source": "photograph", "shows_person": False, "own_work": True}


@pytest.fixture
def alice(world: World) -> Iterator[Actor]:
    """A creator of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.alice)


@pytest.fixture
def bottle(alice: Actor) -> Subject:
    """A subject to take pictures of."""
    return services.add_subject(alice, services.add_brand(alice, "Aozora"), "Sencha bottle", "product", "bottle")


def as_file(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def refusal(actor: Actor, subject: Subject, data: bytes, **declared: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        services.take_in(actor, subject, data, **{**DECLARED, **declared})
    assert ReferenceImage.objects.count() == 0
    return caught.value


def test_an_upload_becomes_a_signed_reference(alice: Actor, bottle: Subject) -> None:
    data = picture(512, "navy")
    reference = services.take_in(alice, bottle, data, **DECLARED)
    stored, mime = selectors.content(reference)
    report = provenance.read(stored, mime, keys.trust_anchors())
    assert report.state == "trusted"
    assert report.source_type == "digitalCapture"
    assert reference.pixel_sha256 == pixel_digest(decode_upload(data).image)
    assert (reference.width, reference.height) == (512, 512)
    assert reference.object_key.startswith(f"tenants/{alice.tenant_id}/references/{reference.id}/")


@pytest.mark.parametrize(
    ("source", "term"),
    [
        ("photograph", "digitalCapture"),
        ("drawing", "digitalCreation"),
        ("generated", "trainedAlgorithmicMedia"),
    ],
)
def test_the_manifest_says_what_was_declared(alice: Actor, bottle: Subject, source: str, term: str) -> None:
    reference = services.take_in(alice, bottle, picture(256, "teal"), **{**DECLARED, "source": source})
    assert provenance.read(*selectors.content(reference), keys.trust_anchors()).source_type == term


def test_metadata_of_the_camera_is_gone(alice: Actor, bottle: Subject) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Hanako Tanaka, 3-1 Marunouchi"
    image = Image.open(io.BytesIO(picture(256, "teal")))
    reference = services.take_in(alice, bottle, as_file(image, "JPEG", exif=exif), **DECLARED)
    stored, _ = selectors.content(reference)
    assert b"Hanako" not in stored
    assert not Image.open(io.BytesIO(stored)).getexif()


@pytest.mark.parametrize("size", [1, 160, 161, 480, 4000])
def test_thumbnails_are_signed_derivatives(alice: Actor, bottle: Subject, size: int) -> None:
    reference = services.take_in(alice, bottle, picture(640, "navy"), **DECLARED)
    data, mime = selectors.thumbnail(reference, size)
    report = provenance.read(data, mime, keys.trust_anchors())
    assert report.state == "trusted"
    assert report.actions == ("c2pa.opened", "c2pa.resized.proportional")
    assert [i.relationship for i in report.ingredients] == ["parentOf"]
    assert "ai-disclosure" not in str(report.raw)
    assert max(Image.open(io.BytesIO(data)).size) == (160 if size <= 160 else 480)


def test_nothing_unsigned_lies_in_the_store(alice: Actor, bottle: Subject, settings: Any) -> None:
    reference = services.take_in(alice, bottle, picture(512, "navy"), **DECLARED)
    keys_stored = [reference.object_key, *(t["key"] for t in reference.thumbnails.values())]
    for key in keys_stored:
        mime = "image/jpeg" if key.endswith("jpeg") else "image/png"
        assert provenance.read(objects.read(key), mime, keys.trust_anchors()).state == "trusted"


def test_the_coach_speaks_both_languages(alice: Actor, bottle: Subject) -> None:
    reference = services.take_in(alice, bottle, picture(200, "navy"), **DECLARED)
    english, japanese = selectors.coach(reference, "en"), selectors.coach(reference, "ja")
    assert [a.check for a in english] == ["size", "blur", "exposure", "share", "one_subject", "clutter", "edges"]
    assert english[0].verdict == "poor"
    assert english[0].advice == "Use one with at least 512 pixels on its short side."
    assert japanese[0].sentence == "画像が小さく、細部が写っていません。"
    assert reference.quality["verdict"] == "poor"


def test_every_finding_has_words_in_both_languages_and_fills_them() -> None:
    from imprimatur.library.coach import FINDINGS, _words

    from generation.reference_quality import Check

    for code in FINDINGS:
        words = _words(Check(check="size", code=code, verdict="fair", value=2, detail=("left", "top")))
        assert all(words["sentence"].values()), code
        assert bool(words["advice"]["en"]) == bool(words["advice"]["ja"]), code
        assert not any("{" in text for pair in words.values() for text in pair.values()), code


def test_the_event_carries_digests_and_nothing_personal(alice: Actor, bottle: Subject) -> None:
    reference = services.take_in(alice, bottle, picture(256, "navy"), **DECLARED, declared_marks=["AOZORA"])
    event = events(alice.tenant_id, subject=reference.public_id).get()
    assert event.event == "reference.ready"
    assert reference.pixel_sha256 in event.payload
    assert "AOZORA" not in event.payload


def test_marks_are_normalised_and_said_once(alice: Actor, bottle: Subject) -> None:
    marks = ["AOZORA", " AOZORA ", "青空", ""]
    reference = services.take_in(alice, bottle, picture(256, "navy"), **DECLARED, declared_marks=marks)
    assert reference.declared_marks == ["AOZORA", "青空"]


def test_the_same_picture_is_taken_once_whatever_its_format(alice: Actor, bottle: Subject) -> None:
    image = Image.open(io.BytesIO(picture(256, "navy")))
    first = services.take_in(alice, bottle, as_file(image), **DECLARED)
    with pytest.raises(Conflict) as caught:
        services.take_in(alice, bottle, as_file(image, "WEBP", lossless=True), **DECLARED)
    assert caught.value.code == "reference_exists"
    assert caught.value.params == {"reference": first.public_id}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda png: b"", "upload_empty"),
        (lambda png: b"GIF89a" + png, "upload_format"),
        (lambda png: png[: len(png) // 2], "upload_damaged"),
        (lambda png: png.replace(b"IDAT", b"IDAT", 1)[:-30] + bytes(30), "upload_damaged"),
        (lambda png: b"%PDF-1.7 not a picture", "upload_format"),
    ],
)
def test_what_is_no_whole_picture_is_refused(alice: Actor, bottle: Subject, spoil: Any, code: str) -> None:
    assert refusal(alice, bottle, spoil(picture(256, "navy"))).code == code


def test_a_bomb_is_refused_before_it_unpacks(alice: Actor, bottle: Subject) -> None:
    bomb = as_file(Image.new("1", (20000, 20000)))
    assert len(bomb) < 100_000
    assert refusal(alice, bottle, bomb).code == "upload_too_many_pixels"


def test_too_small_says_how_small_and_how_much_is_needed(alice: Actor, bottle: Subject) -> None:
    tiny = as_file(Image.new("RGB", (LEAST_SIDE - 1, 400)))
    error = refusal(alice, bottle, tiny)
    assert error.code == "upload_too_small"
    assert str(error) == "The picture is 127 x 400 pixels. Its short side needs at least 128."


def test_refusals_speak_japanese(alice: Actor, bottle: Subject) -> None:
    with translation.override("ja"):
        assert str(refusal(alice, bottle, b"")) == "ファイルが空です。画像を選んでください。"


def test_a_manifest_that_does_not_hold_is_refused(alice: Actor, bottle: Subject) -> None:
    signed = output(services.take_in(alice, bottle, picture(512, "navy"), **DECLARED))
    ReferenceImage.objects.all().delete()
    error = refusal(alice, bottle, _other_pixels(signed))
    assert error.code == "upload_invalid_manifest"


def test_a_person_without_the_flag_is_refused(alice: Actor, bottle: Subject) -> None:
    hanako = services.add_subject(alice, bottle.brand, "Hanako", "person", "woman")
    error = refusal(alice, hanako, picture(256, "navy"), shows_person=False)
    assert isinstance(error, InvalidInput)
    assert error.errors[0]["field"] == "shows_person"


@pytest.mark.parametrize(("field", "value"), [("source", "scan"), ("declared_marks", ["x" * 121])])
def test_declarations_are_checked(alice: Actor, bottle: Subject, field: str, value: Any) -> None:
    error = refusal(alice, bottle, picture(256, "navy"), **{field: value})
    assert isinstance(error, InvalidInput)
    assert error.errors[0]["field"] == field


def test_only_creators_add_references(world: World, bottle: Subject) -> None:
    for other in (world.rita, world.gordon, world.ada):
        with pytest.raises(NotPermitted):
            services.take_in(world.actor(other), bottle, picture(256, "navy"), **DECLARED)


def test_a_key_uploads_in_its_makers_name_and_the_system_does_not(world: World, bottle: Subject) -> None:
    key = world.key_actor([Permission.VIEW, Permission.UPLOAD_REFERENCE])
    reference = services.take_in(key, bottle, picture(256, "navy"), **DECLARED)
    assert reference.uploaded_by == world.keymaker()
    with pytest.raises(PersonRequired):
        services.take_in(system_actor(world.aozora.id), bottle, picture(256, "teal"), **DECLARED)


def test_an_output_of_ours_keeps_its_history_and_inherits_its_rights(alice: Actor, bottle: Subject) -> None:
    declared = {**DECLARED, "shows_person": True, "own_work": False}
    origin = services.take_in(alice, bottle, picture(512, "navy"), **declared, declared_marks=["AOZORA"])
    made = output(origin)
    again = services.take_in(alice, bottle, made, source="photograph", shows_person=False, own_work=True)
    assert again.derived_from == origin
    assert again.rights_roots == [origin]
    assert (again.source, again.shows_person, again.own_work) == ("generated", True, False)
    assert again.declared_marks == ["AOZORA"]
    assert selectors.content(again)[0] == made
    report = provenance.read(*selectors.thumbnail(again, 160), keys.trust_anchors())
    assert report.facts is not None
    assert report.facts.generation_id == "gen_test"


def test_an_output_of_another_company_is_not_taken(alice: Actor, bottle: Subject, world: World) -> None:
    origin = services.take_in(alice, bottle, picture(512, "navy"), **DECLARED)
    made = output(origin)
    ReferenceImage.objects.all().delete()
    assert refusal(alice, bottle, made).code == "upload_foreign_output"


def test_an_output_that_names_no_reference_is_not_taken(alice: Actor, bottle: Subject) -> None:
    facts = OutputFacts(generation_id="gen_test", spec_digest="0" * 64)
    rootless = provenance.sign_output(picture(256, "teal"), "image/png", facts, keys.platform_signer())
    assert refusal(alice, bottle, rootless).code == "upload_foreign_output"


def test_a_certificate_that_is_over_stops_outputs_of_ours_and_no_stranger(
    alice: Actor, bottle: Subject, settings: Any
) -> None:
    origin = services.take_in(alice, bottle, picture(512, "navy"), **DECLARED)

    def make(brief: Signer) -> tuple[bytes, bytes]:
        facts = IntakeFacts(reference_id="x")
        return output(origin, brief), provenance.sign_reference(picture(256, "maroon"), "image/png", facts, brief)

    brief, (ours, camera) = made_before_its_end(settings.PKI_FOLDER, make)
    outlive(brief)
    assert services.take_in(alice, bottle, camera, **DECLARED).derived_from is None
    ReferenceImage.objects.all().delete()
    assert refusal(alice, bottle, ours).code == "upload_expired_output"


def output(origin: ReferenceImage, signer: Signer | None = None) -> bytes:
    """A generated picture as a worker signs it, drawn from the reference."""
    facts = OutputFacts(generation_id="gen_test", spec_digest="0" * 64)
    stored, _ = selectors.content(origin)
    return provenance.sign_output(picture(256, "teal"), "image/png", facts, signer or keys.platform_signer(), stored)


def _other_pixels(signed: bytes) -> bytes:
    """Other pixels under the same manifest: the picture's data chunks are exchanged, checksums and all."""
    other = picture(256, "maroon")
    start, end = signed.index(b"IDAT") - 4, signed.index(b"IEND") - 4
    new = other[other.index(b"IDAT") - 4 : other.index(b"IEND") - 4]
    return signed[:start] + new + signed[end:]
