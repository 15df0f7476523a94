"""Whose signatures the world trusts: the public C2PA trust list, as a dated file beside this module.

It is empty as shipped: the list changes often, and only its publisher can vouch for it. `install` puts in one that an
operator has fetched (docs/reference/c2pa.md says from where). Our own pictures never depend on it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from governance.errors import InvalidKey
from governance.keyfiles import write_public
from governance.signing import read_chain

SHIPPED: Final = Path(__file__).parent / "data" / "c2pa-trust-list.json"
FOLDER_VARIABLE: Final = "IMPRIMATUR_TRUST_LIST"


@dataclass(frozen=True, kw_only=True)
class TrustList:
    """pem: the roots and issuers, "" for none. as_of: when the list was taken from its publisher. source: where."""

    pem: str
    as_of: date
    source: str

    @property
    def count(self) -> int:
        """How many certificates it holds."""
        return self.pem.count("BEGIN CERTIFICATE")


def public_list(path: Path | None = None) -> TrustList:
    """The list of the file, or of IMPRIMATUR_TRUST_LIST, or the shipped one. Raises InvalidKey for another file."""
    place = path or Path(os.environ.get(FOLDER_VARIABLE) or SHIPPED)
    try:
        said = json.loads(place.read_text())
        return TrustList(pem=said["pem"], as_of=date.fromisoformat(said["as_of"]), source=said["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidKey(f"{place} is no trust list ({error}): install one from its publisher's PEM file") from error


def install(pem: str, as_of: date, source: str, path: Path) -> TrustList:
    """Write a list that was fetched from its publisher to `path`. Raises InvalidKey for what is no PEM text."""
    found = TrustList(pem=pem, as_of=as_of, source=source)
    read_chain(pem)
    write_public(path, json.dumps({"as_of": as_of.isoformat(), "source": source, "pem": pem}, indent=1).encode())
    return found
