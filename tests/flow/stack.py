"""Control worker and GPU worker as real processes, on the test database and a broker that is a folder."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from imprimatur.embedded.postgres import free_port
from imprimatur.generations.models import Generation
from imprimatur.generations.states import FINAL
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.scope import tenant_scope

ROOT = Path(__file__).resolve().parents[2]
QUICK = {
    "IMPRIMATUR_HEARTBEAT_SECONDS": "0.5",
    "IMPRIMATUR_LEASE_SECONDS": "20",  # a worker that loads torch on a busy machine is silent for many seconds
    "IMPRIMATUR_DATABASE_POOL": "8",
    "IMPRIMATUR_SLOTS": "1",
}
PATIENT = {"IMPRIMATUR_LEASE_SECONDS": "600"}  # of a control worker: no lease runs out in a test
PATIENCE = 240.0  # seconds: what is waited for comes, however busy the machine
Found = TypeVar("Found")


class Process:
    """One process of the product, with its log."""

    def __init__(self, command: list[str], log: Path, *, file_limit: int = 0, **env: str) -> None:
        """`file_limit`: the largest file, in bytes, that the kernel lets it write; 0 is no limit."""
        self.log = log
        surroundings = os.environ | QUICK | {"DJANGO_SETTINGS_MODULE": "imprimatur.settings"} | env
        surroundings["PYTHONPATH"] = f"{ROOT}:{ROOT / 'platform'}"
        command = [sys.executable, "-m", *command]
        with log.open("wb") as file:
            out = subprocess.DEVNULL if file_limit else file
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=surroundings, stdout=out, stderr=out, start_new_session=True
            )
        if file_limit:
            resource.prlimit(self.popen.pid, resource.RLIMIT_FSIZE, (file_limit, file_limit))

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def terminate(self) -> None:
        """As an operator does it; returns at once."""
        self.popen.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """For the end of a test."""
        if self.popen.poll() is None:
            self.kill()

    def said(self, words: str) -> bool:
        """Whether the log has these words."""
        return words in self.log.read_text(errors="replace")


class Stack:
    """What a test starts, and what it looks at."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the logs."""
        self.folder = folder
        self.processes: list[Process] = []
        self.messages.mkdir(parents=True, exist_ok=True)
        self.lose_messages()

    @property
    def messages(self) -> Path:
        """Where the broker keeps them."""
        return Path(settings.BROKER_FOLDER) / "messages"

    def control(self, **env: str) -> Process:
        """Start a control worker."""
        return self._start("imprimatur.celery", **env)

    def signer(self, **env: str) -> Process:
        """Start the signer where workers look for it, and wait until it listens."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        command = ["uvicorn", "imprimatur.signer.asgi:application", "--uds", str(self.socket), "--lifespan", "off"]
        process = self._run("signer", command, **env)
        until(lambda: self.socket.exists() and process.said("Uvicorn running"))
        return process

    def web(self, **env: str) -> str:
        """Start a web server, and its address once it answers."""
        port = free_port()
        command = ["uvicorn", "imprimatur.asgi:application", "--port", str(port), "--lifespan", "off"]
        process = self._run("web", command, **env)
        until(lambda: process.said("Uvicorn running"))
        return f"http://127.0.0.1:{port}"

    @property
    def socket(self) -> Path:
        """Of the signer."""
        return Path(settings.HOME) / "run" / "signer.sock"

    def worker(self, *, file_limit: int = 0, **env: str) -> Process:
        """Start a GPU worker with the tiny model and a name of its own, and the signer if none runs."""
        if not any(p.log.name.endswith("signer.log") and p.popen.poll() is None for p in self.processes):
            self.signer()
        tiny = {
            "IMPRIMATUR_PIPELINES": "tests.flow.tiny:load_pipeline",
            "IMPRIMATUR_WORKER_NAME": f"worker-{len(self.processes)}-{uuid.uuid4().hex[:6]}",
            "IMPRIMATUR_TORCH_THREADS": "1",
        }
        return self._start("gpu_worker.celery", file_limit=file_limit, **(tiny | env))

    def _start(self, app: str, *, file_limit: int = 0, **env: str) -> Process:
        command = ["celery", "-A", app, "worker", "--loglevel=INFO"]
        return self._run(app.split(".", maxsplit=1)[0], command, file_limit=file_limit, **env)

    def _run(self, name: str, command: list[str], *, file_limit: int = 0, **env: str) -> Process:
        log = self.folder / f"{len(self.processes)}-{name}.log"
        process = Process(command, log, file_limit=file_limit, **env)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """End everything."""
        for process in self.processes:
            process.stop()

    def waiting(self, queue: str) -> list[Path]:
        """Message files of a queue."""
        return sorted(self.messages.glob(f"[!.]*.{queue}.msg"))

    def lose_messages(self) -> None:
        """As a broker loses what it held."""
        for path in self.messages.iterdir():
            path.unlink(missing_ok=True)

    def logs(self) -> str:
        """The end of every log, for a test that failed."""
        parts = [f"--- {p.log.name}\n{p.log.read_text(errors='replace')[-3000:]}" for p in self.processes]
        return "\n".join(parts)


@contextmanager
def stack_in(folder: Path) -> Iterator[Stack]:
    """A stack that is gone afterwards; its logs are shown if the test fails."""
    stack = Stack(folder)
    try:
        yield stack
    finally:
        stack.stop()
        sys.stderr.write(stack.logs())


def until(look: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """What `look` finds, once it finds something true."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain")
        time.sleep(0.05)


def state(tenant: Tenant, row: Generation) -> Generation:
    """The row as it is now."""
    with tenant_scope(tenant.id):
        return Generation.objects.select_related("output").get(pk=row.pk)


def until_state(tenant: Tenant, row: Generation, *wanted: str, seconds: float = PATIENCE) -> Generation:
    """The row, once it is in one of the states; a picture that ended otherwise is not waited for."""

    def look() -> Generation | None:
        now = state(tenant, row)
        if now.state not in wanted and now.state in FINAL:
            raise AssertionError(f"{now.state}: {now.error_code} {now.error}")
        return now if now.state in wanted else None

    return until(look, seconds)  # type: ignore[return-value]


def left_report(tenant: Tenant, row: Generation, attempt: int) -> dict[str, Any]:
    """`report.json` beside the picture of an attempt, once it lies there."""
    path = Path(settings.HOME) / f"objects/tenants/{tenant.id}/outputs/{row.id}/{attempt}/report.json"
    until(path.exists)
    return dict(json.loads(path.read_text()))
