"""An upload becomes pixels and nothing else, or a sentence that says what to do."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from governance.errors import UnreadableUpload
from governance.intake import REFUSALS, check_complete, decode_upload, encode, pixel_digest
from governance.provenance import IntakeFacts, read, sign_reference
from governance.signing import Signer
from tests.governance.samples import flip


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def reason(data: bytes, **limits: int) -> str:
    with pytest.raises(UnreadableUpload) as caught:
        decode_upload(data, **limits)
    assert caught.value.sentence("en") != caught.value.sentence("ja-JP")
    assert "{" not in caught.value.sentence("en") + caught.value.sentence("ja")
    return caught.value.reason


@pytest.mark.parametrize(
    ("form", "source", "clean"),
    [("PNG", "image/png", "image/png"), ("JPEG", "image/jpeg", "image/jpeg"), ("WEBP", "image/webp", "image/png")],
)
def test_the_three_formats(noise: Image.Image, form: str, source: str, clean: str) -> None:
    upload = decode_upload(saved(noise, form))
    assert (upload.source_mime, upload.mime) == (source, clean)
    assert upload.image.mode == "RGB" and upload.image.size == (128, 128)
    assert check_complete(upload.data) == clean


def test_a_png_keeps_its_pixels(noise: Image.Image) -> None:
    upload = decode_upload(saved(noise, "PNG"))
    assert pixel_digest(upload.image) == pixel_digest(noise) == pixel_digest(Image.open(io.BytesIO(upload.data)))


def test_everything_but_the_pixels_is_gone(noise: Image.Image, signer: Signer, anchors: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    jpeg = saved(noise, "JPEG", exif=exif, comment=b"SECRET COMMENT", xmp=b"<x>SECRET XMP</x>")
    signed = sign_reference(jpeg, "image/jpeg", IntakeFacts(reference_id="SECRET MANIFEST"), signer)
    assert b"SECRET CAMERA" in signed
    clean = decode_upload(signed)
    assert b"SECRET" not in clean.data
    assert read(clean.data, clean.mime, anchors).state == "none"
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SECRET NAME")
    assert b"SECRET" not in decode_upload(saved(noise, "PNG", pnginfo=text)).data


def test_a_picture_lying_on_its_side_is_put_upright() -> None:
    picture = Image.new("RGB", (40, 20), "red")
    picture.paste("blue", (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    upright = decode_upload(saved(picture, "PNG", exif=exif)).image
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5)) == (255, 0, 0) and upright.getpixel((10, 35)) == (0, 0, 255)


def test_transparent_parts_become_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert decode_upload(saved(clear, "PNG")).image.getpixel((3, 3)) == (255, 255, 255)
    palette = Image.new("P", (8, 8), 0)
    assert decode_upload(saved(palette, "PNG", transparency=0)).image.getpixel((3, 3)) == (255, 255, 255)


def test_sixteen_bits_are_not_clipped() -> None:
    deep = Image.fromarray(np.full((8, 8), 128 * 256, dtype=np.uint16))
    assert decode_upload(saved(deep, "PNG")).image.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA"])
def test_other_modes_become_rgb(noise: Image.Image, mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert decode_upload(saved(noise.convert(mode), form)).image.mode == "RGB"


def test_colours_of_another_space_are_converted() -> None:
    """A profile with the red and blue primaries exchanged: what it calls red is sRGB's blue."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    picture = saved(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG", icc_profile=exchanged)
    red, green, blue = decode_upload(picture).image.getpixel((0, 0))  # type: ignore[misc]
    assert red < 5 and green < 5 and blue > 250


def test_a_profile_that_cannot_be_used_counts_as_srgb() -> None:
    grey = Image.new("RGB", (8, 8), (100, 150, 200))
    for profile in (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), b"not a profile"):
        assert decode_upload(saved(grey, "PNG", icc_profile=profile)).image.getpixel((0, 0)) == (100, 150, 200)


@pytest.mark.parametrize(
    "data", [b"GIF89a" + bytes(40), b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"x"]
)
def test_other_files_are_refused(data: bytes) -> None:
    assert reason(data) == "format"


def test_a_gif_is_refused_even_when_whole(noise: Image.Image) -> None:
    assert reason(saved(noise, "GIF")) == "format"


def test_a_picture_with_too_much_text_is_told_as_such(noise: Image.Image) -> None:
    """It is a PNG, and whoever sent it can do something about it."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "x" * (2 * 2**20), zip=True)
    assert reason(saved(noise, "PNG", pnginfo=text)) == "metadata"


def test_nothing_is_refused() -> None:
    assert reason(b"") == "empty"


def test_too_many_bytes(noise: Image.Image) -> None:
    assert reason(saved(noise, "PNG"), max_bytes=1000) == "too_large"


def test_too_many_pixels(noise: Image.Image) -> None:
    assert reason(saved(noise, "PNG"), max_pixels=128 * 128 - 1) == "too_many_pixels"


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    """A header that claims billions of pixels, and a few bytes behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )
    assert reason(bomb) == "too_many_pixels"


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_refused(noise: Image.Image, form: str) -> None:
    frames = saved(noise, form, save_all=True, append_images=[noise.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])
    assert reason(frames) == "animated"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_picture_cut_off_is_refused(noise: Image.Image, form: str, share: float) -> None:
    data = saved(noise, form)
    assert reason(data[: int(len(data) * share)]) == "damaged"


def test_a_png_with_a_bad_checksum_is_refused(noise: Image.Image) -> None:
    data = saved(noise, "PNG")
    end = data.rindex(b"IEND") - 8  # the last byte of the pixel data's checksum lies before the next chunk's length
    assert reason(flip(data, end + 3)) == "damaged"
    assert reason(flip(data, len(data) // 2)) == "damaged"


def test_the_two_views_of_a_phone_count_as_one_photograph(noise: Image.Image) -> None:
    pair = saved(noise, "MPO", save_all=True, append_images=[noise])
    assert decode_upload(pair).mime == "image/jpeg"


def test_encoding_again_gives_the_asked_type(noise: Image.Image) -> None:
    for mime in ("image/png", "image/jpeg", "image/webp"):
        assert check_complete(encode(noise, mime)) == mime  # type: ignore[arg-type]


def test_every_refusal_has_both_sentences() -> None:
    assert all(english.endswith(".") and japanese.endswith("。") for english, japanese in REFUSALS.values())


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_unreadable_exif_block_is_forgotten_like_any_other(noise: Image.Image, form: str) -> None:
    camera = Image.Exif()
    camera[0x0112] = 6
    data = saved(noise, form, exif=camera, lossless=True)
    broken = data.replace(b"MM\x00*", b"MMxx")
    assert broken != data
    if form == "PNG":
        start = broken.index(b"eXIf")
        end = start + 4 + struct.unpack(">I", broken[start - 4 : start])[0]
        broken = broken[:end] + struct.pack(">I", zlib.crc32(broken[start:end])) + broken[end + 4 :]
    assert pixel_digest(decode_upload(broken).image) == pixel_digest(noise)
