"""Files that somebody might send to do harm, made here. `python -m tests.governance.hostile FOLDER` writes them out.

Each name says what is wrong. SECRETS are the personal data planted in them: none may come back in any answer.
"""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
from PIL import Image, PngImagePlugin

from governance.c2pa_binding import Ingredient, _settings, embed
from governance.intake import encode
from governance.manifests import SOURCE_TYPES, IntakeFacts, OutputFacts, output_definition
from governance.pki import development_signer
from governance.provenance import sign_output, sign_reference
from governance.signing import Signer

SECRETS = ("Mika Tanaka", "+81-90-5555-0199", "35.6762N 139.6503E", "mika@private.example")
PERSONAL = ", ".join(SECRETS)
FACTS = OutputFacts(generation_id="gen_" + "0" * 26, spec_digest="a" * 64)
SIDE = 160
CREATED = {"action": "c2pa.created", "digitalSourceType": f"{SOURCE_TYPES}digitalCreation"}
FIRST = {"label": "c2pa.actions.v2", "data": {"actions": [CREATED]}}


def picture(seed: int = 7) -> Image.Image:
    """Something to see."""
    return Image.linear_gradient("L").resize((SIDE, SIDE)).rotate(seed * 11).convert("RGB")


def chunk(kind: bytes, data: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG by hand: the header may promise what the data does not hold."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_exif(size: int = 0) -> bytes:
    """A JPEG with names and places in EXIF and XMP, and as much of it as asked."""
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298] = PERSONAL, SECRETS[0], PERSONAL
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", exif=exif.tobytes(), comment=PERSONAL.encode())
    data = buffer.getvalue()
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + PERSONAL.encode() + b"</x:xmpmeta>"
    flood = b"".join(_app1(xmp.ljust(60_000, b" ")) for _ in range(size))
    return data[:2] + _app1(xmp) + flood + data[2:]


