"""An exported audit trail and what vouches for it, read outside the product: by whoever holds the files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from governance.canonical import parse_utc
from governance.checkpoint import read_checkpoint
from governance.errors import InvalidKey, LedgerBroken, ManifestRejected, UnreadableUpload
from governance.intake import check_complete
from governance.ledger import LedgerRow
from governance.provenance import verify_signed
from governance.trail import TrailReport, Witness, examine, of_checkpoint

TRAIL, CHECKPOINTS, KEY = "trail.jsonl", "checkpoints/", "checkpoint.pub.pem"
LONGEST_CHECKPOINT: Final = 4096


def check_package(
    file: IO[bytes], witnesses: Iterable[Witness] = (), keys: tuple[Ed25519PublicKey, ...] = ()
) -> TrailReport:
    """The trail of a package (ZIP), held to its own checkpoints and to `witnesses`.

    keys: what the checkpoints are checked with; without any, the key that came with them, which proves nothing against
    whoever made both. Raises LedgerBroken for a file that is no package, CheckpointRefused for a forged checkpoint.
    """
    try:
        with zipfile.ZipFile(file) as package:
            trusted = keys or (read_key(package.read(KEY)),)
            names = [n for n in package.namelist() if n.startswith(CHECKPOINTS)]
            own = [of_checkpoint(read_checkpoint(_short(package, name), trusted)) for name in names]
            with package.open(TRAIL) as lines:
                return examine(rows_of(lines), [*own, *witnesses])
    except (zipfile.BadZipFile, KeyError) as error:
        raise LedgerBroken(f"this file is no exported audit trail ({error})") from error


def rows_of(lines: Iterable[bytes]) -> Iterator[LedgerRow]:
    """The rows of `trail.jsonl`. Raises LedgerBroken for a line that is no row."""
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            row = LedgerRow(
                seq=int(said["seq"]),
                tenant_id=UUID(said["tenant_id"]),
                occurred_at=parse_utc(said["occurred_at"]),
                **{name: str(said[name]) for name in ("actor", "event", "payload", "prev_hash", "hash")},
            )
            subject = json.loads(row.payload).get("subject", "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerBroken(f"line {number} of the trail cannot be read ({error})") from error
        if said.get("subject") != subject or not (row.hash + row.prev_hash).isascii():
            raise LedgerBroken(f"row {row.seq}: its subject is not the one that was hashed")
        yield row


def of_picture(name: str, data: bytes, anchors: str) -> Witness:
    """What a delivered picture vouches for: the trail's last hash when it was ordered or released.

    Raises ManifestRejected for a picture that is not ours, was changed, or names no trail.
    """
    try:
        facts = verify_signed(data, check_complete(data), anchors).facts
    except UnreadableUpload as error:
        raise ManifestRejected(str(error)) from error
    if facts is None or not facts.audit_head:
        raise ManifestRejected("the picture names no place in an audit trail")
    return Witness(source=f"picture {name}", hash=facts.audit_head)


def read_key(pem: bytes) -> Ed25519PublicKey:
    """The public key in a PEM text. Raises InvalidKey."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise InvalidKey(f"the checkpoints' key is no PEM public key ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidKey("checkpoints are checked with an Ed25519 key; this is another kind")
    return key


def plain(report: TrailReport, language: str = "en") -> dict[str, Any]:
    """The report as JSON types."""
    faults = [{"code": f.code, "row": f.seq, "sentence": f.sentence(language)} for f in report.faults]
    return {
        "intact": report.intact,
        "rows": report.rows,
        "head": report.head,
        "witnesses": report.witnesses,
        "faults": faults,
    }


def _short(package: zipfile.ZipFile, name: str) -> bytes:
    with package.open(name) as file:
        return file.read(LONGEST_CHECKPOINT)
