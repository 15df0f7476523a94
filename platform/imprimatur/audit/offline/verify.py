#!/usr/bin/env python3
"""Check an exported audit trail without the product, its database or a network. Python 3.8 or newer, nothing else.

    python3 verify.py            in the unpacked folder: trail.jsonl, checkpoints/, checkpoint.pub.pem

Checks that every row's SHA-256 is that of its content and of the row before it, that no number is missing, and that
every checkpoint's row is there with the hash it names. Signatures of checkpoints need openssl (3.0 or newer) on the
path; without it they are counted as not checked. Keep checkpoint.pub.pem from an earlier day: a key that came with the
trail proves nothing against whoever made both. Exit status: 0 unbroken, 1 broken.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

FIELDS = ("prev_hash", "seq", "tenant_id", "occurred_at", "actor", "event", "payload")
DOMAIN = b"imprimatur-checkpoint-v1|"


def check_rows(lines: Iterable[str]) -> dict[int, str]:
    """Every row's hash by number. Raises ValueError naming the first bad row."""
    hashes: dict[int, str] = {}
    before, tenant = "0" * 64, None
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        if row["seq"] != number:
            raise ValueError(f"row {number} is missing: row {row['seq']} stands in its place")
        if tenant not in (None, row["tenant_id"]):
            raise ValueError(f"row {number} belongs to another company")
        if json.loads(row["payload"]).get("subject", "") != row["subject"]:
            raise ValueError(f"row {number}: its subject is not the one that was hashed")
        text = "|".join(str(row[name]) for name in FIELDS)
        if row["prev_hash"] != before or hashlib.sha256(text.encode()).hexdigest() != row["hash"]:
            raise ValueError(f"row {number} was changed, moved, or does not continue the row before it")
        hashes[number], before, tenant = row["hash"], row["hash"], row["tenant_id"]
    return hashes


def check_checkpoint(path: Path, hashes: dict[int, str], key: Path) -> bool:
    """True if the signature was checked too. Raises ValueError for a checkpoint that the trail contradicts."""
    said = json.loads(path.read_bytes())
    point = said["checkpoint"]
    if hashes.get(point["seq"]) != point["head"]:
        raise ValueError(f"{path.name} vouches for row {point['seq']}, which the trail lacks: cut or written anew")
    # RFC 8785 of plain text, whole numbers and ASCII names: sorted keys, no spaces.
    text = json.dumps(point, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if not is_signed(DOMAIN + text, base64.b64decode(said["signature"]), key):
        raise ValueError(f"{path.name} was not signed with {key.name}, or was changed since")
    return shutil.which("openssl") is not None


def is_signed(text: bytes, signature: bytes, key: Path) -> bool:
    """Whether the signature is the key's; taken for granted where there is no openssl to ask."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return True
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "text").write_bytes(text)
        Path(folder, "signature").write_bytes(signature)
        command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", str(key.resolve()), "-rawin", "-in", "text"]
        command += ["-sigfile", "signature"]
        return not subprocess.run(command, check=False, cwd=folder, capture_output=True).returncode  # noqa: S603


def main() -> int:
    """Check the folder this file lies in, or the one named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    try:
        with (folder / "trail.jsonl").open(encoding="utf-8") as file:
            hashes = check_rows(file)
        points = sorted((folder / "checkpoints").glob("*.json"))
        signed = [check_checkpoint(point, hashes, folder / "checkpoint.pub.pem") for point in points]
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        sys.stdout.write(f"BROKEN: {error}\n")
        return 1
    sys.stdout.write(f"{len(hashes)} rows, unbroken; the last hash is {hashes.get(len(hashes), '0' * 64)}\n")
    sys.stdout.write(f"{len(points)} checkpoints agree; the signatures of {sum(signed)} were checked\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
