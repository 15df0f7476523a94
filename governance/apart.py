"""Strangers' files are looked at apart: in a process of its own that can open no file and no connection.

The process loads everything it needs, looks at one picture of ours, and then gives away the right to open anything
(no file descriptor is left), to write files, to start anything, to be root, and to use more memory or time than a
picture takes. Then it takes one file, answers and ends. The next one is started meanwhile, so that nobody waits for
Python to start. It does one of two things: tell everything about a file, for the verify desk, or open an upload.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from PIL import ExifTags, Image, ImageCms

from governance.errors import UnreadableUpload
from governance.inspection import Inspection, inspect, mime_of
from governance.provenance import ManifestReport
from governance.taking_in import MAX_ANSWER, Opened, answer, open_upload

MEMORY_BYTES: Final = 3 * 2**30  # of address space: the libraries map 1 GB of it, a picture of 40 megapixels the rest
CPU_SECONDS: Final = 20
PATIENCE: Final = 40.0  # wall seconds for one file: twice its CPU seconds
LOADING: Final = 60.0  # before it: a busy machine is no fault of the file's
READY: Final = b"."
MAX_TOLD: Final = 2**20  # bytes of an inspection
NO_USER: Final = 65_533  # nothing of ours runs under this id
_ROOT: Final = Path(__file__).resolve().parents[1]
OUT_OF_HAND: Final = (
    "The picture takes more memory or time than any picture should: export it again.",
    "画像の処理に必要なメモリーまたは時間が大きすぎます。もう一度書き出してください。",
)


Work = Literal["inspect", "open"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a look is taken with; see `governance.inspection.inspect`. To open an upload, anchors are enough."""

    anchors: str
    public_list: str = ""
    watermark_key: bytes = b""

    def to_bytes(self) -> bytes:
        """With their length before them."""
        text = json.dumps([self.anchors, self.public_list, base64.b64encode(self.watermark_key).decode()]).encode()
        return len(text).to_bytes(4) + text


class Apart:
    """Takes files, each in a fresh process. One is kept waiting; safe from several threads and after a fork.

    work: what its processes are loaded for, `inspect` or `open`.
    """

    def __init__(
        self,
        work: Work = "inspect",
        *,
        memory: int = MEMORY_BYTES,
        cpu: int = CPU_SECONDS,
        patience: float = PATIENCE,
    ) -> None:
        """Nothing is started before the first file, or `warm_up`."""
        self._arguments = [work, str(memory), str(cpu)]
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: tuple[int, Known, subprocess.Popen[bytes]] | None = None
        self._is_closed = False

    def warm_up(self, known: Known) -> None:
        """Start the process that the next file goes to."""
        with self._lock:
            if not self._is_closed and not self._fits(known):
                self._drop()
                self._waiting = (os.getpid(), known, self._started(known))

    def inspect(self, data: bytes, known: Known, originals: Sequence[bytes] = ()) -> Inspection:
        """As `governance.inspection.inspect`; a file that ends its process is one that cannot be read.

        originals: pictures of ours that this one may be a cropped or turned copy of.
        """
        if not mime_of(data):  # there is nothing to unpack, so nothing to guard against
            return inspect(data, anchors="", public_list="", watermark_key=known.watermark_key)
        try:
            return Inspection.from_json(json.loads(self._answer((data, *originals), known, MAX_TOLD)))
        except (ValueError, KeyError, TypeError, AttributeError):
            return _out_of_hand()

    def open(self, data: bytes, known: Known) -> Opened:
        """As `governance.taking_in.open_upload`. Raises UnreadableUpload, also for a file that ends its process."""
        if not mime_of(data):
            return open_upload(data, known.anchors)
        told = self._answer((data,), known, MAX_ANSWER)
        try:
            return Opened.from_bytes(told)
        except UnreadableUpload:
            raise
        except ValueError as error:
            raise UnreadableUpload("damaged", *OUT_OF_HAND) from error

    def _answer(self, parts: Sequence[bytes], known: Known, most: int) -> bytes:
        """What a process says of them; cut after `most` bytes or when patience is over."""
        process = self._taken(known)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            with _killed_after(process, LOADING):
                process.stdout.read(len(READY))
            with _killed_after(process, self._patience):
                threading.Thread(target=_send, args=(process, parts), daemon=True).start()
                return process.stdout.read(most)
        finally:
            _end(process)
            threading.Thread(target=self.warm_up, args=(known,), daemon=True).start()

    def close(self) -> None:
        """End the process that waits; none waits from now on."""
        with self._lock:
            self._is_closed = True
            self._drop()

    def _fits(self, known: Known) -> bool:
        if self._waiting is None or self._waiting[:2] != (os.getpid(), known):
            return False
        return self._waiting[2].poll() is None

    def _taken(self, known: Known) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._waiting is not None and self._fits(known):
                process = self._waiting[2]
                self._waiting = None
                return process
            self._drop()
        return self._started(known)

    def _drop(self) -> None:
        if self._waiting is not None and self._waiting[0] == os.getpid():
            _end(self._waiting[2])
        self._waiting = None

    def _started(self, known: Known) -> subprocess.Popen[bytes]:
        """It sees none of our environment: no secret, no address."""
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-I", "-c", _CODE, str(_ROOT), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(known.to_bytes())
        process.stdin.flush()
        return process


