"""Keys, salt and files of the command line: nothing unstamped is written."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
import warnings
from pathlib import Path
from typing import Final

from governance.keyfiles import exclusive, write_private
from governance.pki import DevelopmentKeyWarning, development_anchors, development_signer
from governance.signing import PemSigner, Signer

SALT_FILE: Final = "commitment-salt"


def home() -> Path:
    """IMPRIMATUR_HOME, else `var/` beside the packages, as for the other processes of one machine."""
    named = os.environ.get("IMPRIMATUR_HOME")
    return Path(named).resolve() if named else Path(__file__).resolve().parents[2] / "var"


def signer() -> tuple[Signer, bool]:
    """The configured signer, or the development one; and whether it is the latter."""
    key, chain = os.environ.get("IMPRIMATUR_SIGNER_KEY"), os.environ.get("IMPRIMATUR_SIGNER_CHAIN")
    if key and chain:
        return PemSigner.from_files(Path(key), Path(chain)), False
    logging.getLogger("governance.pki").addHandler(logging.NullHandler())  # the command tells it in its own words
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DevelopmentKeyWarning)
        return development_signer(home() / "pki"), True


def anchors(named: Path | None = None) -> str:
    """PEM of the roots to trust: the named file, IMPRIMATUR_TRUST_ANCHORS, or this machine's development root."""
    path = named or os.environ.get("IMPRIMATUR_TRUST_ANCHORS")
    return Path(path).read_text() if path else development_anchors(home() / "pki")


def commitment_salt() -> bytes:
    """This machine's secret salt for commitments to agreements; made on first use, kept so that they can be proved."""
    folder = home() / "pki"
    path = folder / SALT_FILE
    with exclusive(folder):
        if not path.exists():
            write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


def write_whole(path: Path, data: bytes) -> None:
    """The file appears complete or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
