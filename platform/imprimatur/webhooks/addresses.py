"""May we speak to this address? A company names it, our own network answers to it: so it must be somebody else's.

A name is looked up once, every address it has is looked at, and the connection goes to one of exactly those: a name
that answers otherwise the second time (DNS rebinding) gains nothing. Redirects are not followed, proxies not asked.

IMPRIMATUR_WEBHOOK_PRIVATE lists host names, comma separated, that may be in our own network, and may speak plain HTTP:
for whoever runs the server to decide, not for a company.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from imprimatur.environment import names

PRIVATE: Final = "IMPRIMATUR_WEBHOOK_PRIVATE"
PORTS: Final = {"https": 443, "http": 80}
LEAST_PORT: Final = 1024  # but for the schemes' own
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """We do not speak to this address; the message says why, in the active language."""


@dataclass(frozen=True)
class Target:
    """An address taken apart. host: as it is looked up and as certificates name it; path: with its query."""

    scheme: str
    host: str
    port: int
    path: str
    is_private: bool


def target_of(url: str) -> Target:
    """Raises Refused for what is no address of a server, and for plain HTTP to hosts that nobody vouched for."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower() if parts.hostname else ""
    except (UnicodeError, ValueError) as error:
        raise Refused(_("This is no address of a server.")) from error
    is_private = host in {name.lower() for name in names(PRIVATE)}
    if not host or parts.scheme not in PORTS or parts.username is not None or parts.fragment or not url.isascii():
        raise Refused(_("Give an address like https://hooks.example.com/imprimatur, without name and password."))
    if any(character <= " " or character == "\x7f" for character in url):
        raise Refused(_("An address has no spaces and no control characters."))
    if parts.scheme == "http" and not is_private:
        raise Refused(_("Give an address with https://, so that nobody on the way reads along."))
    if port != PORTS[parts.scheme] and port < LEAST_PORT:
        raise Refused(
            _("Use port %(port)s, or one from 1024 on: lower ones belong to other services.")
            % {"port": PORTS[parts.scheme]}
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, is_private)


def places_of(target: Target) -> list[tuple[int, str]]:
    """Family and numeric address of everything the host's name stands for now.

    Raises Refused where one of them is in no public network, OSError where the name is unknown.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    places = list(dict.fromkeys((int(family), str(at[0])) for family, _type, _protocol, _name, at in found))
    if not places:
        raise OSError(f"{target.host} has no address")
    for _family, place in places:
        if not target.is_private and not is_public(place):
            raise Refused(_("%(host)s is in a private network.") % {"host": target.host})
    return places


def is_public(place: str) -> bool:
    """Whether a numeric address is somebody's in the internet, also behind every way of writing IPv4 within IPv6."""
    address: Address = ipaddress.ip_address(place.partition("%")[0])
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified) for one in _meant(address)
    )


def _meant(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    hidden: list[Address] = [four for four in (address.sixtofour, *(address.teredo or ())) if four is not None]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address, *hidden]
