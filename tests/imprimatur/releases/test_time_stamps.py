"""A release gets its time stamp when the authority can give one; until then it is served without."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.releases import services, time_stamps
from imprimatur.releases.models import Release
from imprimatur.releases.time_stamps import stamp_waiting
from imprimatur.releases.verification import Verdict, verify
from imprimatur.review import services as reviewing
from imprimatur.tenants.scope import tenant_scope

from governance.errors import SigningFailed
from governance.provenance import read
from tests.factories import World
from tests.governance.test_time_stamp import TimeAuthority
from tests.imprimatur.drawn import USE, drawn

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    running = TimeAuthority(tmp_path_factory.mktemp("tsa"))
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def believed(authority: TimeAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator put the authority's root where the roots of time authorities belong."""
    monkeypatch.setenv(keys.TIME_ANCHORS, str(authority.folder / "root.pem"))


@pytest.fixture
def release(world: World) -> Release:
    with tenant_scope(world.aozora.id):
        (output,) = drawn(world)
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        return services.release(world.actor(world.alice), output, USE)


def now(world: World, release: Release) -> Release:
    with tenant_scope(world.aozora.id):
        return Release.objects.get(pk=release.pk)


def file_of(row: Release) -> bytes:
    return objects.get(row.object_key, row.sha256)


def test_a_release_is_stamped_afterwards_and_both_files_are_genuine(
    world: World, release: Release, authority: TimeAuthority, believed: None
) -> None:
    first = file_of(release)
    assert stamp_waiting(authority.url)
    row = now(world, release)
    report = read(file_of(row), row.mime, keys.trust_anchors())
    assert report.is_sound
    assert report.stamped_at
    assert report.oversight == "human_validated"
    assert row.time_stamped_at is not None
    assert [verify(data).verdict for data in (first, file_of(row))] == [Verdict.GENUINE] * 2
    assert verify(file_of(row)).facts["time_stamped_at"] == report.stamped_at
    assert stamp_waiting(authority.url)
    assert now(world, release).sha256 == row.sha256  # once is enough


def test_an_authority_that_nobody_vouches_for_stamps_nothing(
    world: World, release: Release, authority: TimeAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    assert not stamp_waiting(authority.url)
    assert keys.TIME_ANCHORS in caplog.text
    row = now(world, release)
    assert (row.sha256, row.time_stamped_at) == (release.sha256, None)


def test_a_dead_authority_costs_nothing_but_the_stamp(world: World, release: Release) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert not stamp_waiting(dead)
    row = now(world, release)
    assert (row.sha256, row.time_stamped_at) == (release.sha256, None)
    assert verify(file_of(row)).verdict == Verdict.GENUINE


def test_a_slow_authority_is_not_waited_for(world: World, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_stamps, "_patiently", partial(time_stamps._patiently, patience=0.5))
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: held.append(server.accept()[0]), daemon=True).start()
        started = time.monotonic()
        assert not stamp_waiting(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - started < 20
    for connection in held:
        connection.close()
    assert now(world, release).time_stamped_at is None


def test_a_withdrawn_release_is_left_alone(world: World, release: Release, authority: TimeAuthority) -> None:
    with tenant_scope(world.aozora.id):
        services.withdraw(world.actor(world.alice), release, "The campaign is over")
    assert stamp_waiting(authority.url)
    assert now(world, release).time_stamped_at is None


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize("moment", ["2021-01-01T00:00:00Z", "2199-01-01T00:00:00Z"])
def test_an_authority_that_lies_about_the_time_is_not_believed(
    world: World, release: Release, authority: TimeAuthority, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The stamp is genuine; it is our clock that says another time."""
    with pytest.MonkeyPatch.context() as elsewhen:
        elsewhen.setattr(time_stamps.timezone, "now", lambda: datetime.fromisoformat(moment))
        assert not stamp_waiting(authority.url)
    assert "the time authority says that it is" in caplog.text
    assert now(world, release).time_stamped_at is None


def test_a_file_without_a_stamp_is_not_called_stamped() -> None:
    with pytest.raises(SigningFailed, match="without a time stamp"):
        time_stamps._moment("")


class Endless(http.server.BaseHTTPRequestHandler):
    """Never ends, and counts what was taken."""

    taken = 0

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while Endless.taken < 2**28:
                Endless.taken += self.wfile.write(b"0" * 2**16)

    def log_message(self, *args: object) -> None:
        pass


class Elsewhere(Endless):
    """Sends whoever asks on to an address inside the house."""

    def do_POST(self) -> None:
        self.send_response(307)
        self.send_header("Location", "http://localhost:9/inside")
        self.end_headers()


@pytest.mark.parametrize(("kind", "said"), [(Endless, "more than 65536 bytes"), (Elsewhere, "307")])
def test_an_answer_that_never_ends_or_leads_elsewhere_is_left(
    world: World, release: Release, kind: type[Endless], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert not stamp_waiting(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    assert Endless.taken < 2**25  # what lies in the sockets' buffers
    assert said in caplog.text
    assert now(world, release).time_stamped_at is None


def test_without_an_authority_nobody_is_asked(world: World, release: Release) -> None:
    assert stamp_waiting()
    assert now(world, release).time_stamped_at is None


def test_the_error_says_what_is_missing(world: World, release: Release) -> None:
    with pytest.raises(SigningFailed):
        time_stamps.stamp(world.aozora.id, release.pk, "http://127.0.0.1:9/")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"time_stamped_at": timezone.now()},
        {"time_stamped_at": timezone.now(), "sha256": "0" * 64, "first_sha256": "1" * 64},
        {"object_key": "elsewhere", "withdrawn_at": timezone.now()},
    ],
)
def test_the_database_takes_no_other_change(world: World, release: Release, change: dict[str, Any]) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**change)
