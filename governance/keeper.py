"""The keeper of the processes that look at strangers' files: it loads everything they need once, and forks one a file.

It reads no byte of a stranger's itself. It is asked over the socket that is its standard input: a socket comes in, on
which one file will be told and answered, and the number of the process that serves it goes back; that number comes in,
and the process is ended, whatever it does. A forked process closes the way to the keeper, gives away the right to open
anything (no file descriptor is left), to write files, to start anything, to be root, and to use more memory or time
than a picture takes. Only then it reads its file.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import io
import json
import os
import resource
import signal
import socket
import sys
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from PIL import ExifTags, Image, ImageCms

from governance.inspection import inspect, lay_over
from governance.taking_in import answer

READY: Final = b"."
NUMBER: Final = 8  # bytes of a process' number; zero asks for a new one
NO_USER: Final = 65_533  # nothing of ours runs under this id
_PR_SET_DUMPABLE: Final = 4  # prctl(2)


class Duty(NamedTuple):
    """What each process does, what it knows while it does it, and what it may take.

    work: `inspect` or `open`. known: what `governance.inspection.inspect` is told beside the file. memory: bytes of
    address space. cpu: seconds.
    """

    work: str
    known: dict[str, Any]
    memory: int
    cpu: int


def keep(arguments: list[str]) -> None:
    """In a process of its own: load, then fork a process for each file until whoever asks is gone."""
    control = socket.socket(fileno=sys.stdin.fileno())
    duty = _duty(control, arguments)
    _forbid_a_look()
    _rehearse(duty)
    gc.freeze()  # what is shared with forked processes stays shared
    control.sendall(READY)
    serving: set[int] = set()
    while (asked := _asked(control)) is not None:
        number, connection = asked
        if connection is None:
            _end(serving, number)
        else:
            number = _forked(control, connection, duty)
            serving.add(number)
            connection.close()
        control.sendall(number.to_bytes(NUMBER))
    for number in list(serving):
        _end(serving, number)


def _duty(control: socket.socket, arguments: list[str]) -> Duty:
    """Limits come as arguments; what nobody else should see does not."""
    work, memory, cpu = arguments
    size = int.from_bytes(control.recv(4, socket.MSG_WAITALL))
    anchors, public_list, key = json.loads(control.recv(size, socket.MSG_WAITALL))
    known = {"anchors": anchors, "public_list": public_list, "watermark_key": base64.b64decode(key)}
    return Duty(work, known, int(memory), int(cpu))


def _asked(control: socket.socket) -> tuple[int, socket.socket | None] | None:
    """A number, or a socket for a new process; None once nobody can ask any more."""
    told, descriptors, _, _ = socket.recv_fds(control, NUMBER, 1, socket.MSG_WAITALL)
    if len(told) < NUMBER:
        return None
    return int.from_bytes(told), socket.socket(fileno=descriptors[0]) if descriptors else None


def _forked(control: socket.socket, connection: socket.socket, duty: Duty) -> int:
    """The number of a process that serves the connection and ends."""
    number = os.fork()
    if number:
        return number
    try:
        control.close()
        _serve(connection, duty)
    finally:
        os._exit(0)


def _end(serving: set[int], number: int) -> None:
    """Not waited for until now, so the number is still this process' own."""
    if number in serving:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
        serving.remove(number)


def _serve(connection: socket.socket, duty: Duty) -> None:
    """One file, in a process that can reach nothing."""
    _give_rights_away(memory=duty.memory, cpu=duty.cpu)
    with connection.makefile("rb") as stream:
        parts = _parts(stream.read())
    connection.sendall(_told(duty, parts))


def _told(duty: Duty, parts: list[bytes]) -> bytes:
    """parts: the file; and a picture of ours, where it is to be laid over that instead of told about."""
    data, *originals = parts
    if duty.work == "open":
        return answer(data, duty.known["anchors"])
    for original in originals:
        return json.dumps(asdict(lay_over(data, original, duty.known["watermark_key"]))).encode()
    return json.dumps(inspect(data, **duty.known).to_json()).encode()


def _parts(data: bytes) -> list[bytes]:
    """Each has its length before it."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _rehearse(duty: Duty) -> None:
    """Look at one picture of each type, as cameras and phones write them, so that whatever is loaded late is loaded."""
    files = _rehearsals()
    for file in files:
        _told(duty, [file])
    _told(duty, files[:2])


def _rehearsals() -> list[bytes]:
    """PNG, JPEG and WebP with a turned EXIF block and a colour profile, and a JPEG with a second view behind it."""
    picture, exif = Image.effect_noise((64, 64), 90).convert("RGB"), Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = []
    for form in ("PNG", "JPEG", "WEBP", "MPO"):
        more: dict[str, Any] = {"save_all": True, "append_images": [picture]} if form == "MPO" else {}
        buffer = io.BytesIO()
        picture.save(buffer, form, exif=exif, icc_profile=profile, **more)
        files.append(buffer.getvalue())
    return files


def _forbid_a_look() -> None:
    """Where all of us run under one id, no process may look into the keeper or into another of its own (Linux only)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


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
