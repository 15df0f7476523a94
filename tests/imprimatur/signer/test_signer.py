"""The signer: a signature for the picture a permit allows, while its attempt runs; for nothing else."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import psycopg.sql
import pytest
from django.conf import settings
from django.utils import timezone
from imprimatur import keys
from imprimatur.audit.models import AuditEvent
from imprimatur.embedded.database import Addresses
from imprimatur.generations import gate, life
from imprimatur.generations.models import Generation, GenerationState
from imprimatur.generations.orders import begin_attempt
from imprimatur.signer import desk
from imprimatur.signer.application import Application
from imprimatur.tenants.scope import tenant_scope

from governance.errors import SigningFailed
from governance.key_book import key_id
from governance.permit import read_permit, sign_permit
from governance.provenance import OutputFacts, read, sign_output
from governance.signing import Signer
from governance.signing_calls import SignerRefused
from gpu_worker import remote_signer
from gpu_worker.messages import RenderOrder
from gpu_worker.remote_signer import RemoteSigners
from tests.factories import World
from tests.imprimatur.drawn import picture
from tests.imprimatur.generations.asked import ask


@pytest.fixture
def row(committed_world: World) -> Generation:
    (row,) = ask(committed_world)
    return row


@pytest.fixture
def order(committed_world: World, row: Generation) -> RenderOrder:
    """Its attempt has begun."""
    with tenant_scope(committed_world.aozora.id):
        locked, now = life.locked(row.pk), timezone.now()
        assert locked is not None
        question = {"references": locked.references, "version": locked.template_version, "use": locked.use}
        answer = gate.require(None, action="generate", now=now, already=locked, **question)
        return begin_attempt(locked, answer, now)


@pytest.fixture
def url() -> Iterator[str]:
    """The signer's application behind a plain HTTP server, in this process."""
    application = Application()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, data, proof = application._answer("POST", self.path, headers, body)
            self.send_response(status)
            self.send_header("x-signer-proof", proof)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def signers(url: str) -> RemoteSigners:
    return RemoteSigners(url, keys.worker_keys().token)


def stamped(signer: Signer, name: str) -> bytes:
    return sign_output(picture(128, "teal"), "image/png", OutputFacts(generation_id=name, spec_digest="0" * 64), signer)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(SigningFailed) as failed:
        call()
    cause = failed.value.__cause__
    if isinstance(cause, SigningFailed):  # of the callback, inside that of the stamp
        cause = cause.__cause__
    assert isinstance(cause, SignerRefused)
    return cause.reason


def test_a_worker_without_a_key_stamps_for_the_company(
    committed_world: World, row: Generation, order: RenderOrder, signers: RemoteSigners
) -> None:
    signed = stamped(signers.for_order(order), row.public_id)
    report = read(signed, "image/png", keys.trust_anchors())
    assert report.is_sound
    assert report.signer.endswith("/ Aozora Tea")
    with tenant_scope(committed_world.aozora.id):
        event = AuditEvent.objects.get(event="picture.signed")
        own = key_id(keys.signer_for(committed_world.aozora.id))
    assert event.subject == row.public_id
    assert json.loads(event.payload)["key"] == own
    assert json.loads(event.payload)["permit"] == order_permit(order)


def order_permit(order: RenderOrder) -> str:
    return str(order.manifest["permit_id"])


def test_it_costs_a_few_milliseconds(row: Generation, order: RenderOrder, signers: RemoteSigners) -> None:
    """Of processor time, both sides together, beside a key at hand; the machine may be busy otherwise."""
    own = keys.signer_for(uuid.UUID(order.tenant_id))

    def cost(stamp: Callable[[], object]) -> float:
        started = time.process_time()
        stamp()
        return time.process_time() - started

    far = min(cost(lambda: stamped(signers.for_order(order), row.public_id)) for _ in range(8))
    near = min(cost(lambda: stamped(own, row.public_id)) for _ in range(8))
    sys.stderr.write(f"signed at hand {near * 1000:.1f} ms, by the signer {far * 1000:.1f} ms\n")
    assert far - near < 0.04


def test_a_claim_about_another_picture_is_not_signed(order: RenderOrder, signers: RemoteSigners) -> None:
    assert refused(lambda: stamped(signers.for_order(order), "gen_another")) == "not_this_picture"


def test_what_is_no_claim_is_not_signed(order: RenderOrder, signers: RemoteSigners) -> None:
    assert refused(lambda: signers.for_order(order).sign(b"any text")) == "not_this_picture"


def test_a_permit_signs_for_its_own_attempt_alone(order: RenderOrder, signers: RemoteSigners) -> None:
    assert refused(lambda: signers.for_order(replace(order, attempt=2))) == "permit_refused"
    assert refused(lambda: signers.for_order(replace(order, permit="imp1.x.y.z"))) == "permit_refused"


