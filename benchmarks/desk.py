"""How long does the verify desk take, and what does it cost? `./run bench desk [--json]`.

One released picture of 1024 x 1024 on a real Postgres, asked about through the product's own code: the released file,
one that lost its manifest and nothing else, one that came back from a network (1080 pixels wide, JPEG 75), a cropped
one, and a picture of somebody else's. Then ten files at once. Processor time is of the asking process and of those that
open the file, their start included; wall-clock time depends on what else the machine does: the load is told.
"""

from __future__ import annotations

import io
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from PIL import Image

from benchmarks._processor import of_trees
from benchmarks._report import Result, gate, print_gates, run
from benchmarks.revoke import product
from benchmarks.watermark import photograph_like, saved, wide

ASKED: Final = int(os.environ.get("BENCH_ASKED", "100"))  # times for each copy
AT_ONCE: Final = 10
SIDE: Final = 1024
GOAL_SECONDS: Final = 2.0  # processor time of one answer


def released() -> bytes:
    """A picture as it leaves the house: drawn, approved by two, released."""
    from imprimatur import objects
    from imprimatur.releases import services as releasing
    from imprimatur.review import services as reviewing
    from imprimatur.tenants.scope import tenant_scope

    from tests.factories import build_world
    from tests.imprimatur import drawn as walking

    walking.picture = lambda _side, _color, seed: _encoded(photograph_like(seed % 1000, (SIDE, SIDE)))  # type: ignore[assignment]
    world = build_world("correct-horse-battery")
    (output,) = walking.drawn(world)
    with tenant_scope(world.aozora.id):
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        row = releasing.release(world.actor(world.alice), output, walking.USE)
    return objects.get(row.object_key, row.sha256)


def _encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def copies(file: bytes) -> dict[str, bytes]:
    """What comes back from outside."""
    shown = Image.open(io.BytesIO(file)).convert("RGB")
    edge = SIDE // 40
    return {
        "released file": file,
        "manifest stripped": _encoded(shown),
        "1080 px wide, JPEG 75": _encoded(saved(wide(shown, 1080), "JPEG", 75), "JPEG"),
        "5 % cropped, JPEG 85": _encoded(saved(shown.crop((edge, edge, SIDE - edge, SIDE - edge)), "JPEG", 85), "JPEG"),
        "somebody else's": _encoded(saved(photograph_like(7777, (SIDE, SIDE)), "JPEG", 85), "JPEG"),
    }


def asked(data: bytes, database: int) -> dict[str, Any]:
    """ASKED answers about one file. database: the process whose tree does not count."""
    from imprimatur.releases.verification import verify

    verdict = str(verify(data).verdict)  # the first starts a process
    walls, costs = [], []
    for _ in range(ASKED):
        spent, started = _spent(database), time.perf_counter()
        assert str(verify(data).verdict) == verdict
        walls.append(time.perf_counter() - started)
        costs.append(_spent(database) - spent)
    return {"verdict": verdict, "processor": _told(costs), "wall": _told(walls)}


def _spent(database: int) -> float:
    """Processor seconds of this process and all that it started, in hundredths."""
    return of_trees(os.getpid()) - of_trees(database)


def _told(seconds: list[float]) -> dict[str, float]:
    return {name: round(float(np.quantile(seconds, q)), 3) for name, q in (("median", 0.5), ("99th percentile", 0.99))}


def together(data: bytes) -> dict[str, Any]:
    """AT_ONCE files in one moment: who is answered, who is told to come again, and how long it took."""
    from django.db import connection
    from imprimatur.releases.pace import TooFast
    from imprimatur.releases.verification import verify

    def one(_number: int) -> tuple[bool, float]:
        started = time.perf_counter()
        try:
            verify(data)
        except TooFast:
            return False, time.perf_counter() - started
        finally:
            connection.close()
        return True, time.perf_counter() - started

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(one, range(AT_ONCE)))
    return {
        "answered": sum(answered for answered, _ in found),
        "told to come again": sum(not answered for answered, _ in found),
        "seconds, longest": round(max(seconds for _, seconds in found), 2),
    }


def largest() -> int:
    """MB of the largest process that opened a file. Ends the desk's keeper: only then its processes are counted."""
    from imprimatur.releases import looking

    looking._apart.close()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def measure() -> Result:
    """Everything as one JSON-ready object."""
    with product() as (_, database):
        files = copies(released())
        load = os.getloadavg()[0]
        found = {name: asked(data, database) for name, data in files.items()}
        at_once = together(files["1080 px wide, JPEG 75"]) | {"largest process, MB": largest()}
    usual = found["1080 px wide, JPEG 75"]["processor"]["median"]
    return {
        "benchmark": "desk",
        "asked": ASKED,
        "load before": round(load, 1),
        "load after": round(os.getloadavg()[0], 1),
        "answers": found,
        f"{AT_ONCE} at once": at_once,
        "gates": [gate("processor seconds for a copy from a network", usual, GOAL_SECONDS, most=True)],
    }


def print_table(found: Result) -> None:
    """The gates, then a line for each file."""
    print_gates(found.pop("gates"))
    for name, row in found.pop("answers").items():
        times = ((kind, row[kind]["median"], row[kind]["99th percentile"]) for kind in ("processor", "wall"))
        numbers = "  ".join(f"{kind} {median:.2f} / {most:.2f} s" for kind, median, most in times)
        print(f"{name:<24}{row['verdict']:<12}{numbers}")
    for name, value in found.items():
        print(f"{name:<24}{value}")


if __name__ == "__main__":
    run(measure, print_table, __doc__)
