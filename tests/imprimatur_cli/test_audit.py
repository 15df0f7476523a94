"""`imprimatur audit verify` on packages that were exported earlier: no server, no database."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from imprimatur_cli.main import app
from PIL import Image
from typer.testing import CliRunner, Result

from governance.canonical import utc_text
from governance.checkpoint import Checkpoint, public_pem, sign_checkpoint
from governance.ledger import LedgerRow
from governance.pki import development_anchors, development_signer
from governance.provenance import OutputFacts, sign_output
from tests.governance.test_ledger import TENANT, chain
from tests.governance.test_trail import rechained

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "home"))


def line(row: LedgerRow) -> str:
    fields = {name: getattr(row, name) for name in ("seq", "actor", "event", "payload", "prev_hash", "hash")}
    subject = json.loads(row.payload).get("subject", "")
    return json.dumps(
        fields | {"tenant_id": str(row.tenant_id), "occurred_at": utc_text(row.occurred_at), "subject": subject}
    )


def checkpoint(rows: Sequence[LedgerRow], key: Ed25519PrivateKey = KEY) -> bytes:
    return sign_checkpoint(Checkpoint(tenant_id=TENANT, seq=rows[-1].seq, head=rows[-1].hash, taken_at=NOON), key)


def package(path: Path, rows: Sequence[LedgerRow], *notes: bytes, key: Ed25519PrivateKey = KEY) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trail.jsonl", "".join(f"{line(row)}\n" for row in rows))
        archive.writestr("checkpoint.pub.pem", public_pem(key))
        for number, note in enumerate(notes):
            archive.writestr(f"checkpoints/{number}.json", note)
    return path


def verify(*arguments: Any) -> Result:
    return CliRunner().invoke(app, ["audit", "verify", *map(str, arguments)])


def test_an_untouched_trail_is_said_to_be_so(tmp_path: Path) -> None:
    rows = chain(5)
    kept = package(tmp_path / "a.zip", rows, checkpoint(rows[:3]))
    (tmp_path / "key.pem").write_bytes(public_pem(KEY))
    done = verify("--package", kept, "--key", tmp_path / "key.pem", "--json", "--tenant", TENANT)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["intact"], said["rows"], said["head"], said["own_key"]) == (True, 5, rows[-1].hash, True)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda rows: [*rows[:2], replace(rows[2], actor="user:9"), *rows[3:]], "edited"),
        (lambda rows: rows[:2] + rows[3:], "missing"),
        (lambda rows: [*rows[:2], replace(rows[3], seq=3), replace(rows[2], seq=4), *rows[4:]], "reordered"),
        (lambda rows: rows[:3], "cut"),
        (lambda rows: rechained([*rows[:2], replace(rows[2], actor="user:9"), *rows[3:]]), "rewritten"),
    ],
    ids=["edit", "deletion", "reordering", "cut", "written anew"],
)
def test_what_was_done_to_it_is_found(tmp_path: Path, harm: Any, code: str) -> None:
    rows = chain(6)
    (tmp_path / "kept.json").write_bytes(checkpoint(rows[:5]))
    touched = package(tmp_path / "a.zip", harm(rows))
    done = verify("--package", touched, "--checkpoint", tmp_path / "kept.json", "--json", "--lang", "ja")
    assert done.exit_code == 1
    faults = {fault["code"]: fault["sentence"] for fault in json.loads(done.stdout)["faults"]}
    assert code in faults
    assert "行" in faults[code]


def noise() -> Image.Image:
    return Image.effect_noise((128, 128), 90).convert("RGB")


def test_one_picture_is_enough(tmp_path: Path) -> None:
    rows = chain(6)
    buffer = io.BytesIO()
    noise().save(buffer, "PNG")
    signer = development_signer(tmp_path / "keys")
    facts = OutputFacts(generation_id="gen_1", spec_digest="ab" * 32, audit_head=rows[4].hash)
    (tmp_path / "out.png").write_bytes(sign_output(buffer.getvalue(), "image/png", facts, signer))
    (tmp_path / "roots.pem").write_text(development_anchors(tmp_path / "keys"))
    given = ["--picture", tmp_path / "out.png", "--trust", tmp_path / "roots.pem"]
    assert verify("--package", package(tmp_path / "whole.zip", rows), *given).exit_code == 0
    done = verify("--package", package(tmp_path / "cut.zip", rows[:4]), *given)
    assert done.exit_code == 1
    assert "picture out.png" in done.stdout
    assert verify("--package", package(tmp_path / "cut2.zip", rows[:4])).exit_code == 0  # the chain alone sees nothing


def test_a_picture_nobody_vouches_for_is_no_witness(tmp_path: Path) -> None:
    noise().save(tmp_path / "plain.png")
    (tmp_path / "none.pem").write_text("")
    kept = package(tmp_path / "a.zip", chain(3))
    done = verify("--package", kept, "--picture", tmp_path / "plain.png", "--trust", tmp_path / "none.pem")
    assert done.exit_code == 1
    assert "manifest is none" in done.stderr


def test_a_trail_and_checkpoints_made_by_somebody_else_need_the_old_key(tmp_path: Path) -> None:
    forged = rechained([replace(row, actor="user:9") for row in chain(4)])
    made = package(tmp_path / "a.zip", forged, checkpoint(forged, OTHER), key=OTHER)
    blind = verify("--package", made)
    assert blind.exit_code == 0
    assert "--key" in blind.stderr  # it says what this proves, and what not
    (tmp_path / "key.pem").write_bytes(public_pem(KEY))
    done = verify("--package", made, "--key", tmp_path / "key.pem")
    assert done.exit_code == 1
    assert "none of ours" in done.stderr


def test_another_companys_package_is_said(tmp_path: Path) -> None:
    kept = package(tmp_path / "a.zip", chain(3))
    assert verify("--package", kept, "--tenant", "00000000-0000-4000-8000-000000000007").exit_code == 1


@pytest.mark.parametrize("junk", [b"", b"PK no zip", b"{}"])
def test_what_is_no_package_is_refused_plainly(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(junk)
    done = verify("--package", tmp_path / "a.zip")
    assert done.exit_code == 1
    assert "no exported audit trail" in done.stderr


def test_exports_are_named_by_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_API_KEY", "imp_test_x")
    monkeypatch.setenv("IMPRIMATUR_URL", "http://127.0.0.1:9")
    done = CliRunner().invoke(app, ["audit", "export", "--out", str(tmp_path / "trail.exe")])
    assert done.exit_code == 1
    assert ".zip, .csv or .jsonl" in done.stderr
