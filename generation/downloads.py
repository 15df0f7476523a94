"""Fetch one file over HTTP, resumably, and believe it only by its digest. The library's only use of the network, and
only when called: never while importing, loading or drawing. No torch.

A file grows as `NAME.part` and takes its name when it is whole and its SHA-256 is the expected one. A part is gone on
with (RFC 9110, range requests) only while the server says it is still the same file, by its ETag, or while a known
digest will tell; otherwise it is started anew.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

ATTEMPTS: Final = 5  # in a row without a new byte
PAUSE_SECONDS: Final = 1.0  # before the second attempt, twice as long before each further one
SPARE: Final = 256 << 20  # bytes left free beside the file
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK, _PARTIAL, _BEYOND = 200, 206, 416

OnBytes = Callable[[int, int], None]  # bytes there, bytes in all (0 while unknown)


class DownloadFailed(RuntimeError):
    """A file cannot be fetched, or is not what it should be; the message says which and what to do."""


@dataclass(frozen=True)
class Fetched:
    """A whole file: its SHA-256 (hex) and size in bytes."""

    sha256: str
    size: int


class _Broken(Exception):
    """The server went away or was busy: worth another attempt."""


def _ignore(there: int, total: int) -> None:
    """Nobody watches."""


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str = "",
    size: int = 0,
    on_bytes: OnBytes = _ignore,
    pause: float = PAUSE_SECONDS,
) -> Fetched:
    """Fetch `url` to `target`, whose folder is made. sha256 (hex), size in bytes: checked where given.

    Raises DownloadFailed; what was fetched of an interrupted file stays for the next call, a wrong file does not.
    """
    _check_address(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(target, url, sha256, size, on_bytes)
    with httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30, read=60)) as client:
        _until_whole(part, client, pause)
    return part.finish()


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _until_whole(part: _Part, client: httpx.Client, pause: float) -> None:
    failures, before = 0, part.there
    while True:
        try:
            part.go_on(client)
        except (httpx.TransportError, _Broken) as error:
            failures = 1 if part.there > before else failures + 1
            if failures >= ATTEMPTS:
                raise DownloadFailed(
                    f"{part.url} broke off after {part.there} bytes ({error or type(error).__name__}): "
                    "run the command again to go on from there"
                ) from error
            before = part.there
            time.sleep(pause * 2 ** (failures - 1))
        else:
            return


def _check_address(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise DownloadFailed(f"{url} is no address: {error}") from error
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _LOOPBACK):
        raise DownloadFailed(f"{url}: weights are fetched over https only")


class _Part:
    """A file on its way: `NAME.part`, and `NAME.part.etag` beside it, the server's name for this very content."""

    def __init__(self, target: Path, url: str, sha256: str, size: int, on_bytes: OnBytes) -> None:
        self.target, self.url, self.sha256, self.total, self._on_bytes = target, url, sha256, size, on_bytes
        self.path = target.with_name(target.name + ".part")
        self._etag_path = target.with_name(target.name + ".part.etag")

    @property
    def there(self) -> int:
        """Bytes fetched so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def _etag(self) -> str:
        return self._etag_path.read_text() if self._etag_path.exists() else ""

    def go_on(self, client: httpx.Client) -> None:
        """One request for what is missing. Raises _Broken, DownloadFailed or httpx.TransportError."""
        if self.there and not (self._etag or self.sha256):
            self._start_anew()
        if self.total and self.there == self.total:
            return
        with client.stream("GET", self.url, headers=self._headers()) as response:
            if response.status_code == _BEYOND:
                self._beyond(response)
                return
            _check_status(response, self.url, self.target)
            self._write(response)

    def finish(self) -> Fetched:
        """Check the digest and take the name. Raises DownloadFailed; the wrong file is deleted."""
        found = file_sha256(self.path)
        if self.sha256 and found != self.sha256:
            self._start_anew()
            raise DownloadFailed(
                f"{self.url} is not the file on record (SHA-256 {found}, not {self.sha256}): it was deleted; "
                "try again, and if it happens twice the source has changed"
            )
        size = self.there
        self.path.replace(self.target)
        self._etag_path.unlink(missing_ok=True)
        return Fetched(found, size)

    def _headers(self) -> dict[str, str]:
        """Bytes as they are: a compressed answer would make ranges and sizes mean something else."""
        asked = {"Accept-Encoding": "identity"}
        if self.there:
            asked["Range"] = f"bytes={self.there}-"
            if self._etag:
                asked["If-Range"] = self._etag
        return asked

    def _write(self, response: httpx.Response) -> None:
        """Append a 206 that goes on where we are; anything else starts anew."""
        if response.status_code != _PARTIAL or _range_start(response) != self.there:
            if response.status_code == _PARTIAL:
                self._start_anew()
                raise _Broken("the server sent another range than asked for")
            self._start_anew()
        self._keep_etag(response)
        total = self.there + int(response.headers.get("Content-Length") or 0)
        self._check_size(total)
        self._check_room(total - self.there)
        with self.path.open("ab") as file:
            for block in response.iter_bytes():
                file.write(block)
                self._on_bytes(file.tell(), self.total or total)
        if self.there < (self.total or total):
            raise _Broken("the connection ended early")

    def _check_size(self, total: int) -> None:
        if self.total and total > self.there and total != self.total:
            self._start_anew()
            raise DownloadFailed(
                f"{self.url} has {total} bytes, not the {self.total} on record: the source has changed"
            )

    def _check_room(self, missing: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if missing + SPARE > free:
            raise DownloadFailed(
                f"{self.path.parent} has {free / 1e9:.1f} GB free, {self.target.name} needs {missing / 1e9:.1f} GB: "
                "make room"
            )

    def _beyond(self, response: httpx.Response) -> None:
        """416: nothing is left to send, or what we have is no beginning of what is there."""
        if response.headers.get("Content-Range", "") != f"bytes */{self.there}":
            self._start_anew()
            raise _Broken("the server has another file than the one that was begun")

    def _keep_etag(self, response: httpx.Response) -> None:
        """Weak tags do not vouch for bytes."""
        etag = response.headers.get("ETag", "")
        if etag and not etag.startswith("W/"):
            self._etag_path.write_text(etag)

    def _start_anew(self) -> None:
        self.path.unlink(missing_ok=True)
        self._etag_path.unlink(missing_ok=True)


def _range_start(response: httpx.Response) -> int:
    """Where a 206 begins; -1 if it does not say."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    start = rest.partition("-")[0]
    return int(start) if unit == "bytes" and start.isdigit() else -1


def _check_status(response: httpx.Response, url: str, target: Path) -> None:
    status = response.status_code
    if status in (_OK, _PARTIAL):
        return
    if status in _BUSY:
        raise _Broken(f"the server answered {status}")
    said = {401: "asks who you are", 403: "does not let you in", 404: "has no such file"}.get(status, "refuses")
    raise DownloadFailed(f"{url} {said} ({status}): fetch it by other means and put it at {target}, or use --from")
