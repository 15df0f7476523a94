"""Follow pictures until they end, by asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from imprimatur_cli.client import Client

POLL_SECONDS: Final = 0.25
UNFINISHED: Final = frozenset({"queued", "preparing", "drawing", "stamping"})
Job = dict[str, Any]


class NotInTime(RuntimeError):
    """The pictures did not end within the time; `jobs` is where they stand."""

    def __init__(self, jobs: list[Job], seconds: float) -> None:
        states = ", ".join(f"{job['id']} {job['state']}" for job in jobs)
        super().__init__(f"not finished after {seconds:g} s: {states}")
        self.jobs = jobs


def follow(client: Client, jobs: list[Job], seconds: float, say: Callable[[str], None]) -> list[Job]:
    """The generations as they ended; each change of state or step is said once. Raises NotInTime after `seconds`."""
    end, told = time.monotonic() + seconds, dict[str, str]()
    while True:
        jobs = [client.get(f"/generations/{job['id']}") if job["state"] in UNFINISHED else job for job in jobs]
        for job in jobs:
            if told.get(job["id"]) != (line := _line(job)):
                say(line)
                told[job["id"]] = line
        if all(job["state"] not in UNFINISHED for job in jobs):
            return jobs
        if time.monotonic() > end:
            raise NotInTime(jobs, seconds)
        time.sleep(POLL_SECONDS)


def _line(job: Job) -> str:
    steps = f" {job['step']}/{job['steps']}" if job["state"] == "drawing" else ""
    return f"{job['id']}: {job['state']}{steps}"
