"""A way to the database that can be cut, as when the server is started again or its network is gone."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class Line:
    """Forwards connections to one address; while it is cut there are none."""

    def __init__(self, url: str) -> None:
        """url: of the database behind it."""
        parts = urlsplit(url)
        self._behind = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.is_cut = False
        self.url = url.replace(f":{self._behind[1]}/", f":{self._listener.getsockname()[1]}/")
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and each that is tried from now on."""
        self.is_cut = True
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _close(end)

    def mend(self) -> None:
        """Connections are possible again."""
        self.is_cut = False

    def close(self) -> None:
        """For the end of a test."""
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.is_cut:
                    _close(near)
                    continue
                far = socket.create_connection(self._behind)
                with self._lock:
                    self._open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _close(source)
    _close(target)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def line_to(url: str) -> Iterator[Line]:
    """Gone afterwards."""
    line = Line(url)
    try:
        yield line
    finally:
        line.close()
