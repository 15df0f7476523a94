"""How long were processors busy? Wall time tells of the machine's other guests, processor time of the work alone.

Read from Linux' /proc.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


class Spent:
    """What passed while something was done, in seconds. ours: of this process; server: of the trees named."""

    wall = ours = server = 0.0

    def rounded(self) -> dict[str, float]:
        """For a report."""
        return {
            "wall, s": round(self.wall, 3),
            "processor, ours, s": round(self.ours, 3),
            "processor, server, s": round(self.server, 3),
        }


@contextmanager
def spending(*server: int) -> Iterator[Spent]:
    """Filled in when the block ends. server: processes whose trees work for us."""
    spent = Spent()
    wall, ours, theirs = time.perf_counter(), time.process_time(), of_trees(*server)
    yield spent
    spent.wall, spent.ours = time.perf_counter() - wall, time.process_time() - ours
    spent.server = of_trees(*server) - theirs


def of_trees(*roots: int) -> float:
    """Processor seconds so far of these processes and of all that descend from them: of those that live, and of those
    that ended and were waited for."""
    stats = {pid: stat for pid in _pids() if (stat := _stat(pid))}
    return TICK * sum(sum(map(int, stat[11:15])) for pid, stat in stats.items() if _descends(pid, roots, stats))


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields after the name: state, parent, ..., user, system, and both of children waited for, in ticks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _descends(pid: int, roots: tuple[int, ...], stats: dict[int, list[str]]) -> bool:
    while pid not in roots:
        if pid not in stats:
            return False
        pid = int(stats[pid][1])
    return True
