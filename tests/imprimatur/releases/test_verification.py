"""Anybody may ask about a file: genuine, changed, withdrawn, recognised, not ours, or nothing to go by."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone, translation
from imprimatur import keys, objects
from imprimatur.generations.models import Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases import services
from imprimatur.releases.models import Release
from imprimatur.releases.verification import SENTENCES, Verdict, verify
from imprimatur.review import services as reviewing
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.uploads import UploadTooLarge
from PIL import Image, ImageDraw, ImageFilter

from governance import watermark
from governance.intake import MAX_BYTES, decode_upload, encode
from governance.pki import development_signer
from governance.provenance import OutputFacts, sign_output
from tests.factories import World
from tests.imprimatur.drawn import USE, drawn, picture


@pytest.fixture
def output(world: World) -> Output:
    with tenant_scope(world.aozora.id):
        return drawn(world)[0]


@pytest.fixture
def release(world: World, output: Output) -> Release:
    with tenant_scope(world.aozora.id):
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        return services.release(world.actor(world.alice), output, USE)


def file_of(row: Release | Output | ReferenceImage) -> bytes:
    return objects.get(row.object_key, row.sha256)


def test_the_released_file_is_genuine(release):
    found = verify(file_of(release))
    assert found.verdict == Verdict.GENUINE
    assert found.facts["publisher"] == "Aozora Tea"
    assert found.facts["release"] == release.public_id
    assert found.facts["source_type"] == "trainedAlgorithmicMedia"


def test_nobody_is_named(world, release):
    told = str(verify(file_of(release)).facts)
    for person in (world.alice, world.rita, world.ravi):
        assert person.email not in told
        assert str(person.pk) not in told


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_one_changed_byte_is_seen(release, share):
    data = bytearray(file_of(release))
    data[int(len(data) * share)] ^= 0x01
    found = verify(bytes(data))
    assert found.verdict == Verdict.CHANGED


def test_a_changed_pixel_in_a_sound_file_is_seen(release):
    found = verify(repainted(file_of(release)))
    assert found.verdict == Verdict.CHANGED
    assert found.facts["manifest_state"] == "invalid"


def test_a_cut_file_is_seen(release):
    data = file_of(release)
    assert verify(data[: len(data) - 40]).verdict == Verdict.CHANGED


def test_the_reviewed_file_is_not_the_released_one(output, release):
    found = verify(file_of(output))
    assert found.verdict == Verdict.RECOGNISED
    assert "another version" in found.sentence


def test_an_unreleased_picture_tells_no_publisher(output):
    found = verify(file_of(output))
    assert found.verdict == Verdict.RECOGNISED
    assert "not been released" in found.sentence
    assert "publisher" not in found.facts


def test_a_stripped_picture_is_known_by_its_pixels(release):
    bare = encode(decode_upload(file_of(release)).image, "image/png")
    found = verify(bare)
    assert found.verdict == Verdict.RECOGNISED
    assert "removed" in found.sentence
    assert found.facts["release"] == release.public_id


def as_shared(data: bytes, side: int = 1080, quality: int = 75) -> bytes:
    """What is left of a picture that went through a social network."""
    image = decode_upload(data).image.resize((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_a_resized_and_compressed_copy_is_known_by_its_mark(release):
    found = verify(as_shared(file_of(release)))
    assert found.verdict == Verdict.RECOGNISED
    assert "our mark is in its pixels" in found.sentence
    assert found.facts["release"] == release.public_id


def test_a_copy_of_a_withdrawn_picture_says_withdrawn(world, release):
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    assert verify(as_shared(file_of(release))).verdict == Verdict.WITHDRAWN


def test_a_copy_of_an_unreleased_picture_tells_no_publisher(output):
    found = verify(as_shared(file_of(output)))
    assert found.verdict == Verdict.RECOGNISED
    assert "never released" in found.sentence
    assert "publisher" not in found.facts


def test_another_signers_stamp_does_not_hide_our_mark(release, tmp_path):
    facts = OutputFacts(generation_id="gen_x", spec_digest="0" * 64)
    found = verify(sign_output(as_shared(file_of(release)), "image/jpeg", facts, development_signer(tmp_path)))
    assert found.verdict == Verdict.RECOGNISED
    assert found.facts["release"] == release.public_id


def test_a_cropped_copy_is_laid_over_what_it_resembles(release):
    image = decode_upload(file_of(release)).image
    buffer = io.BytesIO()
    image.crop((8, 6, image.width - 10, image.height - 12)).save(buffer, "JPEG", quality=85)
    found = verify(buffer.getvalue())
    assert found.verdict == Verdict.RECOGNISED
    assert "cropped or turned" in found.sentence
    assert found.facts["release"] == release.public_id


def painted_over(data: bytes, side: int = 70) -> bytes:
    """Somebody put something in, and saved it as JPEG; the mark survives that."""
    image = decode_upload(data).image
    ImageDraw.Draw(image).ellipse((30, 40, 30 + side, 40 + side), fill="crimson")
    return encode(image, "image/jpeg")


def test_what_was_painted_over_is_no_copy_of_what_we_released(world, release):
    found = verify(painted_over(file_of(release)))
    assert found.verdict == Verdict.CHANGED
    assert "painted over" in found.sentence
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    assert verify(painted_over(file_of(release))).verdict == Verdict.WITHDRAWN


def test_what_was_cropped_and_painted_over_is_none_either(release):
    image = decode_upload(painted_over(file_of(release))).image
    found = verify(encode(image.crop((8, 6, image.width - 10, image.height - 12)), "image/jpeg"))
    assert found.verdict == Verdict.CHANGED


def test_a_mark_that_was_copied_to_another_picture_convinces_nobody(world, release):
    """Whoever holds a marked picture can guess at its mark: what a smooth version of it lacks."""
    ours = decode_upload(file_of(release)).image
    rough = np.asarray(ours, dtype=float) - np.asarray(ours.filter(ImageFilter.MedianFilter(5)), dtype=float)
    flat = np.full((*rough.shape[:2], 3), (90.0, 140.0, 200.0)) + np.clip(rough, -12, 12) * 2
    forged = Image.fromarray(np.clip(flat, 0, 255).astype(np.uint8))
    mark = watermark.read(forged, keys.watermark_key())
    assert mark is not None and mark.identifier == watermark.identifier_of(release.output.generation.public_id)
    said = verify(encode(forged, "image/png"))
    assert said.verdict == Verdict.NONE
    assert "not the picture that the mark was given to" in said.sentence
    assert "publisher" not in said.facts
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    assert verify(encode(forged, "image/png")) == said


def test_a_copy_of_a_labelled_release_is_compared_with_its_label(world, output):
    with tenant_scope(world.aozora.id):
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        labelled = services.release(world.actor(world.alice), output, USE | {"territory": "CN", "language": "zh"})
    for data in (file_of(labelled), file_of(output)):
        found = verify(as_shared(data))
        assert found.verdict == Verdict.RECOGNISED
        assert found.facts["release"] == labelled.public_id


def test_a_strangers_broken_manifest_cannot_speak_for_us(world, release, output, tmp_path):
    """It names a withdrawn picture of ours, is signed by somebody else, and was then changed."""
    with tenant_scope(world.aozora.id):
        name = Output.objects.get(pk=output.pk).generation.public_id
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    facts = OutputFacts(generation_id=name, spec_digest="0" * 64)
    forged = sign_output(picture(128, "red"), "image/png", facts, development_signer(tmp_path))
    found = verify(repainted(forged))
    assert (found.verdict, found.facts["manifest_state"]) == (Verdict.CHANGED, "invalid")
    assert "made here" not in found.sentence
    assert "publisher" not in found.facts


def test_our_manifest_on_another_picture_withdraws_nothing(world, release):
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    found = verify(with_manifest_of(file_of(release), picture(128, "red")))
    assert (found.verdict, found.facts["manifest_state"]) == (Verdict.CHANGED, "invalid")


def with_manifest_of(signed: bytes, other: bytes) -> bytes:
    """The other PNG with the signed one's manifest before its pixels."""
    at = signed.index(b"caBX") - 4
    size = int.from_bytes(signed[at : at + 4]) + 12
    cut = other.index(b"IDAT") - 4
    return other[:cut] + signed[at : at + size] + other[cut:]