def test_an_attempt_that_is_over_signs_nothing(
    committed_world: World, row: Generation, order: RenderOrder, signers: RemoteSigners
) -> None:
    signer = signers.for_order(order)
    with tenant_scope(committed_world.aozora.id):
        Generation.objects.filter(pk=row.pk).update(state=GenerationState.CANCELED)
    assert refused(lambda: stamped(signer, row.public_id)) == "attempt_over"
    assert refused(lambda: signers.for_order(order)) == "attempt_over"


def test_a_late_permit_is_told_as_such(row: Generation, order: RenderOrder, signers: RemoteSigners) -> None:
    now = timezone.now()
    permit = replace(
        read_permit(order.permit, keys.permit_public_key()),
        issued_at=now - timedelta(hours=1),
        expires_at=now - timedelta(seconds=1),
    )
    late = replace(order, permit=sign_permit(permit, keys.permit_private_key()))
    assert refused(lambda: signers.for_order(late)) == "permit_expired"


def test_no_permit_signs_without_end(
    row: Generation, order: RenderOrder, signers: RemoteSigners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "EACH_PERMIT", 2)
    signer = signers.for_order(order)
    for _ in range(2):
        stamped(signer, row.public_id)
    assert refused(lambda: stamped(signer, row.public_id)) == "too_many"


def test_a_key_rotated_while_a_picture_is_stamped(
    committed_world: World, row: Generation, order: RenderOrder, signers: RemoteSigners
) -> None:
    before = signers.for_order(order)
    book = keys.key_book(committed_world.aozora.id)
    with tenant_scope(committed_world.aozora.id):
        new = book.rotate()
    for signer in (before, signers.for_order(order)):
        assert read(stamped(signer, row.public_id), "image/png", keys.trust_anchors()).is_sound
    assert key_id(signers.for_order(order)) == new
    (book.folder / f"{key_id(before)}.until").write_text("0")
    assert refused(lambda: stamped(before, row.public_id)) == "key_retired"


def test_without_the_token_nothing_is_told(
    order: RenderOrder, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "signer.token"
    wrong.write_text("not the token")
    with pytest.raises(SigningFailed, match="does not know this worker"):
        RemoteSigners(url, wrong).for_order(order)


def test_a_signer_that_is_none_is_not_believed(order: RenderOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Liar(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"key": "k", "algorithm": "es256", "chain": ""}')

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        signers = RemoteSigners(f"http://127.0.0.1:{server.server_port}", keys.worker_keys().token)
        with pytest.raises(SigningFailed, match="is not our signer"):
            signers.for_order(order)
    finally:
        server.shutdown()
        server.server_close()


def test_a_signer_that_is_away_is_asked_again_and_then_named(
    order: RenderOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_signer, "PAUSES", (0.01, 0.01))
    with pytest.raises(SigningFailed, match="cannot be reached"):
        RemoteSigners("unix:/nowhere/signer.sock", keys.worker_keys().token).for_order(order)


def test_no_key_is_in_a_log_an_error_or_the_database(  # noqa: PLR0917 - fixtures
    row: Generation,
    order: RenderOrder,
    signers: RemoteSigners,
    addresses: Addresses,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    stamped(signers.for_order(order), row.public_id)
    refused(lambda: stamped(signers.for_order(order), "gen_another"))
    signer = signers.for_order(order)
    monkeypatch.setattr(Signer, "is_expired", lambda self, now=None: 1 / 0)
    with pytest.raises(ZeroDivisionError) as failed:
        stamped(signer, row.public_id)
    told = caplog.text + str(failed.getrepr(showlocals=True)) + everything_in(addresses.superuser)
    assert "picture.signed" in told  # the dump is one
    for secret in secrets_on_disk():
        assert secret not in told
    assert "PRIVATE KEY" not in told


def secrets_on_disk() -> list[str]:
    """Every line of every private key, the token, the watermark's key."""
    lines = [
        line
        for path in settings.PKI_FOLDER.rglob("*.pem")
        if "PRIVATE" in path.read_text()
        for line in path.read_text().split("-----END PRIVATE KEY")[0].splitlines()[1:]
    ]
    worker = keys.worker_keys()
    return [*lines, worker.token.read_text(), worker.watermark.read_bytes().hex()]


def everything_in(superuser: str) -> str:
    """The text of every row of every table."""
    with psycopg.connect(superuser) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = (psycopg.sql.SQL("SELECT t::text FROM {} t").format(psycopg.sql.Identifier(name)) for (name,) in names)
        rows = [connection.execute(query).fetchall() for query in found]
    return str(rows)
