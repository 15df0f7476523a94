"""Is this upload a whole picture, and what is left of it once everything but the pixels is gone?

A truncated JPEG or a PNG with a bad checksum would be signed and read as trusted; EXIF would carry places and names;
a foreign manifest would ride along in every output. So: decode fully, re-encode, forget the rest.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final, Literal

from PIL import (
    Image,
    ImageCms,
    ImageOps,
    WebPImagePlugin,  # noqa: F401 - Pillow loads it late, and an open that names formats does not wait for it
)

from governance.canonical import sha256_hex
from governance.errors import UnreadableUpload

Mime = Literal["image/png", "image/jpeg", "image/webp"]
MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 40_000_000
JPEG_QUALITY = 95
WHITE = (255, 255, 255)
_STARTS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # of PNG and JPEG
# An MPO is what many phones call a JPEG with a second view behind it: the first picture is the photograph.
_FORMATS: dict[str, Mime] = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}

REFUSALS: dict[str, tuple[str, str]] = {
    "empty": (
        "The file is empty: choose a picture.",
        "ファイルが空です。画像を選んでください。",
    ),
    "too_large": (
        "The file has {found} MB, the limit is {limit} MB: save it smaller.",
        "ファイルは{found}MBで、上限の{limit}MBを超えています。小さくして保存してください。",
    ),
    "format": (
        "This is no PNG, JPEG or WebP picture: export it as one of these.",
        "PNG、JPEG、WebPのいずれでもありません。いずれかの形式で書き出してください。",
    ),
    "metadata": (
        "The picture carries more text than any picture needs: export it without metadata.",
        "画像に含まれるテキスト情報が多すぎます。メタデータを含めずに書き出してください。",
    ),
    "too_many_pixels": (
        "The picture has {found} megapixels, the limit is {limit}: scale it down.",
        "画像は{found}メガピクセルで、上限の{limit}を超えています。縮小してください。",
    ),
    "animated": (
        "The picture is animated: save the one frame you mean.",
        "アニメーション画像です。使う一枚を静止画として保存してください。",
    ),
    "damaged": (
        "The picture is cut off or damaged: copy or export it again.",
        "画像が途中で切れているか壊れています。もう一度コピーまたは書き出してください。",
    ),
}


@dataclass(frozen=True, kw_only=True)
class CleanUpload:
    """An upload reduced to its pixels.

    image: RGB, upright, sRGB; transparent parts are white. data, mime: the same, encoded anew without any metadata
    (JPEG stays JPEG at quality 95, everything else becomes PNG). source_*: what was uploaded.
    """

    image: Image.Image
    data: bytes
    mime: Mime
    source_mime: Mime
    source_sha256: str


def decode_picture(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> tuple[Image.Image, Mime]:
    """The pixels (RGB, upright, sRGB, white where transparent) and the file's type. Raises UnreadableUpload."""
    source, mime = _decode(data, max_bytes, max_pixels)
    return _flatten(_to_srgb(_upright(source))), mime


def decode_upload(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> CleanUpload:
    """The picture in `data`, clean. Raises UnreadableUpload with a reason of REFUSALS; keeps nothing."""
    image, mime = decode_picture(data, max_bytes=max_bytes, max_pixels=max_pixels)
    return CleanUpload(
        image=image,
        data=encode(image, clean_mime(mime)),
        mime=clean_mime(mime),
        source_mime=mime,
        source_sha256=sha256_hex(data),
    )


def clean_mime(mime: Mime) -> Mime:
    """How an upload of that type is kept: a photograph stays JPEG, everything else becomes PNG."""
    return "image/jpeg" if mime == "image/jpeg" else "image/png"


def check_complete(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Mime:
    """The true type of a picture that decodes to its end. Raises UnreadableUpload."""
    return _decode(data, max(len(data), 1), max_pixels)[1]


def encode(image: Image.Image, mime: Mime) -> bytes:
    """The picture as a file of that type, without metadata. JPEG: quality 95, full colour resolution."""
    buffer = io.BytesIO()
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    if mime == "image/jpeg":
        bare.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    elif mime == "image/webp":
        bare.save(buffer, "WEBP", quality=JPEG_QUALITY)
    else:
        bare.save(buffer, "PNG")
    return buffer.getvalue()


def pixel_digest(image: Image.Image) -> str:
    """SHA-256 (hex) of width, height and the RGB pixels: equal pictures, equal digests, whatever the file format."""
    header = f"{image.width}x{image.height}:RGB:".encode()
    return sha256_hex(header + image.convert("RGB").tobytes())


def _decode(data: bytes, max_bytes: int, max_pixels: int) -> tuple[Image.Image, Mime]:
    if not data:
        raise _refused("empty")
    if len(data) > max_bytes:
        raise _refused("too_large", found=-(-len(data) // 2**20), limit=max_bytes // 2**20)
    image = _open(data)
    if image.width * image.height > max_pixels:
        raise _refused("too_many_pixels", found=image.width * image.height // 10**6, limit=max_pixels // 10**6)
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise _refused("animated")
    _check_checksums(data)
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _refused("damaged") from error
    return image, _FORMATS[str(image.format)]


def _open(data: bytes) -> Image.Image:
    """Header only. Pillow's own warning about many pixels is silenced, because the caller counts them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
    except Image.DecompressionBombError as error:
        raise _refused("too_many_pixels", found=">178", limit=MAX_PIXELS // 10**6) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise _refused(_why_unopened(data, str(error))) from error


def _why_unopened(data: bytes, said: str) -> str:
    """Whoever sends a broken PNG need not be told to export it as PNG."""
    if "MAX_TEXT" in said:  # names Pillow's bounds on what a PNG's text unpacks to
        return "metadata"
    is_webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    return "damaged" if is_webp or data.startswith(_STARTS) else "format"


def _check_checksums(data: bytes) -> None:
    """PNG checksums: `load` passes over those of the pixel data. A verified picture cannot be read on."""
    try:
        _open(data).verify()
    except Exception as error:
        raise _refused("damaged") from error


def _upright(image: Image.Image) -> Image.Image:
    """As the camera was held; where the EXIF block cannot be read, as it is stored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow raises SyntaxError, TypeError or struct.error, as the garbage has it
        return image


def _to_srgb(image: Image.Image) -> Image.Image:
    """Colours as they were meant; a profile that cannot be used counts as sRGB."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _flatten(image: Image.Image) -> Image.Image:
    """RGB; transparent parts become white, 16-bit grey keeps its upper 8 bits."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*WHITE, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _refused(reason: str, **values: object) -> UnreadableUpload:
    english, japanese = REFUSALS[reason]
    return UnreadableUpload(reason, english.format(**values), japanese.format(**values))
