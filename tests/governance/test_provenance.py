"""Contract with c2pa-python: what we rely on, tried on the real library. A new version breaks here first."""

import io
import os
import re
import socket
import threading
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from PIL import Image, ImageOps, UnidentifiedImageError

import governance
from governance import watermark
from governance.c2pa_binding import Ingredient, embed
from governance.errors import ManifestRejected, SigningFailed, UnreadableUpload
from governance.intake import Mime, encode, pixel_digest
from governance.manifests import GENERATION_LABEL, REFERENCE_LABEL, WATERMARK_LABEL, output_definition
from governance.provenance import (
    ConsentCommitment,
    IntakeFacts,
    OutputFacts,
    read,
    read_damaged,
    sign_derivative,
    sign_output,
    sign_reference,
    verify_signed,
)
from governance.signing import CallbackSigner, Signer
from tests.governance.samples import DIGEST, flip, leaf_signer, made_before_its_end, outlive

MIMES: tuple[Mime, ...] = ("image/png", "image/jpeg", "image/webp")
FACTS = OutputFacts(
    generation_id="gen_1",
    spec_digest=DIGEST,
    template_version_id="tpv_1",
    prompt="a red bottle on the beach",
    model_name="studio",
    model_digests={"unet": "b" * 64},
    environment={"torch": "2.13.0"},
    permit_id="prm_1",
    consents=(ConsentCommitment(id="cns_1", commitment="c" * 64),),
    audit_head="d" * 64,
    pixel_digest="e" * 64,
    generated_at="2026-11-24T12:00:00.000000Z",
)


@pytest.fixture(scope="module")
def png(noise: Image.Image) -> bytes:
    return encode(noise, "image/png")


@pytest.fixture(scope="module")
def reference(png: bytes, signer: Signer) -> bytes:
    return sign_reference(png, "image/png", IntakeFacts(reference_id="ref_1"), signer)


@pytest.fixture(scope="module")
def output(png: bytes, signer: Signer, reference: bytes) -> bytes:
    return sign_output(png, "image/png", FACTS, signer, reference)


def assertion(raw: dict[str, Any], label: str) -> dict[str, Any]:
    manifest = raw["manifests"][raw["active_manifest"]]
    (data,) = [a["data"] for a in manifest["assertions"] if a["label"] == label]
    return dict(data)


# --- what a signed picture says ------------------------------------------------------------------------------


@pytest.mark.parametrize("mime", MIMES)
def test_an_output_comes_back_trusted_with_its_facts(
    noise: Image.Image, mime: Mime, signer: Signer, anchors: str, reference: bytes
) -> None:
    report = read(sign_output(encode(noise, mime), mime, FACTS, signer, reference), mime, anchors)
    assert report.state == "trusted" and report.is_sound and report.failures == ()
    assert report.facts == FACTS
    assert report.generated_at == FACTS.generated_at
    assert report.source_type == "trainedAlgorithmicMedia"
    assert report.oversight == "prompt_guided"
    assert report.actions == ("c2pa.created",)
    assert report.signer == "Imprimatur development, do not trust / Development signer"


def test_signing_leaves_the_pixels_alone(noise: Image.Image, output: bytes) -> None:
    assert pixel_digest(Image.open(io.BytesIO(output))) == pixel_digest(noise)


def test_an_output_says_what_the_standard_asks(output: bytes, anchors: str) -> None:
    raw = read(output, "image/png", anchors).raw
    actions = assertion(raw, "c2pa.actions.v2")
    assert actions["allActionsIncluded"] is True
    (created,) = actions["actions"]
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert created["softwareAgent"]["name"] == "Imprimatur"
    (linked,) = created["parameters"]["ingredients"]
    assert linked["url"].endswith("c2pa.ingredient.v3")
    disclosure = assertion(raw, "c2pa.ai-disclosure")
    assert disclosure["modelName"] == "studio"
    assert disclosure["contentProfile"] == {"humanOversightLevel": "prompt_guided"}
    assert re.fullmatch("urn:sha256:[0-9a-f]{64}", disclosure["modelIdentifier"])
    entries = assertion(raw, "cawg.training-mining")["entries"]
    assert len(entries) == 4 and all(entry == {"use": "notAllowed"} for entry in entries.values())
    assert assertion(raw, GENERATION_LABEL)["schema"] == 1


