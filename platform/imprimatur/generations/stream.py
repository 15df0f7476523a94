"""Live jobs: server-sent events out of one LISTEN connection for the whole process.

An event carries a snapshot of the row and has the row's version as its id, so that a browser that comes back
(Last-Event-ID) is told only what it missed. If the listening connection is away, every stream polls instead.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection
from django.utils import translation

from imprimatur.generations import notify, selectors
from imprimatur.tenants.models import Membership
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

HEARTBEAT: Final = 15.0  # seconds between comments that keep proxies from closing the stream
POLL: Final = 2.0  # seconds between looks at the row while nobody listens
RETRY_MILLISECONDS: Final = 2000
SNAPSHOT, END = "snapshot", "end"

Snapshot = dict[str, Any]
Render = Callable[[Snapshot], str]


class Listener(threading.Thread):
    """Hears which rows changed and wakes the streams that wait for them. One in each web process."""

    def __init__(self) -> None:
        """Daemon: ends with its process."""
        super().__init__(name="generation-listener", daemon=True)
        self.is_connected = threading.Event()
        self._stop_asked = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[str, set[_Waiter]] = {}

    def run(self) -> None:
        """Never raises: a lost connection is made again, and whoever waited looks at its row."""
        while not self._stop_asked.is_set():
            try:
                self._listen()
            except Exception as error:
                logger.warning("the listening connection was lost; streams poll until it is back: %s", error)
            self.is_connected.clear()
            self._wake_all()
            self._stop_asked.wait(POLL)

    def stop(self) -> None:
        """Give the connection back within a second."""
        self._stop_asked.set()

    def _listen(self) -> None:
        with notify.listening_connection() as session:
            session.execute(f"LISTEN {notify.GENERATION_CHANNEL}")
            self.is_connected.set()
            self._wake_all()  # for what happened before
            while not self._stop_asked.is_set():
                for heard in session.notifies(timeout=1):
                    self._wake(heard.payload)

    def add(self, waiter: _Waiter) -> None:
        """Wake `waiter` from now on."""
        with self._lock:
            self._waiting.setdefault(waiter.payload, set()).add(waiter)

    def remove(self, waiter: _Waiter) -> None:
        """Its stream ended."""
        with self._lock:
            left = self._waiting.get(waiter.payload, set())
            left.discard(waiter)
            if not left:
                self._waiting.pop(waiter.payload, None)

    def _wake(self, payload: str) -> None:
        with self._lock:
            waiters = list(self._waiting.get(payload, ()))
        for waiter in waiters:
            waiter.wake()

    def _wake_all(self) -> None:
        with self._lock:
            payloads = list(self._waiting)
        for payload in payloads:
            self._wake(payload)


class _Waiter:
    """One stream's bell, rung from the listener's thread."""

    def __init__(self, payload: str) -> None:
        self.payload = payload
        self._loop = asyncio.get_running_loop()
        self._bell = asyncio.Event()

    def wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._bell.set)

    async def wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._bell.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._bell.clear()


_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="generation-stream")
_listener: Listener | None = None
_listener_lock = threading.Lock()


def listener() -> Listener:
    """The process's listener, started when the first stream asks."""
    global _listener  # noqa: PLW0603 one connection for the process is the point
    with _listener_lock:
        if _listener is None or not _listener.is_alive():
            _listener = Listener()
            _listener.start()
        return _listener


async def events(
    tenant_id: uuid.UUID,
    generation_id: uuid.UUID,
    *,
    last_event_id: str = "",
    render: Render = json.dumps,
    reader: uuid.UUID | None = None,
) -> AsyncIterator[bytes]:
    """The body of a text/event-stream response: `snapshot` events until the job is finished, then `end`.

    The caller has checked that the reader may see this row; with `reader`, their user id, it is checked again at every
    look, so that a stream ends when its reader is taken out of the company. render: what becomes of a snapshot, JSON or
    HTML; it is called in the language that was active when the stream began.
    """
    waiter, ears = _Waiter(notify.payload(tenant_id, generation_id)), listener()
    ears.add(waiter)
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        look = partial(_read, tenant_id, generation_id, render, translation.get_language(), reader)
        async for chunk in _changes(look, last_event_id, waiter):
            yield chunk
    finally:
        ears.remove(waiter)


async def _changes(look: Callable[[], tuple[Snapshot, str] | None], seen: str, waiter: _Waiter) -> AsyncIterator[bytes]:
    in_reader = sync_to_async(look, thread_sensitive=False, executor=_readers)
    said = monotonic()
    while True:
        try:
            found = await in_reader()
        except (OperationalError, InterfaceError):
            logger.warning("a stream cannot look at its row: it waits for the database")
            yield b": waiting for the database\n\n"  # ends a stream that nobody reads any more
            await asyncio.sleep(POLL)
            continue
        if found is None:
            return
        snapshot, text = found
        if str(snapshot["version"]) != seen:
            seen, said = str(snapshot["version"]), monotonic()
            yield frame(SNAPSHOT, text, seen)
        elif monotonic() - said >= HEARTBEAT:
            said = monotonic()
            yield b": alive\n\n"
        if snapshot["finished"]:
            yield frame(END, text, seen)
            return
        await waiter.wait(HEARTBEAT if listener().is_connected.is_set() else POLL)


def frame(event: str, text: str, event_id: str) -> bytes:
    """One server-sent event; every line of `text` becomes a data line."""
    data = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"id: {event_id}\nevent: {event}\n{data}\n".encode()


def _read(
    tenant_id: uuid.UUID, generation_id: uuid.UUID, render: Render, language: str | None, reader: uuid.UUID | None
) -> tuple[Snapshot, str] | None:
    """In one of the few reader threads. No stream keeps a database connection while it waits."""
    try:
        with translation.override(language), tenant_scope(tenant_id):
            return _read_row(generation_id, render) if reader is None or _belongs(reader) else None
    finally:
        connection.close()


def _belongs(reader: uuid.UUID) -> bool:
    return Membership.objects.filter(user_id=reader, user__is_active=True).exists()


def _read_row(generation_id: uuid.UUID, render: Render) -> tuple[Snapshot, str] | None:
    row = selectors.jobs().filter(id=generation_id).first()
    if row is None:
        return None
    snapshot = selectors.snapshot(row)
    return snapshot, render(snapshot)