def test_a_likeness_without_mark_is_said_to_be_one(world, release):
    """An unmarked drawing of the same bottle."""
    shown = encode(decode_upload(picture(128, "teal", 1)).image.resize((300, 300)), "image/jpeg")
    found = verify(shown)
    assert found.verdict == Verdict.RECOGNISED
    assert "only a person can be sure" in found.sentence
    assert "release" not in found.facts


def test_a_likeness_of_an_unreleased_picture_is_not_told(output):
    shown = encode(decode_upload(picture(128, "teal", 1)).image.resize((300, 300)), "image/jpeg")
    assert verify(shown).verdict == Verdict.NONE


def test_a_withdrawn_picture_says_so(world, release):
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    for data in (file_of(release), encode(decode_upload(file_of(release)).image, "image/png")):
        found = verify(data)
        assert found.verdict == Verdict.WITHDRAWN
        assert "stop using it" in found.sentence
        assert "campaign" not in str(found)


def test_a_right_that_ended_reaches_what_was_delivered(world, release):
    with tenant_scope(world.aozora.id):
        ReferenceImage.objects.update(own_work=False)
    found = verify(file_of(release))
    assert found.verdict == Verdict.WITHDRAWN
    assert "right" in found.sentence


def test_a_quarantined_release_reaches_what_was_delivered(world, release):
    with tenant_scope(world.aozora.id):
        Output.objects.update(quarantined_at=timezone.now())
    assert verify(file_of(release)).verdict == Verdict.WITHDRAWN


