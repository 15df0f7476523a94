"""Keys that lie where a backup's would go are never written over and never mixed with others."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imprimatur.backup import other_keys
from imprimatur.backup.folder import BackupUnusable
from imprimatur.backup.other_keys import others, put_keys, require_choice, set_aside

NOW = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
OURS = {"pki/root.pem": b"root", "pki/tenants/a/current": b"1", "worker/watermark.key": b"mark", "secrets.json": b"{}"}


@pytest.fixture
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.PKI_FOLDER, settings.WORKER_KEYS_FOLDER = tmp_path / "pki", tmp_path / "worker"
    monkeypatch.setattr(other_keys, "SECRETS_FILE", tmp_path / "secrets.json")
    return tmp_path


def lay(home: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)


def test_a_fresh_place_and_an_interrupted_restore_have_no_others(home: Path) -> None:
    assert others(OURS) == []
    lay(home, {"pki/root.pem": b"root", "pki/.lock": b"", "secrets.json": b'{"secret_key": "new"}'})
    assert others(OURS) == []
    assert put_keys(OURS)[home / "pki/tenants/a/current"] == b"1"
    assert home / "secrets.json" not in put_keys(OURS)  # it is put together from both


@pytest.mark.parametrize("name", ["pki/root.pem", "pki/tenants/b/current", "worker/signer.token"])
def test_another_key_is_named_and_stops_everything(home: Path, name: str) -> None:
    lay(home, {name: b"of somebody else"})
    assert others(OURS) == [home / name]
    with pytest.raises(BackupUnusable, match="Nothing was changed") as refused:
        require_choice(others(OURS), "")
    assert str(home / name) in str(refused.value)
    for choice in ("set-aside", "keep"):
        require_choice(others(OURS), choice)


def test_a_backup_without_keys_disturbs_none(home: Path) -> None:
    lay(home, {"pki/root.pem": b"of somebody else"})
    assert others({}) == []


def test_many_are_named_by_a_few(home: Path) -> None:
    with pytest.raises(BackupUnusable, match="and 7 more"):
        require_choice([home / str(number) for number in range(12)], "")


def test_what_is_set_aside_is_whole_and_private(home: Path) -> None:
    lay(home, {"pki/root.pem": b"other", "pki/tenants/b/current": b"2", "secrets.json": b'{"secret_key": "present"}'})
    moved = set_aside(NOW)
    assert [place.name for place in moved] == ["pki.before-20261231T235959Z", "secrets.json.before-20261231T235959Z"]
    assert (moved[0] / "root.pem").read_bytes() == b"other"
    assert (moved[0] / "tenants/b/current").read_bytes() == b"2"
    assert json.loads(moved[1].read_text()) == {"secret_key": "present"}
    assert moved[1].stat().st_mode & 0o077 == 0
    assert not (home / "pki").exists()
    assert (home / "secrets.json").exists()


def test_a_folder_that_cannot_be_moved_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(home, {"pki/root.pem": b"other"})

    def busy(*_: object) -> Path:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(BackupUnusable, match="move it, then go on"):
        set_aside(NOW)
    assert (home / "pki/root.pem").read_bytes() == b"other"
