"""What does the dispatcher cost, and is it fair? `./run bench dispatch [--json]`.

The whole product as its users start it, in a folder of its own, drawing with the shipped model in few steps.

Overhead: from the request's commit to the worker's first word, recorded in the row, while nothing else waits; beside
the raw Celery hop of the same broker (a hello, sent and seen), of which every order needs two.

Fairness: one company asks for 16 pictures; once its first is being drawn, another asks for 4. When are the light one's
done, and when would they have been, first come first served? The control takes the same run's own finishing times in
the order of asking. Jain's index of the pictures each company got while both waited, from the light one's asking until
it was served: 1 is even, 0.5 is all for one. What is in flight when the light company asks nobody takes away again.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import loads
from pathlib import Path
from typing import Any

from benchmarks._processor import spending
from benchmarks._report import Result, gate, print_gates, run

ROOT = Path(__file__).resolve().parents[1]
FLOOD, LIGHT, STEPS, PROBES, ROUNDS = 16, 4, 5, 6, 3
START_SECONDS, PATIENCE = 400.0, 900.0
FAIR = 0.98


@contextmanager
def _product() -> Iterator[int]:
    """Started, this process connected to its database and broker, and stopped. Yields the process that started it."""
    from imprimatur.embedded.postgres import free_port

    folder = Path(tempfile.mkdtemp(prefix="imprimatur-bench-"))
    folder.chmod(0o755)
    home = folder / "home"
    os.environ |= {
        "IMPRIMATUR_HOME": str(home),
        "IMPRIMATUR_POSTGRES_FOLDER": str(folder / "postgres"),
        "IMPRIMATUR_PORT": str(free_port()),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
    }
    with (folder / "start.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "imprimatur.embedded", "start"], stdout=log, stderr=log)
    try:
        _until(lambda: (home / "run" / "url").exists() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, (folder / "start.log").read_text()
        password = loads((home / "secrets.json").read_text())["app_password"]
        port = (home / "run" / "postgres.port").read_text()
        os.environ["IMPRIMATUR_DATABASE_URL"] = f"postgresql://imprimatur_app:{password}@127.0.0.1:{port}/imprimatur"
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _until(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


class Company:
    """A demo company's creator with a reference and a template that they may draw from."""

    def __init__(self, tenant_id: uuid.UUID) -> None:
        from imprimatur.tenants.actor import actor_for
        from imprimatur.tenants.models import Membership
        from imprimatur.tenants.scope import tenant_scope

        self.id = tenant_id
        with tenant_scope(tenant_id):
            creator = next(m.user for m in Membership.objects.all() if "creator" in m.roles)
            self.actor = actor_for(creator, tenant_id)
            self.asked = self._permitted()

    def _permitted(self) -> dict[str, Any]:
        from django.utils import timezone
        from imprimatur.generations import gate
        from imprimatur.library.models import ReferenceImage
        from imprimatur.prompts.selectors import approved_versions

        use = {"channel": "internal", "territory": "JP", "purpose": "advertising"}
        for reference in ReferenceImage.objects.all():
            for version in approved_versions():
                variables = {v["name"]: v["options"][0]["token"] for v in version.variables}
                asked: dict[str, Any] = {"action": "generate", "references": [reference], "version": version}
                answer = gate.decision(self.actor, **asked, use=use, now=timezone.now())
                if gate.reasons_of(answer) == []:
                    found = {"reference": reference, "version": version}
                    return {**found, "variables": variables, "use": use, "dials": {"steps": STEPS}}
        raise AssertionError("the demo company may draw nothing")

    def ask(self, count: int) -> list[uuid.UUID]:
        """Ids of the queued pictures."""
        from imprimatur.generations import services
        from imprimatur.tenants.scope import tenant_scope

        with tenant_scope(self.id):
            return [row.pk for row in services.submit(self.actor, **self.asked, count=count)]

    def rows(self, ids: list[uuid.UUID]) -> list[Any]:
        """The pictures as they are now."""
        from imprimatur.generations.models import Generation
        from imprimatur.tenants.scope import tenant_scope

        with tenant_scope(self.id):
            return list(Generation.objects.filter(pk__in=ids).order_by("created_at"))

    def finished(self, ids: list[uuid.UUID]) -> list[Any]:
        """The pictures, once all are ready."""
        _until(lambda: all(row.finished_at for row in self.rows(ids)))
        rows = self.rows(ids)
        assert {row.state for row in rows} == {"ready"}, [(r.state, r.error_code, r.error) for r in rows]
        return rows