def test_a_changed_file_of_a_withdrawn_picture_says_withdrawn(world, release):
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    assert verify(repainted(file_of(release))).verdict == Verdict.WITHDRAWN


def test_bytes_that_no_signature_covers_are_seen_too(release):
    data = padded_otherwise(file_of(release))
    found = verify(data)
    assert found.facts["manifest_state"] == "trusted"
    assert found.verdict == Verdict.CHANGED


def test_a_reference_of_ours_is_no_picture_we_made(world, output):
    with tenant_scope(world.aozora.id):
        reference = ReferenceImage.objects.get()
    found = verify(file_of(reference))
    assert found.verdict == Verdict.RECOGNISED
    assert "none that we generated" in found.sentence


def test_an_unknown_name_in_our_own_signature_is_no_picture_we_made(db):
    facts = OutputFacts(generation_id="nonsense", spec_digest="0" * 64)
    found = verify(sign_output(picture(128, "red"), "image/png", facts, keys.platform_signer()))
    assert "none that we generated" in found.sentence


@pytest.mark.parametrize("mime", ["image/jpeg", "image/webp"])
def test_other_formats_are_looked_at(db, mime):
    assert verify(encode(decode_upload(picture(128, "red")).image, mime)).verdict == Verdict.NONE


def test_a_picture_of_another_signer_is_not_ours(db, tmp_path):
    stranger = development_signer(tmp_path)
    facts = OutputFacts(generation_id="gen_" + "0" * 26, spec_digest="0" * 64)
    found = verify(sign_output(picture(128, "red"), "image/png", facts, stranger))
    assert found.verdict == Verdict.NOT_OURS
    assert "publisher" not in found.facts


def test_naming_our_generation_does_not_make_it_ours(release, output, world, tmp_path):
    with tenant_scope(world.aozora.id):
        name = Output.objects.get(pk=output.pk).generation.public_id
    facts = OutputFacts(generation_id=name, spec_digest="0" * 64)
    found = verify(sign_output(picture(128, "red"), "image/png", facts, development_signer(tmp_path)))
    assert found.verdict == Verdict.NOT_OURS


def test_a_bare_picture_says_nothing(db):
    assert verify(picture(128, "red")).verdict == Verdict.NONE


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "upload_empty"),
        (b"GIF89a not a picture", "upload_format"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 40, "upload_damaged"),
    ],
)
def test_what_is_no_picture_is_refused(db, data, code):
    with pytest.raises(InvalidInput) as refused:
        verify(data)
    assert refused.value.code == code


def test_a_truncated_picture_without_manifest_is_refused(db):
    with pytest.raises(InvalidInput) as refused:
        verify(picture(512, "red")[:-400])
    assert refused.value.code == "upload_damaged"


def test_a_bomb_is_refused_unopened(db):
    with pytest.raises(InvalidInput) as refused:
        verify(bomb())
    assert refused.value.code == "upload_too_many_pixels"


def test_a_huge_file_is_refused_unread(db):
    with pytest.raises(UploadTooLarge):
        verify(picture(128, "red") + bytes(MAX_BYTES))


def test_verifying_keeps_nothing(release):
    before = sorted(str(p) for p in objects_folder().rglob("*"))
    verify(file_of(release) + b"")
    assert sorted(str(p) for p in objects_folder().rglob("*")) == before


def test_every_sentence_is_in_both_languages(db):
    with translation.override("ja"):
        japanese = [str(s) for s in SENTENCES.values()] + [str(v.label) for v in Verdict]
    assert all(any(ord(c) > 0x3000 for c in sentence) for sentence in japanese)


def objects_folder():
    return settings.HOME / "objects"


def repainted(data: bytes) -> bytes:
    """The same file, manifest and all, with other pixels and right checksums: what a forger would do."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.putpixel((5, 5), (255, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    pixels = b"".join(body for name, body in read_chunks(buffer.getvalue()) if name == b"IDAT")
    first = [name for name, _ in read_chunks(data)].index(b"IDAT")
    kept = [(n, b) for i, (n, b) in enumerate(read_chunks(data)) if n != b"IDAT" or i == first]
    return data[:8] + b"".join(chunk(name, pixels if name == b"IDAT" else body) for name, body in kept)


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def padded_otherwise(data: bytes) -> bytes:
    """The same file with one byte of its manifest's padding changed, and right checksums."""
    parts = dict(read_chunks(data))
    body = bytearray(parts[b"caBX"])
    body[body.rindex(bytes(200)) + 100] = 1
    kept = [(name, bytes(body) if name == b"caBX" else old) for name, old in read_chunks(data)]
    return data[:8] + b"".join(chunk(name, content) for name, content in kept)


def read_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4])
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def bomb() -> bytes:
    """A PNG header that promises 10,000 megapixels."""
    header = (100_000).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in parts)
