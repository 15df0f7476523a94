"""Strangers' files are looked at apart: each in a process of its own that can open no file and no connection.

A keeper (`governance.keeper`) has loaded all that a look takes and forks one process for each file: it takes that file,
answers and is ended. No process sees a second file, and a file that ends or takes over its process meets nothing of
another's. What all of them share, because it was forked, is how the keeper's memory is laid out. So that nobody learns
that by trying, a keeper is replaced after any file whose answer makes no sense, and after `FILES` in any case. Its
processes do one of two things: tell everything about a file, for the verify desk, or open an upload.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from governance.errors import UnreadableUpload
from governance.inspection import Inspection, LaidOver, inspect, mime_of
from governance.keeper import NUMBER, READY
from governance.provenance import ManifestReport
from governance.taking_in import MAX_ANSWER, Opened, open_upload

MEMORY_BYTES: Final = 3 * 2**30  # of address space: the libraries map 1 GB of it, a picture of 40 megapixels the rest
CPU_SECONDS: Final = 20
PATIENCE: Final = 40.0  # wall seconds for one file: twice its CPU seconds
LOADING: Final = 60.0  # before it: a busy machine is no fault of the file's
FILES: Final = 100  # that one keeper forks a process for
MAX_TOLD: Final = 2**20  # bytes of an inspection
_PIECE: Final = 2**20  # bytes read at once
_ROOT: Final = Path(__file__).resolve().parents[1]
OUT_OF_HAND: Final = (
    "The picture takes more memory or time than any picture should: export it again.",
    "画像の処理に必要なメモリーまたは時間が大きすぎます。もう一度書き出してください。",
)


Work = Literal["inspect", "open"]
Told = TypeVar("Told")


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
    """Takes files, each in a fresh process. One keeper waits; safe from several threads and after a fork.

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
        self._waiting: _Keeper | None = None
        self._is_closed = False

    def warm_up(self, known: Known) -> None:
        """Start the keeper meanwhile, so that whoever comes next need not wait for Python to start."""
        waiting = self._waiting
        if waiting is None or not waiting.serves(known):
            threading.Thread(target=self._load, args=(known,), daemon=True).start()

    def inspect(self, data: bytes, known: Known) -> Inspection:
        """As `governance.inspection.inspect`; a file that ends its process is one that cannot be read."""
        if not mime_of(data):  # there is nothing to unpack, so nothing to guard against
            return inspect(data, anchors="", public_list="", watermark_key=known.watermark_key)
        try:
            return self._told((data,), known, MAX_TOLD, lambda told: Inspection.from_json(json.loads(told)))
        except UnreadableUpload:
            return _out_of_hand()

    def lay_over(self, data: bytes, original: bytes, known: Known) -> LaidOver:
        """As `governance.inspection.lay_over`. Raises UnreadableUpload, also for a file that ends its process."""
        return self._told((data, original), known, MAX_TOLD, lambda told: LaidOver(**json.loads(told)))

    def open(self, data: bytes, known: Known) -> Opened:
        """As `governance.taking_in.open_upload`. Raises UnreadableUpload, also for a file that ends its process."""
        if not mime_of(data):
            return open_upload(data, known.anchors)
        return self._told((data,), known, MAX_ANSWER, Opened.from_bytes)

    def close(self) -> None:
        """End the keeper once it serves no file; none waits from now on."""
        with self._lock:
            self._is_closed = True
            self._part()

    def _told(self, parts: Sequence[bytes], known: Known, most: int, read: Callable[[bytes], Told]) -> Told:
        """What a process says of them in at most that many bytes, as `read` understands it. Raises UnreadableUpload,
        also where it cannot be understood or does not come."""
        with self._keeper(known) as keeper:
            try:
                return read(keeper.ask(parts, most, self._patience))
            except UnreadableUpload:
                raise
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self._part_from(keeper)
                self.warm_up(known)
                raise UnreadableUpload("damaged", *OUT_OF_HAND) from error

    @contextlib.contextmanager
    def _keeper(self, known: Known) -> Iterator[_Keeper]:
        """For one file. After its last one another is there in its place, as soon as that has loaded."""
        with self._lock:
            keeper = self._loaded(known)
            files = keeper.take()
        if files == FILES:
            threading.Thread(target=self._exchange, args=(known,), daemon=True).start()
        try:
            yield keeper
        finally:
            keeper.give_back()

    def _load(self, known: Known) -> None:
        if not self._lock.acquire(blocking=False):
            return  # somebody loads one already
        try:
            if not self._is_closed:
                self._loaded(known)
        finally:
            self._lock.release()

    def _loaded(self, known: Known) -> _Keeper:
        """The one that waits, or a new one that waits from now on. Hold the lock."""
        if self._waiting is None or not self._waiting.serves(known):
            self._part()
            self._waiting = _Keeper(self._arguments, known)
        return self._waiting

    def _exchange(self, known: Known) -> None:
        fresh = _Keeper(self._arguments, known)
        with self._lock:
            self._part()
            self._waiting = fresh
            if self._is_closed:
                self._part()

    def _part_from(self, keeper: _Keeper) -> None:
        with self._lock:
            if self._waiting is keeper:
                self._part()

    def _part(self) -> None:
        if self._waiting is not None:
            self._waiting.retire()
        self._waiting = None


