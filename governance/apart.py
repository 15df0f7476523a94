"""Strangers' files are looked at apart: in a process of its own that can open no file and no connection.

The process loads everything it needs, looks at one picture of ours, and then gives away the right to open anything
(no file descriptor is left), to write files, and to use more memory or time than a picture takes. Then it takes one
file, answers in JSON and ends. The next one is started meanwhile, so that nobody waits for Python to start.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from PIL import Image

from governance.inspection import Inspection, inspect, mime_of
from governance.intake import Mime, encode
from governance.provenance import ManifestReport

MEMORY_BYTES: Final = 3 * 2**30  # of address space: the libraries map 1 GB of it, a picture of 40 megapixels the rest
CPU_SECONDS: Final = 20
PATIENCE: Final = 15.0  # wall seconds for one file
_ROOT: Final = Path(__file__).resolve().parents[1]
OUT_OF_HAND: Final = (
    "The picture takes more memory or time than any picture should: export it again.",
    "画像の処理に必要なメモリーまたは時間が大きすぎます。もう一度書き出してください。",
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a look is taken with; see `governance.inspection.inspect`."""

    anchors: str
    public_list: str
    watermark_key: bytes

    def to_bytes(self) -> bytes:
        """With their length before them."""
        text = json.dumps([self.anchors, self.public_list, base64.b64encode(self.watermark_key).decode()]).encode()
        return len(text).to_bytes(4) + text


class Apart:
    """Looks at files, each in a fresh process. One is kept waiting; safe from several threads and after a fork."""

    def __init__(self, *, memory: int = MEMORY_BYTES, cpu: int = CPU_SECONDS, patience: float = PATIENCE) -> None:
        """Nothing is started before the first file, or `warm_up`."""
        self._limits = [str(memory), str(cpu)]
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: tuple[int, Known, subprocess.Popen[bytes]] | None = None

    def warm_up(self, known: Known) -> None:
        """Start the process that the next file goes to."""
        with self._lock:
            if self._waiting is None or not self._fits(known):
                self._drop()
                self._waiting = (os.getpid(), known, self._started(known))

    def inspect(self, data: bytes, known: Known, originals: Sequence[bytes] = ()) -> Inspection:
        """As `governance.inspection.inspect`; a file that ends its process is one that cannot be read.

        originals: pictures of ours that this one may be a cropped or turned copy of.
        """
        if not mime_of(data):  # there is nothing to unpack, so nothing to guard against
            return inspect(data, anchors="", public_list="", watermark_key=known.watermark_key)
        process = self._taken(known)
        sent = b"".join(len(part).to_bytes(4) + part for part in (data, *originals))
        try:
            answer, _ = process.communicate(sent, timeout=self._patience)
            return Inspection.from_json(json.loads(answer))
        except (subprocess.TimeoutExpired, ValueError, KeyError, BrokenPipeError):
            return _out_of_hand()
        finally:
            _end(process)
            threading.Thread(target=self.warm_up, args=(known,), daemon=True).start()

    def close(self) -> None:
        """End the process that waits."""
        with self._lock:
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
            [sys.executable, "-I", "-c", _CODE, str(_ROOT), *self._limits],
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


def _serve(limits: list[str]) -> None:
    """In the process of its own: load, give rights away, take one file, answer."""
    stream = sys.stdin.buffer
    anchors, public_list, key = json.loads(stream.read(int.from_bytes(stream.read(4))))
    known = {"anchors": anchors, "public_list": public_list, "watermark_key": base64.b64decode(key)}
    _rehearse(known)
    _give_rights_away(memory=int(limits[0]), cpu=int(limits[1]))
    data, *originals = _parts(stream.read())
    sys.stdout.write(json.dumps(inspect(data, **known, originals=originals).to_json()))
    sys.stdout.flush()


def _parts(data: bytes) -> list[bytes]:
    """Each has its length before it."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _rehearse(known: dict[str, Any]) -> None:
    """Look at one picture of each type, so that whatever is loaded late is loaded now."""
    picture = Image.linear_gradient("L").convert("RGB")
    for mime in get_args(Mime):
        file = encode(picture, mime)
        inspect(file, **known, originals=[file])


def _give_rights_away(*, memory: int, cpu: int) -> None:
    """No new descriptor means no file and no socket. What is lowered here cannot be raised again."""
    for what, most in (
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
    ):
        resource.setrlimit(what, (most, most))
