"""One leads, others wait: what happens when the leader's session is ended, and when a transaction stands still."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connections
from imprimatur import celery
from imprimatur.embedded.database import Addresses
from imprimatur.generations.leadership import Leadership, Session

KEY = 0x74657374


class Counting(Leadership):
    """Leads until it may not any more, and counts how often."""

    lock_key = KEY
    channel = "imprimatur_test"
    duty = "counts"
    silent_seconds = 60.0
    pulse_seconds = 0.1

    def __init__(self) -> None:
        super().__init__("counting")
        self.times = 0

    def lead(self, session: Session) -> None:
        self.times += 1
        while not self.is_stopping:
            for _ in session.notifies(timeout=0.05, stop_after=1):
                pass


class Silent(Counting):
    """Never says that it lives."""

    silent_seconds = 1.0
    pulse_seconds = 3600.0


@pytest.fixture
def candidates(transactional_db: None) -> Iterator[list[Counting]]:
    """Whoever a test puts here is gone afterwards."""
    candidates: list[Counting] = []
    yield candidates
    for candidate in candidates:
        candidate.stop()
        candidate.join(30)
        assert not candidate.is_alive()


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def end_the_holder(addresses: Addresses) -> bool:
    """As Postgres ends a session that was silent for too long."""
    with psycopg.connect(addresses.superuser, autocommit=True) as superuser:
        question = (
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
        )
        return superuser.execute(question, [KEY]).fetchall() == [(True,)]


def test_whoever_lost_the_lock_stops_and_stands_in_line_again(candidates: list[Counting], addresses: Addresses) -> None:
    first, second = Counting(), Counting()
    candidates += [first, second]
    first.start()
    until(first.is_leading.is_set)
    second.start()
    until(lambda: end_the_holder(addresses))
    until(second.is_leading.is_set)
    until(lambda: not first.is_leading.is_set() and first.is_alive())
    second.stop()
    until(lambda: first.times == 2)


def test_whoever_says_nothing_loses_the_lock_and_whoever_says_that_it_lives_keeps_it(
    candidates: list[Counting],
) -> None:
    silent, living, late = Silent(), Counting(), Counting()
    candidates += [silent, living, late]
    silent.start()
    until(silent.is_leading.is_set)
    living.start()
    until(living.is_leading.is_set)
    late.start()
    time.sleep(3 * Silent.silent_seconds)
    assert (living.times, late.times) == (1, 0)


def test_a_transaction_of_a_control_process_that_stands_still_is_undone(
    transactional_db: None, addresses: Addresses
) -> None:
    options = connections.databases["default"]["OPTIONS"]
    before = dict(options)
    try:
        celery.bound_transactions()
        found: list[str] = []

        def ask() -> None:
            with connections["default"].cursor() as cursor:
                cursor.execute("SHOW idle_in_transaction_session_timeout")
                found.extend(cursor.fetchone())
            connections.close_all()

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(60)
        assert found == ["1min"]
    finally:
        options.clear()
        options.update(before)