class _Keeper:
    """The process of `governance.keeper`, as whoever started it sees it. Starting it returns once it has loaded."""

    def __init__(self, arguments: Sequence[str], known: Known) -> None:
        self._known, self._owner = known, os.getpid()
        self._lock = threading.Lock()  # for what is asked over the control socket, and for the counts
        self._files = self._serving = 0
        self._is_retired = False
        self._control, theirs = socket.socketpair()
        with theirs:
            self.process = _started(arguments, theirs)
        self._control.settimeout(LOADING)
        with contextlib.suppress(OSError):  # it has ended: whoever comes first is told so
            self._control.sendall(known.to_bytes())
            self._control.recv(len(READY))

    def serves(self, known: Known) -> bool:
        """Whether it is this process' own, alive, and loaded with that knowledge."""
        return self._owner == os.getpid() and self._known == known and self.process.poll() is None

    def take(self) -> int:
        """For one file more; the number of files so far. It is not ended before `give_back`."""
        with self._lock:
            self._files += 1
            self._serving += 1
            return self._files

    def give_back(self) -> None:
        """The file is done with."""
        with self._lock:
            self._serving -= 1
            self._end_if_over()

    def retire(self) -> None:
        """End it, once it serves no file."""
        with self._lock:
            self._is_retired = True
            self._end_if_over()

    def ask(self, parts: Sequence[bytes], most: int, patience: float) -> bytes:
        """What a process of its own answers, cut after `most` bytes. Raises OSError when the patience (seconds) is
        over, or the keeper is gone."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                number = self._order(0, [theirs.fileno()])
            try:
                return _exchanged(ours, parts, most, time.monotonic() + patience)
            finally:
                with contextlib.suppress(OSError):  # a keeper that is gone has ended all of its own
                    self._order(number)

    def _order(self, number: int, descriptors: Sequence[int] = ()) -> int:
        """A process for a socket, or the end of that process."""
        with self._lock:
            socket.send_fds(self._control, [number.to_bytes(NUMBER)], descriptors)
            told = self._control.recv(NUMBER, socket.MSG_WAITALL)
        if len(told) < NUMBER:
            raise ConnectionError("the keeper is gone")
        return int.from_bytes(told)

    def _end_if_over(self) -> None:
        if not self._is_retired or self._serving or self._owner != os.getpid():
            return
        self.process.kill()
        self._control.close()
        self.process.wait()


def _started(arguments: Sequence[str], control: socket.socket) -> subprocess.Popen[bytes]:
    """It sees none of our environment: no secret, no address."""
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-I", "-c", _CODE, str(_ROOT), *arguments],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
        cwd="/",
    )


_CODE: Final = "import sys; sys.path.insert(0, sys.argv[1]); from governance.keeper import keep; keep(sys.argv[2:])"


def _exchanged(connection: socket.socket, parts: Sequence[bytes], most: int, until: float) -> bytes:
    """Parts out, each with its length before it; the answer in, whether they were taken or not."""
    with contextlib.suppress(ConnectionError):
        for part in parts:
            connection.settimeout(max(until - time.monotonic(), 0.001))
            connection.sendall(len(part).to_bytes(4) + part)
        connection.shutdown(socket.SHUT_WR)
    told, size = [], 0
    while size < most:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        piece = connection.recv(min(_PIECE, most - size))
        if not piece:
            break
        told.append(piece)
        size += len(piece)
    return b"".join(told)


def _out_of_hand() -> Inspection:
    english, japanese = OUT_OF_HAND
    nothing = ManifestReport(state="none")
    return Inspection(report=nothing, refusal="damaged", refusal_en=english, refusal_ja=japanese)