_CODE: Final = "import sys; sys.path.insert(0, sys.argv[1]); from governance.apart import _serve; _serve(sys.argv[2:])"


@contextlib.contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _send(process: subprocess.Popen[bytes], parts: Sequence[bytes]) -> None:
    """Each with its length before it. Whoever reads the answer learns if it was not taken."""
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(OSError, ValueError):
        for part in parts:
            process.stdin.write(len(part).to_bytes(4) + part)
        process.stdin.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _out_of_hand() -> Inspection:
    english, japanese = OUT_OF_HAND
    nothing = ManifestReport(state="none")
    return Inspection(report=nothing, refusal="damaged", refusal_en=english, refusal_ja=japanese)


def _serve(arguments: list[str]) -> None:
    """In the process of its own: load, give rights away, take one file, answer."""
    work, memory, cpu = arguments
    stream = sys.stdin.buffer
    anchors, public_list, key = json.loads(stream.read(int.from_bytes(stream.read(4))))
    known = {"anchors": anchors, "public_list": public_list, "watermark_key": base64.b64decode(key)}
    _rehearse(work, known)
    _give_rights_away(memory=int(memory), cpu=int(cpu))
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    sys.stdout.buffer.write(_told(work, _parts(stream.read()), known))
    sys.stdout.flush()


def _told(work: str, parts: list[bytes], known: dict[str, Any]) -> bytes:
    data, *originals = parts
    if work == "open":
        return answer(data, known["anchors"])
    return json.dumps(inspect(data, **known, originals=originals).to_json()).encode()


def _parts(data: bytes) -> list[bytes]:
    """Each has its length before it."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _rehearse(work: str, known: dict[str, Any]) -> None:
    """Look at one picture of each type, as cameras and phones write them, so that whatever is loaded late is loaded."""
    first, *others = _rehearsals()
    for parts in ([first, first], *([file] for file in others)):
        _told(work, parts, known)


def _rehearsals() -> list[bytes]:
    """PNG, JPEG and WebP with a turned EXIF block and a colour profile, and a JPEG with a second view behind it."""
    picture, exif = Image.linear_gradient("L").convert("RGB"), Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = []
    for form in ("PNG", "JPEG", "WEBP", "MPO"):
        more: dict[str, Any] = {"save_all": True, "append_images": [picture]} if form == "MPO" else {}
        buffer = io.BytesIO()
        picture.save(buffer, form, exif=exif, icc_profile=profile, **more)
        files.append(buffer.getvalue())
    return files


def _give_rights_away(*, memory: int, cpu: int) -> None:
    """No new descriptor means no file and no socket. What is lowered here cannot be raised again but by root."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # a container may not know this id
            os.setgroups([])
            os.setgid(NO_USER)
            os.setuid(NO_USER)
    for what, most in (
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
    ):
        resource.setrlimit(what, (most, most))
