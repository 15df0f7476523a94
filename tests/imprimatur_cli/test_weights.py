"""Can somebody get a model by one command, and is told what is not as it should be?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import Result
from imprimatur_cli.main import app
from safetensors.torch import load_file
from typer.testing import CliRunner

from generation import loading, profiles
from generation.profiles import PROFILES, SDXL_REALCUSTOM
from generation.weight_files import WeightFile, Weights
from generation.weight_record import RECORD
from tests.generation.file_server import FileServer, file_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A hub with a model of two files: a pickle under a free licence, and one that asks for agreement."""
    torch.save({"state_dict": {"a": torch.ones(3)}}, tmp_path / "release.pth")
    with file_server({"/r.pth": (tmp_path / "release.pth").read_bytes(), "/config.json": b"{}"}) as served:
        pickle = WeightFile(path="r/r.pth", remote="r.pth", converted="r/r.safetensors")
        config = WeightFile(path="r/config.json", remote="config.json")
        free = Weights(part="branch", source="hub", licence="Apache-2.0", base=served.url, files=(pickle,))
        bound = Weights(part="base", source="hub", licence="Open RAIL", base=served.url, files=(config,))
        model = replace(SDXL_REALCUSTOM, name="tiny", weights=(free, bound))
        monkeypatch.setitem(profiles.PROFILES, "tiny", model)
        monkeypatch.setattr(loading, "misfits", lambda profile, folder: [])
        monkeypatch.setenv("IMPRIMATUR_MODELS", str(tmp_path / "models"))
        monkeypatch.setenv("LANG", "C.UTF-8")
        yield served


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["weights", *words])


def test_get_asks_for_agreement_then_fetches_converts_and_records(server: FileServer, tmp_path: Path) -> None:
    refused = run("get", "tiny")
    assert refused.exit_code == 1
    assert "come under Open RAIL: read them, then add --accept-licences" in refused.stderr
    assert server.asked == []
    result = run("get", "tiny", "--accept-licences")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "models" / "tiny"
    assert result.stdout.strip() == str(folder)
    assert load_file(folder / "r" / "r.safetensors")["a"].tolist() == [1, 1, 1]
    record = json.loads((folder / RECORD).read_text())
    assert {name: entry["licence"] for name, entry in record.items()} == {
        "r/r.safetensors": "Apache-2.0",
        "r/config.json": "Open RAIL",
    }
    assert "recorded at first download" in result.stderr
    assert not (folder / "r" / "r.pth").exists()


def test_get_again_fetches_nothing_and_check_is_content(server: FileServer) -> None:
    run("get", "tiny", "--accept-licences")
    server.asked.clear()
    assert run("get", "tiny", "--accept-licences").exit_code == 0
    assert server.asked == []
    checked = run("check", "tiny")
    assert (checked.exit_code, checked.stdout) == (0, "tiny: 2 files, all as recorded\n")


def test_check_finds_a_changed_byte_and_what_is_missing(server: FileServer, tmp_path: Path) -> None:
    assert "r/r.safetensors is missing" in run("check", "tiny").stderr
    run("get", "tiny", "--accept-licences")
    (tmp_path / "models" / "tiny" / "r" / "config.json").write_text("{ }")
    checked = run("check", "tiny")
    assert checked.exit_code == 1
    assert "r/config.json is not the file that was fetched" in checked.stderr


def test_check_compares_parameter_names(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    run("get", "tiny", "--accept-licences")
    monkeypatch.setattr(loading, "misfits", lambda profile, folder: ["1 unexpected in the file: x"])
    checked = run("check", "tiny")
    assert (checked.exit_code, checked.stderr.strip()) == (1, "1 unexpected in the file: x")


def test_a_mirror_is_laid_out_as_the_folder(server: FileServer, tmp_path: Path) -> None:
    server.files |= {"/mirror/r/r.safetensors": b"tensors", "/mirror/r/config.json": b"{}"}
    result = run("get", "tiny", "--accept-licences", "--from", f"{server.url}/mirror")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "models" / "tiny" / "r" / "r.safetensors").read_bytes() == b"tensors"
    assert [path for path, _ in server.asked] == ["/mirror/r/r.safetensors", "/mirror/r/config.json"]


def test_a_pickle_with_code_in_it_is_refused(server: FileServer, tmp_path: Path) -> None:
    torch.save({"a": tmp_path}, tmp_path / "evil.pth")
    server.files["/r.pth"] = (tmp_path / "evil.pth").read_bytes()
    result = run("get", "tiny", "--accept-licences")
    assert result.exit_code == 1
    assert "no file of plain tensors" in result.stderr
    assert not (tmp_path / "models" / "tiny" / "r" / "r.safetensors").exists()


def test_list_tells_parts_licences_and_what_is_here(server: FileServer) -> None:
    run("get", "tiny", "--accept-licences")
    rows = json.loads(run("list", "--json").stdout)
    assert {row["profile"] for row in rows} == set(PROFILES)
    states = {row["part"]: row["state"] for row in rows if row["profile"] == "tiny"}
    assert states == {"branch": "here", "base": "here"}
    unet = next(row for row in rows if row["part"] == "UNet of SDXL")
    assert (unet["size"], unet["licence"], unet["state"]) == (
        "10.3 GB",
        "CreativeML Open RAIL++-M",
        "1 of 1 files missing",
    )
    assert "studio\tall\t" in run("list").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("get", "flux"), "choose one of studio"),
        (("get", "studio"), "is in the box"),
        (("check", "studio"), "is in the box"),
    ],
)
def test_wrong_names_say_what_to_do(words: tuple[str, ...], sentence: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_without_a_folder_it_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPRIMATUR_MODELS", raising=False)
    assert "--models FOLDER" in run("get", "sd15", "--accept-licences").stderr


def test_released_pickles_become_safetensors_and_others_are_refused(tmp_path: Path) -> None:
    good, evil, target = tmp_path / "good.pth", tmp_path / "evil.pth", tmp_path / "weights.safetensors"
    torch.save({"a": torch.ones(2)}, good)
    torch.save({"a": tmp_path}, evil)
    refused = run("convert", str(evil), str(target))
    assert refused.exit_code == 1
    assert "no file of plain tensors" in refused.stderr
    assert not target.exists()
    assert run("convert", str(good), str(target)).exit_code == 0
    assert load_file(target)["a"].tolist() == [1, 1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.pth", "good.pth", "weights.safetensors"]
