"""A broker that is a folder: one machine, no server.

Kombu's own filesystem transport writes a message under its final name, so that a reader can catch it half written,
and moves it through the system's temporary folder, where everybody may read permits. Here a message appears whole or
not at all, and never leaves the folder (0700).
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar

from kombu.transport import filesystem
from kombu.transport.virtual import BrokerState
from kombu.utils.json import dumps, loads

_SUFFIX = ".msg"


class Channel(filesystem.Channel):  # type: ignore[misc]
    """Messages are files `<time>_<uuid>.<queue>.msg`, oldest first."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Make the folders, for their owner alone."""
        super().__init__(*args, **options)
        for folder in (Path(self.data_folder_in), Path(self.control_folder)):
            _make_private(folder)

    def _put(self, queue: str, payload: Any, **_: Any) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}{_SUFFIX}"
        hidden = folder / f".{uuid.uuid4().hex}.part"  # a glob finds dotted names too: not what a reader looks for
        try:
            _make_private(folder)
            hidden.touch(mode=0o600)
            hidden.write_text(dumps(payload))
            hidden.replace(folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                hidden.unlink()
            raise OSError(error.errno, f"the broker's folder {folder} does not take messages") from error

    def _get(self, queue: str) -> Any:
        for path in self._messages(self.data_folder_in, queue):
            taken = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another process was quicker
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._messages(self.data_folder_in, queue))

    def _purge(self, queue: str) -> int:
        paths = self._messages(self.data_folder_in, queue)
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    @staticmethod
    def _messages(folder: str, queue: str) -> list[Path]:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name[0] != "." and e.name.partition(".")[2] == queue + _SUFFIX]
        return [Path(folder, name) for name in sorted(names)]


def clear_away(folder: Path, seconds: float, *, keep: Collection[str] = ()) -> int:
    """Delete messages that lay there for so long, and what a process that was killed left half written or half read;
    how many files. Messages of the queues in `keep` stay: somebody will fetch them.

    Nothing is lost with an order that nobody fetched: its row's lease brings it again.
    """
    before, count = time.time() - seconds, 0
    stay = tuple(f".{queue}{_SUFFIX}" for queue in keep)
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            is_kept = entry.name[0] != "." and entry.name.endswith(stay)
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file() and not is_kept and entry.stat().st_mtime < before:
                    Path(entry.path).unlink()
                    count += 1
    return count


def _make_private(folder: Path) -> None:
    """For its owner alone; somebody may have cleared it away since the last message."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


class Transport(filesystem.Transport):  # type: ignore[misc]
    """`filesystem://` with whole messages. A folder that is gone, or cannot be read, is a broker that is away: whoever
    listens tries again, and makes it anew."""

    Channel = Channel
    connection_errors = (*filesystem.Transport.connection_errors, OSError)
    _states: ClassVar[dict[str, BrokerState]] = {}

    def __init__(self, client: Any, **options: Any) -> None:
        """What is bound is remembered for each folder, not for all of them together."""
        super().__init__(client, **options)
        folder = str(client.transport_options.get("data_folder_in", ""))
        self.state = self._states.setdefault(folder, BrokerState())