def test_an_output_without_a_reference_or_a_time(png: bytes, signer: Signer, anchors: str) -> None:
    bare = OutputFacts(generation_id="gen_2", spec_digest=DIGEST)
    report = read(sign_output(png, "image/png", bare, signer), "image/png", anchors)
    assert report.is_sound and report.ingredients == ()
    said = datetime.fromisoformat(report.generated_at)
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=1)
    assert report.facts == replace(bare, generated_at=report.generated_at)


def test_a_marked_picture_says_so_and_still_reads(noise: Image.Image, signer: Signer, anchors: str) -> None:
    marked = watermark.embed(noise.resize((512, 512)), watermark.identifier_of("gen_1"), b"a key of this test")
    facts = replace(FACTS, watermarked=True)
    signed = sign_output(encode(marked, "image/png"), "image/png", facts, signer)
    report = read(signed, "image/png", anchors)
    assert report.is_sound and report.facts == facts
    assert report.actions == ("c2pa.created", "c2pa.watermarked.unbound")
    reading = watermark.read(Image.open(io.BytesIO(signed)), b"a key of this test")
    assert reading is not None and reading.identifier == watermark.identifier_of("gen_1")


def test_the_reference_is_an_input_with_a_manifest_of_its_own(output: bytes, anchors: str) -> None:
    (ingredient,) = read(output, "image/png", anchors).ingredients
    assert (ingredient.relationship, ingredient.state, ingredient.failures) == ("inputTo", "trusted", ())


def test_every_reference_is_an_input_once(noise: Image.Image, signer: Signer, anchors: str, reference: bytes) -> None:
    mirrored = encode(ImageOps.mirror(noise), "image/jpeg")
    second = sign_reference(mirrored, "image/jpeg", IntakeFacts(reference_id="ref_2"), signer)
    png = encode(noise, "image/png")
    signed = sign_output(png, "image/png", FACTS, signer, references=[reference, second, reference])
    report = read(signed, "image/png", anchors)
    assert report.is_sound
    assert [(i.title, i.relationship, i.state) for i in report.ingredients] == [
        ("reference", "inputTo", "trusted"),
        ("reference-2", "inputTo", "trusted"),
    ]
    (created,) = assertion(report.raw, "c2pa.actions.v2")["actions"]
    assert len(created["parameters"]["ingredients"]) == 2


def test_a_second_reference_that_was_changed_is_refused(noise: Image.Image, signer: Signer, reference: bytes) -> None:
    tampered = flip(reference, len(reference) - 2000)
    with pytest.raises((ManifestRejected, UnreadableUpload)):
        sign_output(encode(noise, "image/png"), "image/png", FACTS, signer, references=[reference, tampered])


def test_a_reference_made_from_a_changed_one_is_refused(noise: Image.Image, signer: Signer) -> None:
    """Its own manifest is valid; what is wrong stands inside its ingredient."""
    plain = encode(noise, "image/jpeg")
    signed = sign_reference(plain, "image/jpeg", IntakeFacts(reference_id="ref_1"), signer)
    bad = flip(signed, len(signed) - 1000)
    inside = Ingredient(data=bad, mime="image/jpeg", relationship="inputTo", label="reference", title="reference")
    definition = output_definition(FACTS, "image/jpeg", references=["reference"])
    poisoned = embed(definition, plain, "image/jpeg", signer, (inside,))
    with pytest.raises(ManifestRejected, match=r"dataHash\.mismatch"):
        sign_output(plain, "image/jpeg", FACTS, signer, references=[poisoned])


