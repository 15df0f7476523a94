"""A process we keep alive: started, watched, started again with growing pauses, stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY_SECONDS: Final = 60.0  # alive this long, a process counts as healthy again
LOG_LIMIT: Final = 10 * 2**20


def keep_small(log: Path, limit: int = LOG_LIMIT) -> bool:
    """Copy a log that has grown large beside itself, as its older half, and empty it; whether that was done.

    Whoever writes to it appends, so it goes on from the beginning. A disk too full for the copy is reason to empty it.
    """
    try:
        if log.stat().st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    with contextlib.suppress(OSError):
        shutil.copyfile(log, log.with_suffix(".1.log"))
    os.truncate(log, 0)
    return True


def dies_with_us(with_signal: int = signal.SIGTERM) -> Callable[[], None] | None:
    """A `preexec_fn` that asks Linux to signal the child when we end, even by kill -9. None elsewhere."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    set_parent_death_signal = 1
    return lambda: libc.prctl(set_parent_death_signal, int(with_signal), 0, 0, 0)


@dataclass
class Child:
    """One command. `log` takes its output, see `keep_small`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    started_at: float = field(default=0.0, init=False)
    next_start: float = field(default=0.0, init=False)

    @property
    def pid(self) -> int | None:
        """The running process' id."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order."""
        keep_small(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                list(self.command),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_us(),  # noqa: PLW1509 - nothing but us runs threads here
            )
        self.started_at = time.monotonic()

    def keep_alive(self) -> bool:
        """Start it again if it ended and its pause is over. True when it was started just now."""
        now = time.monotonic()
        if self.pid is not None:
            if now - self.started_at > STEADY_SECONDS:
                self.failures = 0
            return False
        if self.process is not None:
            self.next_start = now + PAUSES[min(self.failures, len(PAUSES) - 1)]
            self.failures += 1
            self.process = None
        if now < self.next_start:
            return False
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def make_stop(self, deadline: float) -> None:
        """Wait until the deadline (of time.monotonic), then kill whatever is left of its session."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self.process.wait()

    def log_end(self, lines: int = 12) -> str:
        """The newest lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.strip().splitlines()[-lines:])

    def _signal(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
