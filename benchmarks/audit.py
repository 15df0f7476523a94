"""What does the chain cost? `./run bench audit [--json]`.

Rows into the real audit table (trigger, chain, row-level security, indexes) beside rows into a bare table of the same
columns, from 1 and from 8 connections, each row a transaction of its own; the same server, the same run. One tenant is
the worst case: its writers wait for each other, because each row holds the hash of the row before it.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from benchmarks._processor import spending
from benchmarks._report import Result, run

SECONDS = 4.0
ROUNDS = 3
COLUMNS = "(tenant_id, seq, occurred_at, actor, event, subject, payload, prev_hash, hash)"
VALUES = "(%s, 0, now(), 'user:1', 'generation.ready', 'gen_1', '{\"subject\":\"gen_1\"}', '', '')"
BARE = """
CREATE TABLE bare_event (id bigserial PRIMARY KEY, tenant_id uuid, seq bigint, occurred_at timestamptz,
    actor varchar(120), event varchar(80), subject varchar(80), payload text, prev_hash varchar(64), hash varchar(64));
CREATE INDEX ON bare_event (tenant_id, subject);
GRANT INSERT ON bare_event TO imprimatur_app;
GRANT USAGE ON SEQUENCE bare_event_id_seq TO imprimatur_app;
"""


@dataclass(frozen=True)
class Load:
    """Who writes: connections, and how many tenants they are spread over."""

    connections: int
    tenants: int


LOADS = (Load(1, 1), Load(8, 1), Load(8, 8))


@contextmanager
def _database() -> Iterator[tuple[str, str, int]]:
    """Addresses of app and owner on a throwaway server with durable commits, migrated; and the server's process."""
    from imprimatur.embedded.database import create_database
    from imprimatur.embedded.home import Home
    from imprimatur.embedded.postgres import Postgres, free_port
    from imprimatur.embedded.stack import manage

    folder = Path(tempfile.mkdtemp(prefix="imprimatur-bench-"))
    folder.chmod(0o755)
    server = Postgres(folder / "postgres", free_port(), "bench", log=folder / "postgres.log")
    server.set_up()
    server.start()
    try:
        addresses = create_database(server, "imprimatur", "owner", "app")
        done = manage(Home(folder / "home"), addresses.owner, "migrate", "--no-input")
        assert done.returncode == 0, done.stderr
        assert server.process is not None
        yield addresses.app, addresses.owner, server.process.pid
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _write(url: str, table: str, tenant: uuid.UUID, until: float, counts: list[int]) -> None:
    count = 0
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SELECT set_config('app.tenant', %s, false)", [str(tenant)])
        statement = f"INSERT INTO {table} {COLUMNS} VALUES {VALUES}"  # noqa: S608 - our own names
        while time.monotonic() < until:
            session.execute(statement, [tenant])
            count += 1
    counts.append(count)


def _written(url: str, server: int, table: str, load: Load) -> tuple[float, float]:
    """Rows a second, and the server's processor milliseconds for each row."""
    tenants = [uuid.uuid4() for _ in range(load.tenants)]
    counts: list[int] = []
    with spending(server) as spent:
        until = time.monotonic() + SECONDS
        writers = [
            threading.Thread(target=_write, args=(url, table, tenants[n % load.tenants], until, counts))
            for n in range(load.connections)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    return sum(counts) / SECONDS, 1000 * spent.server / sum(counts)


def _in_turns(url: str, server: int, load: Load) -> Result:
    """Medians of rounds that take turns, so that the machine's other guests disturb both alike."""
    rounds = [
        [_written(url, server, table, load) for table in ("bare_event", "audit_auditevent")] for _ in range(ROUNDS)
    ]
    (bare, bare_work), (chained, work) = (
        [median(figure) for figure in zip(*way, strict=True)] for way in zip(*rounds, strict=True)
    )
    return {
        "connections": load.connections,
        "tenants": load.tenants,
        "bare rows/s": round(bare),
        "chained rows/s": round(chained),
        "ratio": round(median(c[0] / b[0] for b, c in rounds), 3),
        "bare ms": round(bare_work, 3),
        "chained ms": round(work, 3),
        "ratio of work": round(median(c[1] / b[1] for b, c in rounds), 3),
    }


def measure() -> Result:
    """Rows a second, chained and bare, the processor time of a row, and their ratios, for each load."""
    with _database() as (app, owner, server):
        with psycopg.connect(owner) as session:
            session.execute(BARE.encode())
        results = [_in_turns(app, server, load) for load in LOADS]
    return {"benchmark": "audit", "seconds each": SECONDS, "rounds": ROUNDS, "loads": results}


def print_table(result: Result) -> None:
    """A row a load."""
    names = list(result["loads"][0])
    print("".join(f"{name:>16}" for name in names))
    for row in result["loads"]:
        print("".join(f"{row[name]:>16}" for name in names))


if __name__ == "__main__":
    run(measure, print_table, __doc__)
