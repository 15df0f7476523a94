"""What intake needs of an upload: its pixels and what its manifest says. In plain bytes, so that it can be had apart.

Whoever receives the bytes checks them as a stranger's: the process that wrote them has read a stranger's file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Self, get_args

from PIL import Image

from governance.errors import UnreadableUpload
from governance.inspection import report_from_json
from governance.intake import MAX_PIXELS, Mime, decode_picture
from governance.provenance import ManifestReport, read

CHANNELS = 3
LENGTH = 4  # bytes of the header's own length
MAX_HEADER = 16 * 2**20
MAX_ANSWER = LENGTH + MAX_HEADER + CHANNELS * MAX_PIXELS


@dataclass(frozen=True, kw_only=True)
class Opened:
    """image: RGB, upright, sRGB, white where it was transparent. mime: the upload's true type.

    report: what the file said about itself; its raw store only where it is ours.
    """

    image: Image.Image
    mime: Mime
    report: ManifestReport

    def to_bytes(self) -> bytes:
        """A JSON header with its length before it, then the pixels row by row."""
        report = replace(self.report, facts=None)
        facts = self.report.facts.to_json() if self.report.facts else None
        header = {"size": self.image.size, "mime": self.mime, "report": asdict(report) | {"facts": facts}}
        return _framed(header) + self.image.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `answer` made. Raises UnreadableUpload if that is what was found, ValueError for anything else."""
        try:
            return cls._from(data)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this is no picture that was opened ({type(error).__name__})") from error

    @classmethod
    def _from(cls, data: bytes) -> Self:
        end = LENGTH + int.from_bytes(data[:LENGTH])
        header: dict[str, Any] = json.loads(data[LENGTH:end])
        if "refusal" in header:
            raise UnreadableUpload(*(str(part) for part in header["refusal"]))
        width, height = (int(side) for side in header["size"])
        if not 0 < width * height <= MAX_PIXELS or header["mime"] not in get_args(Mime):
            raise ValueError("the picture is none that could have been opened")
        image = Image.frombytes("RGB", (width, height), data[end:])
        return cls(image=image, mime=header["mime"], report=report_from_json(header["report"]))


def open_upload(data: bytes, anchors: str) -> Opened:
    """Decode to the end and read the manifest. Raises UnreadableUpload with a reason of `intake.REFUSALS`."""
    image, mime = decode_picture(data)
    report = read(data, mime, anchors)
    return Opened(image=image, mime=mime, report=report if report.state == "trusted" else replace(report, raw={}))


def answer(data: bytes, anchors: str) -> bytes:
    """What `Opened.from_bytes` reads, also for what is no picture."""
    try:
        return open_upload(data, anchors).to_bytes()
    except UnreadableUpload as error:
        return _framed({"refusal": [error.reason, error.sentence("en"), error.sentence("ja")]})


def _framed(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(LENGTH) + text