def test_an_enlarged_picture_says_how_large_it_was_drawn(noise: Image.Image, signer: Signer, anchors: str) -> None:
    facts = replace(FACTS, native_size="128x128", watermarked=True)
    signed = sign_output(encode(noise.resize((512, 512)), "image/png"), "image/png", facts, signer)
    report = read(signed, "image/png", anchors)
    assert report.actions == ("c2pa.created", "c2pa.resized.proportional", "c2pa.watermarked.unbound")
    assert report.facts == facts
    mark = assertion(report.raw, WATERMARK_LABEL)
    assert int(mark["identifier"], 16) == watermark.identifier_of(FACTS.generation_id)


@pytest.mark.parametrize(
    ("origin", "source_type"),
    [("photograph", "digitalCapture"), ("drawing", "digitalCreation"), ("generated", "trainedAlgorithmicMedia")],
)
def test_a_reference_says_what_it_is(png: bytes, signer: Signer, anchors: str, origin: Any, source_type: str) -> None:
    facts = IntakeFacts(reference_id="ref_1", origin=origin, own_work=True)
    report = read(sign_reference(png, "image/png", facts, signer), "image/png", anchors)
    assert report.is_sound and report.source_type == source_type and report.facts is None
    own = assertion(report.raw, REFERENCE_LABEL)
    assert own["reference_id"] == "ref_1" and own["own_work"] is True and own["schema"] == 1


def test_no_thumbnail_carries_the_reference_along(output: bytes, reference: bytes, anchors: str) -> None:
    """The reference is bound by hash: neither file holds a second picture, and it adds kilobytes, not its size."""
    for data in (output, reference):
        assert "thumbnail" not in str(read(data, "image/png", anchors).raw)
        assert data.count(b"IEND") == 1
        assert not any(opens(data[found.start() :]) for found in re.finditer(b"\xff\xd8\xff", data))
    assert len(output) - len(reference) < 25_000


def opens(data: bytes) -> bool:
    """Whether a picture begins here: three bytes alone stand in a signature by chance."""
    try:
        Image.open(io.BytesIO(data)).close()
    except UnidentifiedImageError:
        return False
    return True


def test_nothing_personal_travels(output: bytes) -> None:
    for word in (b"Mika", b"/home", b"/root", b"/tmp", b"exif", b"EXIF"):
        assert word not in output


def test_facts_survive_json_and_strangers() -> None:
    assert OutputFacts.from_json(FACTS.to_json()) == FACTS
    assert OutputFacts.from_json(FACTS.to_json() | {"later": 1}) == FACTS
    assert OutputFacts.from_json({"generation_id": "g", "spec_digest": DIGEST}).consents == ()


# --- derivatives ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mime", MIMES)
def test_a_rendition_keeps_the_history(
    noise: Image.Image, mime: Mime, signer: Signer, anchors: str, output: bytes
) -> None:
    small = encode(noise.resize((32, 32)), mime)
    report = read(sign_derivative(small, mime, output, ["resized", "converted"], FACTS, signer), mime, anchors)
    assert report.is_sound
    assert report.actions == ("c2pa.opened", "c2pa.resized.proportional", "c2pa.transcoded")
    (parent,) = report.ingredients
    assert (parent.relationship, parent.state) == ("parentOf", "trusted")
    assert report.source_type == "trainedAlgorithmicMedia"
    assert len(report.raw["manifests"]) == 3  # rendition, output, reference


def test_a_release_says_that_people_approved(png: bytes, signer: Signer, anchors: str, output: bytes) -> None:
    approved = replace(FACTS, oversight="human_validated")
    released = sign_derivative(png, "image/png", output, ["published"], approved, signer)
    report = read(released, "image/png", anchors)
    assert report.actions == ("c2pa.opened", "c2pa.published") and report.oversight == "human_validated"
    disclosure = assertion(report.raw, "c2pa.ai-disclosure")
    assert disclosure["contentProfile"]["humanOversightLevel"] == "human_validated"


