"""Whose signatures the world trusts: the public C2PA trust list, as a dated file beside this module.

It is empty as shipped: the list changes often, and only its publisher can vouch for it. `install` puts in one that an
operator has fetched (docs/reference/c2pa.md says from where). Our own pictures never depend on it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from governance.anchors import Anchors
from governance.errors import InvalidKey
from governance.keyfiles import write_public
from governance.signing import pem_of, read_chain

SHIPPED: Final = Path(__file__).parent / "data" / "c2pa-trust-list.json"
FOLDER_VARIABLE: Final = "IMPRIMATUR_TRUST_LIST"
NAME: Final = "c2pa-trust-list.json"
OLD_AFTER: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class TrustList:
    """pem: the roots and issuers, and below them those of time authorities, as text of `governance.anchors.Anchors`; ""
    for none. as_of: when the list was taken from its publisher. source: where.
    """

    pem: str
    as_of: date
    source: str

    @property
    def count(self) -> int:
        """How many certificates it holds."""
        return Anchors.of(self.pem).signers.count("BEGIN CERTIFICATE")

    @property
    def time_count(self) -> int:
        """How many certificates of time authorities."""
        return Anchors.of(self.pem).time.count("BEGIN CERTIFICATE")

    def is_old(self, today: date) -> bool:
        """Whom its publisher has added or taken off since is not known."""
        return bool(self.pem) and today - self.as_of > OLD_AFTER


def place_of(home: Path) -> Path:
    """Where a list is installed: IMPRIMATUR_TRUST_LIST, or in HOME."""
    return Path(os.environ.get(FOLDER_VARIABLE) or home / NAME)


def public_list(home: Path) -> TrustList:
    """The installed list, or the shipped one where none is. Raises InvalidKey for what is no such list."""
    installed = place_of(home)
    place = installed if installed.exists() else SHIPPED
    try:
        said = json.loads(place.read_text())
        return TrustList(pem=said["pem"], as_of=date.fromisoformat(said["as_of"]), source=said["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidKey(f"{place} is no trust list ({error}): install one from its publisher's PEM file") from error


def install(pem: str, as_of: date, source: str, path: Path, *, time_pem: str = "") -> TrustList:
    """Write a list that was fetched from its publisher to `path`: certificates alone, each once, without the remarks
    between them. time_pem: its list of time authorities.

    Raises InvalidKey for what is no PEM text.
    """
    believed = Anchors(_each_once(pem), _each_once(time_pem) if time_pem else "")
    found = TrustList(pem=believed.text, as_of=as_of, source=source)
    write_public(path, json.dumps({"as_of": as_of.isoformat(), "source": source, "pem": found.pem}, indent=1).encode())
    return found


def _each_once(pem: str) -> str:
    return pem_of(dict.fromkeys(read_chain(pem)))
