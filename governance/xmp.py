"""Metadata for machines that read no C2PA: an XMP packet put into PNG, JPEG or WebP without touching a pixel.

Put in before signing, so that the manifest's hash covers it. Properties:

- IPTC `Iptc4xmpExt:DigitalSourceType`; the system and its version as `AISystemUsed`, `AISystemVersionUsed` (2025.1).
- China's `TC260:AIGC`, the JSON text of GB 45438-2025 (TC260-PG-20258A names the place).
- Provider, time and unique number (California, India): `dc:publisher`, `xmp:CreateDate`, `dc:identifier`.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from governance.errors import UnreadableUpload
from governance.labels import Mark

SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NAMESPACES: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_UNKNOWN: Final = "\ufffd"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORD: Final = b"XML:com.adobe.xmp"
_JPEG_HEADER: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_WEBP_HAS_XMP: Final = 0x04


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the metadata says. provider: who runs the system. content_id: unique; release_id: of the published file.

    created_at: UTC ISO text. source_type: IPTC's term. propagator: the company that publishes.
    """

    provider: str
    system: str
    version: str
    content_id: str
    created_at: str
    release_id: str = ""
    propagator: str = ""
    source_type: str = "trainedAlgorithmicMedia"


def packet(origin: Origin, marks: frozenset[Mark]) -> bytes:
    """The XMP packet with what the marks ask for; b"" when they ask for nothing in XMP."""
    said: dict[str, str] = {}
    if "iptc" in marks:
        said["Iptc4xmpExt:DigitalSourceType"] = SOURCE_TYPE + origin.source_type
    if "system" in marks:
        said |= {
            "Iptc4xmpExt:AISystemUsed": origin.system,
            "Iptc4xmpExt:AISystemVersionUsed": origin.version,
            "dc:publisher": origin.provider,
            "xmp:CreateDate": origin.created_at,
            "dc:identifier": origin.content_id,
        }
    if "aigc" in marks:
        said["TC260:AIGC"] = _aigc(origin)
    return _packet(said) if said else b""


def embed_xmp(data: bytes, mime: str, xmp: bytes) -> bytes:
    """The same picture with this packet instead of whatever it had. Raises UnreadableUpload for another format."""
    writers = {"image/png": _into_png, "image/jpeg": _into_jpeg, "image/webp": _into_webp}
    if mime not in writers:
        raise UnreadableUpload("format", f"{mime} takes no XMP here", f"{mime} にはXMPを書き込めません")
    return writers[mime](data, xmp)


def _aigc(origin: Origin) -> str:
    """Label 1: it is generated. The two reserved fields are for the services' own use."""
    fields = {
        "Label": "1",
        "ContentProducer": origin.provider,
        "ProduceID": origin.content_id,
        "ReservedCode1": "",
        "ContentPropagator": origin.propagator,
        "PropagateID": origin.release_id,
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _packet(said: dict[str, str]) -> bytes:
    used = {"rdf", *(name.partition(":")[0] for name in said)}
    spaces = " ".join(f"xmlns:{prefix}={quoteattr(_NAMESPACES[prefix])}" for prefix in sorted(used))
    values = " ".join(f"{name}={quoteattr(_NOT_XML.sub(_UNKNOWN, value))}" for name, value in said.items())
    body = f'<rdf:RDF {spaces}><rdf:Description rdf:about="" {values}/></rdf:RDF>'
    start = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    return f'{start}{body}</x:xmpmeta><?xpacket end="r"?>'.encode()


def _into_png(data: bytes, xmp: bytes) -> bytes:
    text = _PNG_KEYWORD + b"\x00\x00\x00\x00\x00" + xmp
    chunk = struct.pack(">I", len(text)) + b"iTXt" + text + struct.pack(">I", zlib.crc32(b"iTXt" + text))
    kept = [c for kind, c in _png_chunks(data) if not (kind == b"iTXt" and c[8:].startswith(_PNG_KEYWORD + b"\x00"))]
    return _PNG + kept[0] + chunk + b"".join(kept[1:])


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at : at + 12 + size]
        at += 12 + size


def _into_jpeg(data: bytes, xmp: bytes) -> bytes:
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_HEADER) + len(xmp)) + _JPEG_HEADER + xmp
    kept, at, place = [], 2, 0
    while data[at] == 0xFF and data[at + 1] in range(0xE0, 0xF0):
        size = 2 + int.from_bytes(data[at + 2 : at + 4])
        if not data[at + 4 : at + size].startswith(_JPEG_HEADER):
            kept.append(data[at : at + size])
            place += data[at + 1] == 0xE0  # JFIF stays in front
        at += size
    return data[:2] + b"".join(kept[:place]) + segment + b"".join(kept[place:]) + data[at:]


def _into_webp(data: bytes, xmp: bytes) -> bytes:
    chunks = [(kind, body) for kind, body in _webp_chunks(data) if kind != b"XMP "]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _webp_canvas(*chunks[0])))
    flags = bytes([chunks[0][1][0] | _WEBP_HAS_XMP])
    chunks[0] = (b"VP8X", flags + chunks[0][1][1:])
    body = b"".join(_webp_chunk(*chunk) for chunk in [*chunks, (b"XMP ", xmp)])
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _webp_canvas(kind: bytes, body: bytes) -> bytes:
    """VP8X's ten bytes for a simple file: flags (alpha only), then width and height less one, three bytes each."""
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width = (int.from_bytes(body[6:8], "little") & 0x3FFF) - 1
        height, alpha = (int.from_bytes(body[8:10], "little") & 0x3FFF) - 1, 0
    return bytes([alpha << 4, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
