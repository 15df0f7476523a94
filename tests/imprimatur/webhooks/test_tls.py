"""A delivery to a real TLS server: only to whom the certificate names, while it holds, never further, never for long.

The server is on the loopback, which no company may name: as whoever runs a server would, the tests vouch for the host
in IMPRIMATUR_WEBHOOK_PRIVATE, and let OpenSSL trust the tests' authority by SSL_CERT_FILE. Nothing in the product is
switched off for it.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from imprimatur.webhooks import addresses
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.models import Trouble
from imprimatur.webhooks.sending import ANSWER_BYTES, NotTaken, post

from tests.imprimatur.webhooks.test_addresses import answers
from tests.imprimatur.webhooks.tls import DAY, Authority, authority, serving

HOST = "hooks.example.com"


class Takes(BaseHTTPRequestHandler):
    """Answers 200 and remembers."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer()

    def answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def takes(**more: Any) -> type[Takes]:
    """A handler with a memory of its own."""
    return type("Handler", (Takes,), {"got": [], **more})


@pytest.fixture
def signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that this process trusts; the host is on the loopback and vouched for."""
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.pem))
    monkeypatch.setenv(PRIVATE, HOST)
    answers(monkeypatch, "127.0.0.1")
    yield made


def refused(port: int, trouble: Trouble, host: str = HOST, patience: float = 15.0) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        post(f"https://{host}:{port}/hook", b"{}", {}, patience)
    assert caught.value.trouble == trouble, caught.value
    return caught.value


def test_whoever_the_certificate_names_gets_it(signing: Authority) -> None:
    handler = takes()
    with serving(signing.certificate_for(HOST), handler) as port:
        assert post(f"https://{HOST}:{port}/hook", b'{"a": 1}', {}) == 200
    assert handler.got == [("/hook", b'{"a": 1}')]


def test_an_authority_that_nobody_trusts_vouches_for_nobody(
    signing: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority(tmp_path / "other").pem))
    handler = takes()
    with serving(signing.certificate_for(HOST), handler) as port:
        refused(port, Trouble.CERTIFICATE)
    assert handler.got == []


def test_a_certificate_of_another_name_gets_nothing(signing: Authority) -> None:
    handler = takes()
    with serving(signing.certificate_for("other.example.com"), handler) as port:
        refused(port, Trouble.CERTIFICATE)
    assert handler.got == []


def test_a_certificate_that_has_ended_gets_nothing(signing: Authority) -> None:
    handler = takes()
    with serving(signing.certificate_for(HOST, ends=-DAY), handler) as port:
        assert "expired" in str(refused(port, Trouble.CERTIFICATE))
    assert handler.got == []


def test_an_old_protocol_is_not_spoken(signing: Authority) -> None:
    """A server that speaks nothing newer than TLS 1.1 could be read along with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(signing.certificate_for(HOST))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake() -> None:
            near, _address = listener.accept()
            with near, pytest.raises(OSError):
                context.wrap_socket(near, server_side=True)

        visitor = threading.Thread(target=shake, daemon=True)
        visitor.start()
        refused(listener.getsockname()[1], Trouble.TLS)
        visitor.join(60)


def test_it_is_not_sent_on(signing: Authority) -> None:
    def elsewhere(handler: Takes) -> None:
        handler.send_response(307)
        handler.send_header("Location", f"https://{HOST}:{handler.server.server_address[1]}/further")  # type: ignore[attr-defined]
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    handler = takes(answer=elsewhere)
    with serving(signing.certificate_for(HOST), handler) as port:
        assert refused(port, Trouble.REDIRECT).status == 307
    assert [path for path, _body in handler.got] == ["/hook"]


def test_of_a_huge_answer_only_the_beginning_is_read(signing: Authority) -> None:
    read: list[int] = []

    def flood(handler: Takes) -> None:
        handler.send_response(200)
        handler.end_headers()
        with pytest.raises(OSError):  # it hangs up on us
            for _ in range(100_000):
                read.append(handler.wfile.write(b"x" * ANSWER_BYTES))

    handler = takes(answer=flood)
    with serving(signing.certificate_for(HOST), handler) as port:
        assert post(f"https://{HOST}:{port}/hook", b"{}", {}) == 200
    assert sum(read) < 50_000 * ANSWER_BYTES


def test_an_answer_without_end_is_not_waited_for(signing: Authority) -> None:
    over = threading.Event()

    def drip(handler: Takes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            try:
                handler.wfile.write(b"X-Slow: 1\r\n")
            except OSError:
                return

    handler = takes(answer=drip)
    try:
        with serving(signing.certificate_for(HOST), handler) as port:
            refused(port, Trouble.SLOW, patience=1.0)
            over.set()
    finally:
        over.set()


def test_whoever_never_shakes_hands_is_not_waited_for(signing: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused(silent.getsockname()[1], Trouble.SLOW, patience=0.5)


def test_whoever_speaks_no_tls_gets_nothing(signing: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            near, _address = listener.accept()
            with near:
                near.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=speak, daemon=True).start()
        refused(listener.getsockname()[1], Trouble.TLS)


def test_a_host_that_nobody_vouched_for_is_not_even_asked(signing: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRIVATE)
    handler = takes()
    with serving(signing.certificate_for(HOST), handler) as port:
        refused(port, Trouble.REFUSED)
    assert handler.got == []


def test_the_name_that_is_checked_is_the_one_that_was_looked_up_once(
    signing: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer of the name server would be another machine: nobody asks for it."""
    asked: list[str] = []
    look_up = addresses.socket.getaddrinfo

    def once(host: str, port: int, **more: Any) -> Any:
        asked.append(host)
        assert len(asked) == 1
        return look_up(host, port, **more)

    monkeypatch.setattr(addresses.socket, "getaddrinfo", once)
    handler = takes()
    with serving(signing.certificate_for(HOST), handler) as port:
        assert post(f"https://{HOST}:{port}/hook", b"{}", {}) == 200
    assert asked == [HOST]
