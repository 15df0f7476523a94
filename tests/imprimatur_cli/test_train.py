"""Does `imprimatur train` look before it learns, say what is wrong, and end in a branch one can draw with?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from click.testing import Result
from imprimatur_cli.main import app
from imprimatur_cli.stamping import signer
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from generation.loading import load_pipeline
from generation.training.export import read_branch
from governance.manifests import IntakeFacts
from governance.provenance import read, sign_reference
from tests.generation import dummy
from tests.generation.training import tiny

PNG = "image/png"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IMPRIMATUR_TORCH_THREADS", "1")
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "IMPRIMATUR_MODELS", "IMPRIMATUR_SIGNER_KEY"):
        monkeypatch.delenv(name, raising=False)
    AcceleratorState._reset_state(reset_partial_state=True)
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)
    AcceleratorState._reset_state(reset_partial_state=True)


def train(*options: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, options)])


def test_a_dry_run_reports_the_data_and_trains_nothing(tmp_path: Path) -> None:
    data = tiny.write_pairs(tmp_path / "data", 3)
    (data / "001.txt").write_text("  ")
    (data / "bad.jpg").write_bytes(b"no picture")
    (data / "bad.txt").write_text("a mug")
    told = train("--data", data, "--out", tmp_path / "run", "--dry-run")
    assert told.exit_code == 0
    assert told.stdout == "2 pairs are ready to train on\n"
    assert "2 pairs can be learnt from, 2 left out" in told.stderr
    assert "001.png: its caption is empty" in told.stderr
    assert "bad.jpg: it cannot be read" in told.stderr
    assert not (tmp_path / "run").exists()


def test_a_dry_run_as_json_names_every_reason(tmp_path: Path) -> None:
    data = tiny.write_pairs(tmp_path / "data", 2)
    (data / "001.txt").unlink()
    report = json.loads(train("--data", data, "--dry-run", "--json").stdout)
    assert report["pairs"] == 1
    assert report["reasons"] == {"no_caption": 1}
    assert report["rejected"][0]["name"] == "001.png"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--profile", "flux"), "there is no model “flux”"),
        (("--profile", "sd15"), "name their folder with --data"),
        ((), "name the folder of the run with --out"),
        (("--dry-run",), "draws its own pairs"),
        (("--data", "nowhere"), "nowhere is no folder"),
        (("--out", "x", "--device", "tpu"), "choose cpu, cuda or auto"),
        (("--out", "x", "--precision", "int8"), "choose no, bf16, fp16 or auto"),
        (("--out", "x", "--device", "cpu", "--precision", "fp16"), "fp16 needs a GPU"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = train(*options)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: ")
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "x").exists()


def test_sentences_come_in_japanese(tmp_path: Path) -> None:
    told = train("--profile", "sd15", "--lang", "ja")
    assert told.stderr == "エラー: 「sd15」の学習には画像が必要です。--data でフォルダーを指定してください\n"


def test_pictures_that_refuse_training_are_left_out_unless_they_are_ones_own(tmp_path: Path) -> None:
    data = tiny.write_pairs(tmp_path / "data", 2)
    picture = data / "000.png"
    facts = IntakeFacts(reference_id="ref", origin="drawing")
    picture.write_bytes(sign_reference(picture.read_bytes(), PNG, facts, signer()[0]))
    refused = json.loads(train("--data", data, "--dry-run", "--json").stdout)
    assert (refused["pairs"], refused["reasons"]) == (1, {"forbidden": 1})
    assert "refuse training" in refused["rejected"][0]["reason"]
    assert json.loads(train("--data", data, "--dry-run", "--json", "--own-work").stdout)["pairs"] == 2


def test_a_base_that_is_not_there_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    Image.new("RGB", (300, 300), "red").save(data / "a.png")
    (data / "a.txt").write_text("a red wall")
    options = ("--profile", "sd15", "--data", data, "--out", tmp_path / "run")
    assert "name its folder with --base" in train(*options).stderr
    assert "lacks unet, vae" in train(*options, "--base", tmp_path).stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_studio_trains_on_its_drawn_world_goes_on_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--out", tmp_path / "run", "--batch", "2", "--precision", "no", "--sample-every", "2")
    told = train(*options, "--steps", "2", "--json")
    assert told.exit_code == 0, told.stderr
    report = json.loads(told.stdout)
    branch = Path(report["branch"])
    assert (report["steps"], report["finished"]) == (2, True)
    assert report["sha256"] == read_branch(branch).sha256
    assert "holds a run already" in train(*options, "--steps", "2").stderr
    _samples_are_stamped(tmp_path / "run")
    (tmp_path / "models" / "studio").mkdir(parents=True)
    branch.parent.rename(tmp_path / "models" / "studio" / "visual")
    monkeypatch.setenv("IMPRIMATUR_MODELS", str(tmp_path / "models"))
    pipeline = load_pipeline("studio")
    assert pipeline.parts.digests["visual/visual.safetensors"] == report["sha256"]
    assert pipeline.draw(dummy.spec(steps=2), [dummy.reference()]).image.size == (128, 128)


def _samples_are_stamped(run: Path) -> None:
    board = EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    (sheet,) = board.Images("samples")
    report = read(sheet.encoded_image_string, PNG, "")
    assert report.state == "valid"
    assert not list(run.rglob("*.png"))
