"""A web server on loopback that misbehaves on demand: breaks off, sends a wrong byte, knows no ranges, is busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it serves and how; tests change it while it runs. `asked` lists (path, Range header) in order."""

    files: dict[str, bytes]
    url: str = ""
    etag: str = '"v1"'
    knows_ranges: bool = True
    break_off_after: list[int] = field(default_factory=list)  # bytes of the body, one entry a request
    answers: list[int] = field(default_factory=list)  # statuses to refuse with, one a request
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def file_server(files: dict[str, bytes]) -> Iterator[FileServer]:
    """Serves while the block runs."""
    served = FileServer(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(served: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Tests are quiet."""

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            served.asked.append((self.path, wanted))
            if served.answers:
                self._refuse(served.answers.pop(0))
                return
            data = served.files.get(self.path)
            if data is None:
                self._refuse(404)
                return
            start = self._start(wanted, data)
            if start > len(data) or (start and start == len(data)):
                self._refuse(416, {"Content-Range": f"bytes */{len(data)}"})
                return
            self._send(data, start)

        def _start(self, wanted: str, data: bytes) -> int:
            same = self.headers.get("If-Range", served.etag) == served.etag
            return int(wanted[6:-1]) if wanted and served.knows_ranges and same else 0

        def _send(self, data: bytes, start: int) -> None:
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if served.etag:
                self.send_header("ETag", served.etag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            body = data[start:]
            if served.break_off_after:
                body = body[: served.break_off_after.pop(0)]
                self.close_connection = True
            self.wfile.write(body)

        def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": "0", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler
