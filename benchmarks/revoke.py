"""How long until 10,000 pictures of one revoked record are out of sight? `./run bench revoke [--json]`.

On a real Postgres with its durability on, through the product's own code and roles: record revoked, withdrawal opened
by the database, every picture judged, quarantined and written into the audit chain, in batches that commit. Beside it,
in the same run and on the same rows: one bare UPDATE, which knows no rule, tells nobody and leaves no trail.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._processor import Spent, spending
from benchmarks._report import Result, gate, print_gates, run

PICTURES = int(os.environ.get("REVOKE_PICTURES", "10000"))
RELEASED = 200  # of them have left the house
GOAL_SECONDS = 60.0
QUERIES_EACH = 0.2  # at most, for each picture: set operations, not one query per picture
USES = [
    {"channel": channel, "territory": territory, "purpose": "advertising"}
    for channel in ("web", "print")
    for territory in ("JP", "US")
]


@contextmanager
def product() -> Iterator[tuple[str, int]]:
    """Django on a database of its own, as the app's role; yields the superuser's address and the server's process.
    Gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="imprimatur-bench-"))
    os.environ |= {"IMPRIMATUR_HOME": str(home), "DJANGO_SETTINGS_MODULE": "imprimatur.settings"}
    os.environ.pop("IMPRIMATUR_DATABASE_URL", None)
    from imprimatur.embedded.database import create_database
    from imprimatur.embedded.postgres import Postgres, free_port

    folder = Path(tempfile.mkdtemp(prefix="imprimatur-postgres-"))
    server = Postgres(folder, free_port(), "superuser-for-the-benchmark", log=folder / "postgres.log")
    server.set_up()
    server.start()
    assert server.process is not None
    try:
        addresses = create_database(server, "imprimatur", "owner-for-the-benchmark", "app-for-the-benchmark")
        _migrate(addresses.owner)
        _connect(addresses.app)
        yield addresses.superuser, server.process.pid
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _migrate(owner: str) -> None:
    os.environ["IMPRIMATUR_DATABASE_URL"] = owner
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _connect(app: str) -> None:
    from django.db import connections
    from imprimatur.environment import database

    connections["default"].close()
    connections.databases["default"].update(database(app))
    connections["default"].settings_dict.update(database(app))


def fill() -> tuple[uuid.UUID, Any]:
    """A company with a consent in force, and PICTURES drawn under it: rows as the services write them, in bulk."""
    from imprimatur.generations.models import Generation
    from imprimatur.tenants.scope import tenant_scope

    from tests.factories import build_world
    from tests.imprimatur.drawn import approved_version
    from tests.imprimatur.generations.asked import likeness

    world = build_world("correct-horse-battery")
    reference, record = likeness(world, channels=frozenset({"*"}), territories=frozenset({"*"}))
    with tenant_scope(world.aozora.id):
        version = approved_version(world)
        receipt = {"records": [{"record": record.public_id, "terms_id": record.public_id}], "own_work": False}
        spec = {
            "profile": "studio",
            "steps": 25,
            "prompt": "a bottle",
            "word": "bottle",
            "reference_digests": [reference.sha256],
        }
        rows = [
            Generation(
                tenant_id=world.aozora.id,
                batch=uuid.uuid4(),
                subject_reference=reference,
                template_version=version,
                spec=spec | {"seed": number},
                spec_digest=f"{number:064x}",
                use=USES[number % len(USES)],
                consent_receipt=receipt,
                requested_by=world.alice,
                steps=25,
            )
            for number in range(PICTURES)
        ]
        Generation.objects.bulk_create(rows, batch_size=1000)
        _draw(world, rows)
    return world.aozora.id, (world, record)


def _draw(world: Any, rows: list[Any]) -> None:
    """Every picture drawn; RELEASED of them approved by two and released. The database's guards look at each row."""
    from django.db.models import CharField, F
    from django.db.models.functions import Cast
    from imprimatur.generations.models import Generation, Output
    from imprimatur.releases.models import Release
    from imprimatur.review.models import Decision

    Generation.objects.update(state="ready", attempt=1, permit_id=Cast(F("id"), CharField()))
    shared: dict[str, Any] = {"tenant_id": world.aozora.id}
    file: dict[str, Any] = {"sha256": "0" * 64, "mime": "image/png", "manifest_state": "trusted"}
    size = {"width": 512, "height": 512}
    outputs = [
        Output(generation=row, object_key=f"out/{row.pk}", pixel_digest="1" * 64, permit_id=str(row.pk), **size, **file)
        for row in rows
    ]
    for output in outputs:
        output.tenant_id = world.aozora.id
    Output.objects.bulk_create(outputs, batch_size=1000)
    released = outputs[:RELEASED]
    for reviewer in (world.rita, world.ravi):
        Decision.objects.bulk_create(
            [Decision(output=output, reviewer=reviewer, verdict="approve", **shared) for output in released]
        )
    Release.objects.bulk_create(
        [
            Release(output=o, object_key=f"rel/{o.pk}", use=USES[0], released_by=world.alice, **shared, **file)
            for o in released
        ]
    )