def test_a_derivative_of_a_derivative(noise: Image.Image, signer: Signer, anchors: str, output: bytes) -> None:
    small = encode(noise.resize((64, 64)), "image/jpeg")
    once = sign_derivative(small, "image/jpeg", output, ["resized"], FACTS, signer)
    twice = sign_derivative(small, "image/jpeg", once, ["published"], FACTS, signer)
    report = read(twice, "image/jpeg", anchors)
    assert report.is_sound and len(report.raw["manifests"]) == 4


def test_a_parent_without_manifest_is_refused(png: bytes, signer: Signer) -> None:
    with pytest.raises(ManifestRejected, match="sign it first"):
        sign_derivative(png, "image/png", png, ["published"], FACTS, signer)


def test_saving_with_pillow_strips_the_manifest(output: bytes, anchors: str) -> None:
    """Why every delivery path signs."""
    assert read(encode(Image.open(io.BytesIO(output)), "image/png"), "image/png", anchors).state == "none"


def test_a_thumbnail_of_a_reference_discloses_no_model(
    noise: Image.Image, signer: Signer, anchors: str, reference: bytes
) -> None:
    small = encode(noise.resize((32, 32)), "image/webp")
    facts = IntakeFacts(reference_id="ref_1")
    report = read(sign_derivative(small, "image/webp", reference, ["resized"], facts, signer), "image/webp", anchors)
    assert report.is_sound and report.facts is None and report.oversight == ""
    assert report.actions == ("c2pa.opened", "c2pa.resized.proportional")
    labels = {a["label"] for a in report.raw["manifests"][report.raw["active_manifest"]]["assertions"]}
    assert REFERENCE_LABEL in labels and "c2pa.ai-disclosure" not in labels


# --- tampering -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.95])
def test_a_changed_picture_is_invalid(noise: Image.Image, signer: Signer, anchors: str, share: float) -> None:
    """A flipped bit in the pixels of a JPEG decodes without complaint: only the manifest notices."""
    plain = encode(noise, "image/jpeg")
    signed = sign_output(plain, "image/jpeg", FACTS, signer)
    start = signed.index(plain[-2000:])
    report = read(flip(signed, start + int(1990 * share)), "image/jpeg", anchors)
    assert report.state == "invalid"
    assert report.failures and not report.is_sound


def test_a_png_changed_with_correct_checksums_is_invalid(noise: Image.Image, output: bytes, anchors: str) -> None:
    """Somebody swaps the pixels and keeps the manifest."""
    other = encode(noise.transpose(Image.Transpose.ROTATE_180), "image/png")
    chunk = output[output.index(b"caBX") - 4 : output.index(b"IDAT") - 4]
    forged = other[: other.index(b"IDAT") - 4] + chunk + other[other.index(b"IDAT") - 4 :]
    report = read(forged, "image/png", anchors)
    assert report.state == "invalid" and "assertion.dataHash.mismatch" in report.failures


def test_a_changed_claim_is_invalid(noise: Image.Image, signer: Signer, anchors: str) -> None:
    signed = sign_output(encode(noise, "image/jpeg"), "image/jpeg", FACTS, signer)
    report = read(signed.replace(b"prompt_guided", b"prompt_guideX"), "image/jpeg", anchors)
    assert report.state == "invalid" and "assertion.hashedURI.mismatch" in report.failures


@pytest.mark.parametrize("mime", MIMES)
def test_a_picture_cut_off_is_invalid(noise: Image.Image, mime: Mime, signer: Signer, anchors: str) -> None:
    signed = sign_output(encode(noise, mime), mime, FACTS, signer)
    assert read(signed[:-200], mime, anchors).state == "invalid"


@pytest.mark.parametrize("mime", MIMES)
def test_a_picture_cut_off_still_says_whose_it_was(
    noise: Image.Image, mime: Mime, signer: Signer, anchors: str
) -> None:
    signed = sign_output(encode(noise, mime), mime, FACTS, signer)
    damaged = read_damaged(signed[:-200], mime, anchors)
    assert damaged.state == "invalid"
    assert damaged.facts in (FACTS, None)
    assert read_damaged(signed, mime, anchors).state == "invalid"  # never a way to call a picture good
    assert read_damaged(encode(noise, mime), mime, anchors).state == "none"
    assert read_damaged(signed, "application/pdf", anchors).state == "none"