def _raw_hop(number: int) -> float:
    """Seconds from sending a message to what its task wrote being there."""
    from imprimatur.celery import app
    from imprimatur.generations.models import WorkerSeen

    from gpu_worker.messages import CONTROL_QUEUE, HELLO_TASK, WorkerHello

    hello = WorkerHello(worker=f"bench-{number}", profiles=[], slots=0)
    started = time.perf_counter()
    app.send_task(HELLO_TASK, args=[hello.to_json()], queue=CONTROL_QUEUE, retry=False)
    _until(lambda: WorkerSeen.objects.filter(name=hello.worker).exists(), 60)
    return time.perf_counter() - started


def _overhead(company: Company) -> dict[str, float]:
    hops = [_raw_hop(n) for n in range(PROBES)]
    waits = []
    for _ in range(PROBES):
        (row,) = company.finished(company.ask(1))
        waits.append((row.first_progress_at - row.created_at).total_seconds())
    hop, wait = statistics.median(hops), statistics.median(waits)
    return {
        "raw hop, s": round(hop, 3),
        "request to first word, s": round(wait, 3),
        "over two raw hops, s": round(wait - 2 * hop, 3),
    }


def _fairness(heavy: Company, light: Company) -> dict[str, Any]:
    many = heavy.ask(FLOOD)
    _until(lambda: any(row.first_progress_at for row in heavy.rows(many)))
    few = light.ask(LIGHT)
    flooded, served = heavy.finished(many), light.finished(few)
    ends = sorted(row.finished_at for row in [*flooded, *served])
    asked = min(row.created_at for row in served)
    done = max(row.finished_at for row in served)
    got = sum(asked < row.finished_at <= done for row in flooded)
    return {
        "asked for": [FLOOD, LIGHT],
        "light company served after, s": round((done - asked).total_seconds(), 2),
        "first come first served, s": round((ends[-1] - asked).total_seconds(), 2),
        "of the flood meanwhile, pictures": got,
        "jain, until the light one is served": round(_jain([got, LIGHT]), 3),
        "jain, first come first served": round(_jain([FLOOD, 0]), 3),
        "seconds a picture": round((ends[-1] - min(r.created_at for r in flooded)).total_seconds() / len(ends), 3),
    }


def _jain(shares: list[float]) -> float:
    """Jain, Chiu and Hawe, 1984."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def _slots() -> int:
    """How many pictures the worker draws at once, as it said."""
    from imprimatur.generations.models import WorkerSeen

    return max(WorkerSeen.objects.values_list("slots", flat=True))


def measure() -> Result:
    """Both measurements, on one product."""
    with _product() as supervisor:
        import django

        django.setup()
        from imprimatur.audit.checkpoints import ends

        first, second = (Company(tenant_id) for tenant_id, _ in ends()[:2])
        first.finished(first.ask(1))  # the model is loaded now
        overhead = _overhead(first)
        with spending(supervisor) as spent:
            rounds = [_fairness(first, second) for _ in range(ROUNDS)]
        slots = _slots()
    worst = min(found["jain, until the light one is served"] for found in rounds)
    return {
        "benchmark": "dispatch",
        "steps": STEPS,
        "slots": slots,
        "overhead": overhead,
        "fairness": rounds,
        "flood and light together": spent.rounded(),
        "gates": [gate("jain, the worst round", worst, FAIR)],
    }


def print_table(result: Result) -> None:
    """A line a figure."""
    for name, value in result["overhead"].items():
        print(f"overhead  {name:<38}{value!s:>12}")
    for found in result["fairness"]:
        print()
        for name, value in found.items():
            print(f"fairness  {name:<38}{value!s:>12}")
    print()
    for name, value in result["flood and light together"].items():
        print(f"spent     {name:<38}{value!s:>12}")
    print_gates(result["gates"])


if __name__ == "__main__":
    run(measure, print_table, __doc__)
