"""A throwaway Postgres for the session: migrations run as the owner, tests as the app's role, as in production."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from imprimatur.embedded.database import Addresses, create_database
from imprimatur.embedded.postgres import Postgres, free_port
from imprimatur.environment import database

from tests.factories import World, build_world

PASSWORD = "correct-horse-battery"
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
EMPTYING_SECONDS = 120.0  # how long whoever still reads may take to finish

# The same examples in every run, however slow the machine; `--hypothesis-profile=default` looks for new ones.
hypothesis.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("steady")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server in a temporary folder. Durability is off: it dies with the tests."""
    folder = Path(tempfile.mkdtemp(prefix="imprimatur-postgres-"))
    fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")
    server = Postgres(folder, free_port(), "superuser-for-tests", options=fast, log=folder / "postgres.log")
    server.set_up()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def addresses(postgres: Postgres) -> Addresses:
    """Connection URLs of the three roles."""
    return create_database(postgres, "imprimatur", "owner-for-tests", "app-for-tests")


@pytest.fixture(scope="session")
def django_db_setup(addresses: Addresses, django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's: it would create the database as the role that runs the tests."""
    _point("default", addresses.owner)
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False)
    connections["default"].close()
    _point("default", addresses.app)
    os.environ["IMPRIMATUR_DATABASE_URL"] = addresses.app  # for processes that tests start
    TransactionTestCase._fixture_teardown = _empty(addresses.superuser)  # type: ignore[method-assign]
    yield
    connections.close_all()


def _point(alias: str, url: str) -> None:
    settings = database(url)
    connections.databases[alias].update(settings)
    connections[alias].settings_dict.update(settings)


def _empty(superuser: str) -> Any:
    """The superuser removes what a test committed: the app may not truncate, and the audit trail refuses."""

    def teardown(_: TransactionTestCase) -> None:
        end = time.monotonic() + EMPTYING_SECONDS
        while True:
            try:
                _truncate(superuser)
                return
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as held:
                if time.monotonic() > end:
                    held.add_note(_at_work(superuser))
                    raise

    return teardown


def _truncate(superuser: str) -> None:
    """Lets go at once of what it has where somebody still reads (a page that a browser left, the last query of a
    process that was killed), before anybody's patience for deadlocks is over."""
    with psycopg.connect(superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '300ms'")
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = ", ".join(f'"{name}"' for (name,) in found if name not in KEPT)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _at_work(superuser: str) -> str:
    """Who holds the tables, for a test that leaves somebody behind."""
    with psycopg.connect(superuser) as connection:
        question = (
            "SELECT pid, application_name, state, query FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
        return "\n".join(map(str, connection.execute(question).fetchall()))


@pytest.fixture
def world(db: None) -> World:
    """Two companies with their people, made by the real services. Rolled back after the test."""
    return build_world(PASSWORD)


@pytest.fixture
def committed_world(transactional_db: None) -> World:
    """The same, committed, so that other connections and processes see it. Emptied after the test."""
    return build_world(PASSWORD)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`./run test --strict` passes --no-skips."""
    parser.addoption("--no-skips", action="store_true", help="fail when a test is skipped")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need a GPU are not asked for where there is none."""
    if Path("/dev/nvidiactl").exists():
        return
    left_out = [item for item in items if item.get_closest_marker("gpu")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With --no-skips a skipped test makes the run red."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if session.config.getoption("--no-skips") and skipped and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