def test_a_stranger_is_valid_but_not_trusted(png: bytes, other_signer: Signer, anchors: str) -> None:
    report = read(sign_output(png, "image/png", FACTS, other_signer), "image/png", anchors)
    assert report.state == "valid" and report.failures == ("signingCredential.untrusted",)


def test_without_anchors_nobody_is_trusted(output: bytes) -> None:
    assert read(output, "image/png", "").state == "valid"


def test_an_unsigned_picture_says_so(png: bytes, anchors: str) -> None:
    report = read(png, "image/png", anchors)
    assert report.state == "none" and not report.is_sound


def test_a_wrong_type_is_invalid(output: bytes, anchors: str) -> None:
    assert read(output, "image/jpeg", anchors).failures == ("image.mime",)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x89PNG\r\n\x1a\n"])
def test_reading_never_raises(data: bytes, anchors: str) -> None:
    assert read(data, "image/png", anchors).state == "invalid"


def test_a_manifest_of_nonsense_is_invalid(png: bytes, output: bytes, anchors: str) -> None:
    """A manifest chunk full of noise, with a correct checksum."""
    start = output.index(b"caBX") - 4
    length = int.from_bytes(output[start : start + 4])
    body = b"caBX" + bytes(range(256)) * (length // 256)
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    cut = png.index(b"IDAT") - 4
    report = read(png[:cut] + chunk + png[cut:], "image/png", anchors)
    assert report.state in {"invalid", "none"} and report.facts is None


def test_a_tampered_reference_is_refused_as_ingredient(noise: Image.Image, signer: Signer) -> None:
    plain = encode(noise, "image/jpeg")
    signed = sign_reference(plain, "image/jpeg", IntakeFacts(reference_id="ref_1"), signer)
    tampered = flip(signed, len(signed) - 1000)
    with pytest.raises(ManifestRejected, match="reference picture's manifest is invalid"):
        sign_output(plain, "image/jpeg", FACTS, signer, tampered)
    with pytest.raises(ManifestRejected, match="parent picture's manifest is invalid"):
        sign_derivative(plain, "image/jpeg", tampered, ["published"], FACTS, signer)


def test_a_tampered_reference_inside_a_trusted_picture_is_reported(
    noise: Image.Image, signer: Signer, anchors: str
) -> None:
    """Other software signs without looking: the whole is trusted, the failure stands in the ingredient."""
    plain = encode(noise, "image/jpeg")
    signed = sign_reference(plain, "image/jpeg", IntakeFacts(reference_id="ref_1"), signer)
    tampered = flip(signed, len(signed) - 1000)
    bad = Ingredient(data=tampered, mime="image/jpeg", relationship="inputTo", label="reference", title="reference")
    definition = output_definition(FACTS, "image/jpeg", references=["reference"])
    report = read(embed(definition, plain, "image/jpeg", signer, (bad,)), "image/jpeg", anchors)
    assert report.state == "trusted" and not report.is_sound
    (ingredient,) = report.ingredients
    assert ingredient.state == "invalid" and "assertion.dataHash.mismatch" in ingredient.failures


def test_somebody_elses_data_under_our_label_is_not_ours(png: bytes, signer: Signer, anchors: str) -> None:
    definition = output_definition(FACTS, "image/png", references=[])
    definition["assertions"][-1]["data"] = {"hello": "world"}
    report = read(embed(definition, png, "image/png", signer), "image/png", anchors)
    assert report.state == "trusted" and report.facts is None


# --- what may not be signed ----------------------------------------------------------------------------------


def test_a_picture_cut_off_is_not_signed(noise: Image.Image, signer: Signer) -> None:
    """The library itself would sign it, and read it as trusted."""
    cut = encode(noise, "image/jpeg")[:-3000]
    with pytest.raises(UnreadableUpload) as caught:
        sign_output(cut, "image/jpeg", FACTS, signer)
    assert caught.value.reason == "damaged"


def test_a_wrong_type_is_not_signed(png: bytes, signer: Signer) -> None:
    with pytest.raises(SigningFailed, match="image/png, not image/jpeg"):
        sign_output(png, "image/jpeg", FACTS, signer)


# --- verify_signed -------------------------------------------------------------------------------------------


def test_verify_signed_answers_for_the_right_generation(output: bytes, anchors: str) -> None:
    assert verify_signed(output, "image/png", anchors, generation_id="gen_1").facts == FACTS
    assert verify_signed(output, "image/png", anchors).is_sound
    with pytest.raises(ManifestRejected, match="not that of generation gen_9"):
        verify_signed(output, "image/png", anchors, generation_id="gen_9")


def test_verify_signed_refuses_all_else(png: bytes, output: bytes, reference: bytes, anchors: str) -> None:
    with pytest.raises(ManifestRejected, match="none"):
        verify_signed(png, "image/png", anchors)
    with pytest.raises(ManifestRejected, match=r"signingCredential\.untrusted"):
        verify_signed(output, "image/png", "")
    with pytest.raises(ManifestRejected, match="generation"):
        verify_signed(reference, "image/png", anchors, generation_id="gen_1")


# --- signers, threads, forks, expiry -------------------------------------------------------------------------


def test_a_callback_signs_with_raw_and_with_der(png: bytes, signer: Signer, key_folder: Path, anchors: str) -> None:
    key = load_pem_private_key((key_folder / "signer.pem").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    for sign in (signer.sign, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))):
        remote = CallbackSigner(sign, signer.chain_pem, "es256")
        assert read(sign_output(png, "image/png", FACTS, remote), "image/png", anchors).is_sound