def _app1(data: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def with_text() -> bytes:
    """A PNG whose text chunks unpack to far more than they are, and name somebody."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", PERSONAL, zip=True)
    info.add_text("Comment", " " * 20_000_000, zip=True)
    buffer = io.BytesIO()
    picture().save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


class Forge:
    """Signs whatever it is given: other software asks nothing."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def manifest(self, *assertions: dict[str, Any], title: str = "picture") -> bytes:
        definition = {"claim_generator_info": [{"name": "Other"}], "title": title, "assertions": list(assertions)}
        return embed(definition, encode(picture(), "image/jpeg"), "image/jpeg", self.signer)

    def personal(self) -> bytes:
        """A stranger's manifest full of names."""
        work = {"@context": "https://schema.org", "@type": "CreativeWork", "author": [{"name": SECRETS[0]}]}
        return self.manifest(
            {"label": "stds.schema-org.CreativeWork", "data": work, "kind": "Json"},
            {"label": "org.stranger.notes", "data": {"phone": SECRETS[1], "place": SECRETS[2], "mail": SECRETS[3]}},
            FIRST,
            title=PERSONAL,
        )

    def remote(self, url: str) -> bytes:
        """A picture that says its manifest lies at an address, and holds none."""
        definition = {"claim_generator_info": [{"name": "Other"}], "title": "far", "assertions": [FIRST]}
        native = c2pa.Signer.from_callback(self.signer.sign, c2pa.C2paSigningAlg.ES256, self.signer.chain_pem, None)
        opened = c2pa.Context.from_dict(_settings(""), signer=native)
        with opened as context, c2pa.Builder(definition, context=context) as builder:
            builder.set_no_embed()
            builder.set_remote_url(url)
            out = io.BytesIO()
            builder.sign("image/jpeg", io.BytesIO(encode(picture(), "image/jpeg")), out)
            return out.getvalue()

    def chain(self, length: int) -> bytes:
        """Each version has the former one as its parent."""
        data = self.manifest(FIRST)
        for number in range(length):
            parent = Ingredient(data=data, mime="image/jpeg", relationship="parentOf", label="parent", title="parent")
            opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
            steps = {"label": "c2pa.actions.v2", "data": {"actions": [opened]}}
            definition = {"claim_generator_info": [{"name": "Other"}], "title": f"v{number}", "assertions": [steps]}
            data = embed(definition, encode(picture(number), "image/jpeg"), "image/jpeg", self.signer, (parent,))
        return data

    def wide(self, count: int) -> bytes:
        """Made from many."""
        parts = tuple(
            Ingredient(
                data=sign_reference(
                    encode(picture(n), "image/png"), "image/png", IntakeFacts(reference_id=f"ref_{n}"), self.signer
                ),
                mime="image/png",
                relationship="inputTo",
                label=f"r{n}",
                title=PERSONAL,
            )
            for n in range(count)
        )
        definition = output_definition(FACTS, "image/jpeg", references=[p.label for p in parts])
        return embed(definition, encode(picture(), "image/jpeg"), "image/jpeg", self.signer, parts)


def corpus(signer: Signer, canary: str) -> dict[str, Callable[[], bytes]]:
    """Name -> how it is made. `canary`: an address that must never be asked."""
    forge = Forge(signer)
    png, jpeg = encode(picture(), "image/png"), encode(picture(), "image/jpeg")
    webp = encode(picture(), "image/webp")
    signed = sign_output(png, "image/png", FACTS, signer)
    return {
        "empty": lambda: b"",
        "one byte": lambda: b"\x89",
        "only a PNG signature": lambda: png[:8],
        "cut PNG": lambda: png[: len(png) // 2],
        "cut JPEG": lambda: jpeg[: len(jpeg) // 2],
        "cut WebP": lambda: webp[: len(webp) // 2],
        "bad checksum": lambda: png.replace(b"IDAT", b"IDAU", 1),
        "header alone promises 4 gigapixels": lambda: png_of(65_535, 65_535, zlib.compress(b"\0" * 1000)),
        "39 megapixels of zeros in 40 kB": lambda: png_of(6_200, 6_200, zlib.compress(bytes(6_200 * (1 + 18_600)), 9)),
        "deflate bomb behind a small header": lambda: png_of(8, 8, zlib.compress(bytes(300_000_000), 9)),
        "text that unpacks to 20 MB": with_text,
        "EXIF and XMP with names": with_exif,
        "a flood of XMP": lambda: with_exif(120),
        "a picture, then an archive": lambda: png + b"PK\x03\x04" + PERSONAL.encode() * 50,
        "a picture, then a page": lambda: jpeg + b"<html><script>alert(1)</script>" + PERSONAL.encode(),
        "two pictures in one": lambda: jpeg + jpeg,
        "GIF": lambda: _saved("GIF"),
        "TIFF": lambda: _saved("TIFF"),
        "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="' + canary.encode() + b'"/></svg>',
        "a page called a picture": lambda: b"<html>" + canary.encode() + b"</html>",
        "RIFF of another kind": lambda: b"RIFF\x10\x00\x00\x00WAVEfmt " + bytes(40),
        "animated PNG": lambda: _animated("PNG"),
        "animated WebP": lambda: _animated("WEBP"),
        "a stranger's manifest with names": forge.personal,
        "a manifest at an address": lambda: forge.remote(canary),
        "a chain of 40 versions": lambda: forge.chain(40),
        "made from 30 pictures": lambda: forge.wide(30),
        "our manifest, cut": lambda: signed[: len(signed) - 60],
        "our manifest, its middle overwritten": lambda: _overwritten(signed),
        "our manifest on another picture": lambda: _transplanted(signed, encode(picture(3), "image/png")),
        "a manifest that contains itself": lambda: _doubled(signed),
        "a manifest of nonsense": lambda: _with_chunk(png, b"caBX", PERSONAL.encode() * 200),
        "an endless box": lambda: _with_chunk(png, b"caBX", b"\x00\x00\x00\x01jumb" + b"\x7f" + b"\xff" * 200),
        "a box that holds itself 400 times": lambda: _with_chunk(png, b"caBX", _nested(400)),
    }


def _saved(form: str) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, form)
    return buffer.getvalue()


def _animated(form: str) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, form, save_all=True, append_images=[picture(n) for n in range(20)])
    return buffer.getvalue()


def _overwritten(data: bytes) -> bytes:
    at = data.index(b"c2pa.actions")
    return data[:at] + bytes(400) + data[at + 400 :]


def _manifest_chunk(data: bytes) -> bytes:
    at = data.index(b"caBX") - 4
    return data[at : at + 12 + struct.unpack_from(">I", data, at)[0]]


def _transplanted(signed: bytes, other: bytes) -> bytes:
    return other[:33] + _manifest_chunk(signed) + other[33:]


def _doubled(signed: bytes) -> bytes:
    part = _manifest_chunk(signed)
    store = part[8:-4]
    return _with_chunk(encode(picture(), "image/png"), b"caBX", store[:60] + store + store[60:])


def _with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    return png[:33] + chunk(kind, data) + png[33:]


def _nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = struct.pack(">I", len(data) + 8) + b"jumb" + data
    return data


def write(folder: Path) -> None:
    """Every file, named by what is wrong with it."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signer = development_signer(folder / "pki")
    for name, make in corpus(signer, "http://127.0.0.1:9/manifest.c2pa").items():
        (folder / name.replace(" ", "-").replace("'", "")).write_bytes(make())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
