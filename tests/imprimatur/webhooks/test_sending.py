"""One message to one address: not where it is sent on to, not where its name points the second time, not for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from imprimatur.webhooks import addresses, sending
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.models import Trouble
from imprimatur.webhooks.sending import NotTaken, post

from tests.imprimatur.webhooks.receiver import Receiver, receiver
from tests.imprimatur.webhooks.test_addresses import answers


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(PRIVATE, "localhost")
    with receiver() as place:
        yield place


def test_it_arrives_as_it_was_sent(place: Receiver) -> None:
    post(place.url, b'{"a": 1}', {"webhook-id": "evt_1", "Content-Type": "application/json"})
    ((headers, body),) = place.got
    assert (body, headers["webhook-id"], headers["host"]) == (b'{"a": 1}', "evt_1", f"localhost:{place.port}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(place: Receiver, status: int) -> None:
    place.answers, place.location = [status], place.url
    with pytest.raises(NotTaken, match="redirects are not followed"):
        post(place.url, b"{}", {})
    assert len(place.got) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_whatever_is_not_2xx_was_not_taken(place: Receiver, status: int) -> None:
    place.answers = [status]
    with pytest.raises(NotTaken, match=str(status)) as refused:
        post(place.url, b"{}", {})
    assert (refused.value.status, refused.value.trouble == Trouble.GONE) == (status, status == 410)


def test_without_the_operators_word_the_loopback_is_not_spoken_to(
    place: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PRIVATE)
    for url in (f"https://localhost:{place.port}/", f"https://127.0.0.1:{place.port}/", f"https://[::1]:{place.port}/"):
        with pytest.raises(NotTaken, match="private network"):
            post(url, b"{}", {})
    assert place.got == []


def test_a_name_is_looked_up_once_and_that_is_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer would be our own network, and there is no second question."""
    asked = answers(monkeypatch, "93.184.216.34")
    went: list[object] = []

    class Silent(socket.socket):
        def connect(self, address: object) -> None:
            went.append(address)
            raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(sending.socket, "socket", Silent)
    with pytest.raises(NotTaken, match="ConnectionRefusedError"):
        post("https://rebinding.example.com/", b"{}", {})
    assert asked == ["rebinding.example.com"]
    assert went == [("93.184.216.34", 443)]


def test_a_certificate_must_be_that_of_the_name(place: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks no TLS, or that of another, gets no message."""
    with pytest.raises(NotTaken, match="SSL"):
        post(f"https://localhost:{place.port}/", b"{}", {})
    assert place.got == []


def test_whoever_speaks_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps every single wait short; all of them together have an end."""
    monkeypatch.setenv(PRIVATE, "localhost")
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip() -> None:
        near, _ = listener.accept()
        with near:
            near.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                try:
                    near.sendall(b"X-Slow: 1\r\n")
                except OSError:
                    return

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    try:
        with pytest.raises(NotTaken):
            post(f"http://localhost:{listener.getsockname()[1]}/", b"{}", {}, patience=1.0)
        assert time.monotonic() - began < 60
    finally:
        over.set()
        listener.close()


def test_nobody_there_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRIVATE, "localhost")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotTaken):
        post(f"http://localhost:{port}/", b"{}", {})


def test_an_unknown_name_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", unknown)
    with pytest.raises(NotTaken, match="unknown"):
        post("https://nobody.example.com/", b"{}", {})