def test_the_cause_of_a_failing_callback_is_kept(png: bytes, signer: Signer) -> None:
    def unreachable(_: bytes) -> bytes:
        raise ConnectionError("the key service does not answer")

    with pytest.raises(SigningFailed, match="does not answer") as caught:
        sign_output(png, "image/png", FACTS, CallbackSigner(unreachable, signer.chain_pem, "es256"))
    assert isinstance(caught.value.__cause__, ConnectionError)


@pytest.mark.parametrize("nonsense", [b"", b"x" * 64])
def test_a_callback_that_answers_nonsense_signs_nothing(png: bytes, signer: Signer, nonsense: bytes) -> None:
    with pytest.raises(SigningFailed):
        sign_output(png, "image/png", FACTS, CallbackSigner(lambda _: nonsense, signer.chain_pem, "es256"))


def test_a_signer_works_after_a_failure(png: bytes, signer: Signer, anchors: str) -> None:
    answers = iter([ConnectionError("once")])

    def flaky(data: bytes) -> bytes:
        for error in answers:
            raise error
        return signer.sign(data)

    remote = CallbackSigner(flaky, signer.chain_pem, "es256")
    with pytest.raises(SigningFailed):
        sign_output(png, "image/png", FACTS, remote)
    assert read(sign_output(png, "image/png", FACTS, remote), "image/png", anchors).is_sound


def test_ed25519_signs_too(png: bytes, key_folder: Path, signer: Signer, anchors: str) -> None:
    """The same intermediate certifies another kind of key."""
    own = leaf_signer(key_folder, Ed25519PrivateKey.generate(), datetime.now(UTC) + timedelta(days=9))
    assert own.algorithm == "ed25519"
    assert read(sign_output(png, "image/png", FACTS, own), "image/png", anchors).is_sound


def test_p384_signs_too(png: bytes, key_folder: Path, signer: Signer, anchors: str) -> None:
    own = leaf_signer(key_folder, ec.generate_private_key(ec.SECP384R1()), datetime.now(UTC) + timedelta(days=9))
    assert own.algorithm == "es384"
    assert read(sign_output(png, "image/png", FACTS, own), "image/png", anchors).is_sound