def revoke(tenant_id: uuid.UUID, made: Any) -> dict[str, float]:
    """Revoke and bring it about; seconds until nothing is shown any more, and until all is done."""
    from django.db import connection
    from imprimatur.generations import orders
    from imprimatur.generations.models import Output
    from imprimatur.rights import services as rights
    from imprimatur.tenants.scope import tenant_scope
    from imprimatur.withdrawal import cascade
    from imprimatur.withdrawal.impact import impact
    from imprimatur.withdrawal.models import Withdrawal

    world, record = made
    orders.forget = lambda *_: True  # there is no broker here; telling workers is not what is timed
    actor = world.actor(world.gordon)
    with tenant_scope(tenant_id):
        start = time.perf_counter()
        reached = impact(actor, record)
        dry_run = time.perf_counter() - start
    assert reached.pictures == PICTURES, reached.pictures
    start = time.perf_counter()
    with tenant_scope(tenant_id):
        rights.revoke(actor, record, "the benchmark")
    revoked = time.perf_counter()
    gone, queries = 0.0, 0

    def count(execute: Any, *question: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*question)

    while True:
        with connection.execute_wrapper(count):
            busy = cascade.pull()
        with tenant_scope(tenant_id):
            shown = Output.objects.filter(quarantined_at__isnull=True).exists()
        if not shown and not gone:
            gone = time.perf_counter()
        if not busy:
            break
    with tenant_scope(tenant_id):
        row = Withdrawal.objects.get()
        assert (row.step, row.quarantined, row.withdrawn) == ("done", PICTURES, RELEASED), vars(row)
    return {
        "dry run": dry_run,
        "revoke": revoked - start,
        "until none is shown": gone - start,
        "until all is done": time.perf_counter() - start,
        "queries": queries,
    }


def analyze(superuser: str) -> None:
    """What autovacuum does some time after rows were written."""
    import psycopg

    with psycopg.connect(superuser, autocommit=True) as session:
        session.execute("ANALYZE")


def bare_update(superuser: str, server: int) -> Spent:
    """One UPDATE of the same rows, guards and all: the least that anybody could do."""
    import psycopg

    with psycopg.connect(superuser) as session:
        session.execute("UPDATE generations_output SET quarantined_at = NULL, quarantine_reason = ''")
        session.commit()
        with spending(server) as spent:
            session.execute("UPDATE generations_output SET quarantined_at = now(), quarantine_reason = 'bare'")
            session.commit()
    return spent


def measure() -> Result:
    """All figures, in seconds."""
    with product() as (superuser, server):
        tenant_id, made = fill()
        analyze(superuser)
        with spending(server) as spent:
            taken = revoke(tenant_id, made)
        bare = bare_update(superuser, server)
    return {
        "benchmark": "revoke",
        "pictures": PICTURES,
        "released": RELEASED,
        "seconds": {name: round(value, 3) for name, value in taken.items() if name != "queries"},
        "all of it": spent.rounded(),
        "bare update": bare.rounded(),
        "ratio to it": round(taken["until none is shown"] / bare.wall, 1),
        "ratio of processor time": round((spent.ours + spent.server) / (bare.ours + bare.server), 1),
        "queries": taken["queries"],
        "gates": [
            gate("seconds until none is shown", taken["until none is shown"], GOAL_SECONDS, most=True),
            gate("queries for each picture", taken["queries"] / PICTURES, QUERIES_EACH, most=True),
        ],
    }


def print_table(result: Result) -> None:
    """Seconds and gates."""
    print(f"{result['pictures']} pictures of one record, {result['released']} of them released")
    for name, seconds in result["seconds"].items():
        print(f"  {name:<32}{seconds:>10.3f} s")
    for name in ("all of it", "bare update"):
        told = "   ".join(f"{what} {value:.3f}" for what, value in result[name].items())
        print(f"  {name:<32}{told}")
    print(f"  {result['ratio to it']} times the bare UPDATE, {result['ratio of processor time']} in processor time")
    print()
    print_gates(result["gates"])


if __name__ == "__main__":
    run(measure, print_table, __doc__)
