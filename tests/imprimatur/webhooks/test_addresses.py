"""A company names an address, our own network must not answer to it: whatever it is called, however it is written."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from imprimatur.webhooks.addresses import PRIVATE, Refused, is_public, places_of, target_of

INSIDE = [
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    "0.0.0.0",  # noqa: S104 - refused here
    *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "::127.0.0.1"),
]
OUTSIDE = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def answers(monkeypatch: pytest.MonkeyPatch, *places: str) -> list[str]:
    """What every name stands for; who asked for which is in the list."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        families = [socket.AF_INET6 if ":" in place else socket.AF_INET for place in places]
        return [
            (family, socket.SOCK_STREAM, 6, "", (place, port)) for family, place in zip(families, places, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("place", INSIDE)
def test_what_lies_in_our_own_or_no_network_is_not_public(place: str) -> None:
    assert not is_public(place)


@pytest.mark.parametrize("place", OUTSIDE)
def test_what_lies_in_the_internet_is(place: str) -> None:
    assert is_public(place)


@pytest.mark.parametrize("place", INSIDE)
def test_a_name_that_stands_for_it_is_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, place)
    with pytest.raises(Refused, match="private network"):
        places_of(target_of("https://hooks.example.com/"))


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(Refused):
        places_of(target_of("https://hooks.example.com/"))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com:70/",
        "https://user:secret@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/#part",
        "https:///path",
        "https://",
        "hooks.example.com",
        "",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX-Evil: 1",
        "https://hooks.example.com/\x00",
        "https://" + "a" * 70 + ".example.com/",
        "https://[::1/",
    ],
)
def test_an_address_that_is_none_or_unfit_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url)


def test_an_address_is_taken_apart() -> None:
    target = target_of("https://Hooks.Example.COM.:8443/a/b?c=d")
    assert (target.host, target.port, target.path) == ("hooks.example.com", 8443, "/a/b?c=d")
    assert target_of("https://hooks.example.com").path == "/"


def test_whoever_runs_the_server_may_vouch_for_a_host_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRIVATE, "crm.internal, localhost")
    answers(monkeypatch, "10.0.0.1")
    assert [place for _, place in places_of(target_of("http://crm.internal/hook"))] == ["10.0.0.1"]
    with pytest.raises(Refused):
        target_of("http://other.internal/hook")
    with pytest.raises(Refused):
        places_of(target_of("https://other.internal/hook"))