def test_two_threads_sign_and_read_at_once(png: bytes, signer: Signer, anchors: str, reference: bytes) -> None:
    found: list[tuple[str, str]] = []

    def work(name: str) -> None:
        for i in range(5):
            facts = replace(FACTS, generation_id=f"{name}{i}")
            report = read(sign_output(png, "image/png", facts, signer, reference), "image/png", anchors)
            assert report.facts is not None
            found.append((report.state, report.facts.generation_id))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(("trusted", f"{name}{i}") for name in "ab" for i in range(5))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_worker_signs_after_its_parent_did(png: bytes, signer: Signer, anchors: str, output: bytes) -> None:
    child = os.fork()
    if child == 0:
        try:
            signed = sign_output(png, "image/png", FACTS, signer, output)
            os._exit(0 if read(signed, "image/png", anchors).is_sound else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read(sign_output(png, "image/png", FACTS, signer), "image/png", anchors).is_sound


def test_a_picture_outlives_its_certificate_only_as_invalid(
    png: bytes, key_folder: Path, signer: Signer, anchors: str
) -> None:
    """Without a time stamp; and an expired signer refuses to sign at all."""

    def make(brief: Signer) -> tuple[bytes, bytes, str]:
        reference = sign_reference(png, "image/png", IntakeFacts(reference_id="ref_1"), brief)
        signed = sign_output(png, "image/png", FACTS, brief)
        return reference, signed, read(signed, "image/png", anchors).state

    brief, (reference, signed, state) = made_before_its_end(key_folder, make)
    assert state == "trusted"
    outlive(brief)
    report = read(signed, "image/png", anchors)
    assert report.state == "invalid" and report.is_only_expired and "signingCredential.expired" in report.failures
    with pytest.raises(SigningFailed, match="ended on"):
        sign_output(png, "image/png", FACTS, brief)
    # Its history goes on all the same: references and outputs are older than a year one day.
    for later in (
        sign_output(png, "image/png", FACTS, signer, reference),
        sign_derivative(png, "image/png", signed, ["published"], FACTS, signer),
    ):
        report = verify_signed(later, "image/png", anchors)
        (ingredient,) = report.ingredients
        assert ingredient.state == "valid" and "signingCredential.expired" in ingredient.failures


def test_only_expired_is_said_of_nothing_else(
    noise: Image.Image, output: bytes, other_signer: Signer, anchors: str
) -> None:
    tampered = output.replace(b"prompt_guided", b"prompt_guideX")
    stranger = sign_output(encode(noise, "image/png"), "image/png", FACTS, other_signer)
    for data in (output, stranger, tampered, b"garbage"):
        assert not read(data, "image/png", anchors).is_only_expired


def test_a_missing_intermediate_costs_the_trust(png: bytes, key_folder: Path, signer: Signer, anchors: str) -> None:
    leaf_only = signer.chain[0].public_bytes(Encoding.PEM).decode()
    alone = CallbackSigner(signer.sign, leaf_only, "es256")
    assert read(sign_output(png, "image/png", FACTS, alone), "image/png", anchors).state == "valid"


def test_one_module_knows_the_library() -> None:
    sources = Path(governance.__file__).parent.glob("*.py")
    assert [p.name for p in sources if re.search(r"^\s*(import|from) c2pa", p.read_text(), re.M)] == ["c2pa_binding.py"]


def test_no_remote_manifest_is_ever_fetched(png: bytes, anchors: str) -> None:
    """A picture that only names an address must not make us call it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        picture = _pointing_at(png, f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa")
        assert read(picture, "image/jpeg", anchors).state in {"none", "invalid"}
        with pytest.raises(TimeoutError):
            listener.accept()


def _pointing_at(png: bytes, address: str) -> bytes:
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{address}"/>'
        "</rdf:RDF></x:xmpmeta>"
    )
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).save(buffer, "JPEG", xmp=xmp.encode())
    assert address.encode() in buffer.getvalue()
    return buffer.getvalue()
