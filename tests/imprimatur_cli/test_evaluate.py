"""Does `imprimatur evaluate` measure every picture once, go on where it stopped, and keep no picture?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from imprimatur_cli.main import app
from typer.testing import CliRunner

import generation.loading
from generation.evaluation.dreambench import PUBLISHED
from tests.generation import dummy
from tests.generation.evaluation.test_photo_figures import save


@pytest.fixture
def bench(here: Path) -> Path:
    """Two subjects with a prompt or two, and the judges."""
    told = {
        "bottle_red": {"class": "bottle", "prompts": ["a {} on the beach", "a {} in the snow"]},
        "mug_blue": {"class": "mug", "prompts": ["a {} in the city"]},
    }
    data = here / "bench"
    for name in told:
        (data / name).mkdir(parents=True)
        dummy.reference().save(data / name / "0.png")
    (data / "prompts.json").write_text(json.dumps(told))
    save(here / "judges")
    return here


def evaluate(folder: Path, *more: str) -> Result:
    options = {
        "--data": str(folder / "bench"),
        "--output": str(folder / "out"),
        "--profile": "studio",
        "--judges": str(folder / "judges"),
        "--seeds": "2",
        "--steps": "2",
    }
    words = [word for pair in options.items() for word in pair]
    return CliRunner().invoke(app, ["evaluate", *words, *more])


def test_every_prompt_and_seed_is_measured_and_stands_beside_the_published_rows(bench: Path) -> None:
    result = evaluate(bench, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["pictures"], report["left"], report["subjects"]) == (6, 0, 2)
    assert set(report["figures"]) == {"clip_t", "clip_i", "dino_i"}
    assert all(figure["low"] <= figure["mean"] <= figure["high"] for figure in report["figures"].values())
    assert report["figures"]["clip_t"]["groups"] == 2
    assert [line["method"] for line in report["table"]] == [row.method for row in PUBLISHED] + ["RealCustom, ours"]
    assert report["table"][-1]["clip_i"] == report["figures"]["clip_i"]["mean"]
    assert [path.name for path in (bench / "out").iterdir()] == ["cells.jsonl"]
    assert "ImageReward is left out" in result.stderr


def test_it_goes_on_where_it_stopped(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none_in_time = json.loads(evaluate(bench, "--minutes", "0", "--json").stdout)
    assert (none_in_time["pictures"], none_in_time["left"], none_in_time["figures"]) == (0, 6, {})
    assert json.loads(evaluate(bench, "--subjects", "1", "--json").stdout)["pictures"] == 4
    drawn: list[int] = []
    pipe = dummy.pipeline()
    prepare = type(pipe).prepare
    monkeypatch.setattr(type(pipe), "prepare", lambda self, *a, **k: drawn.append(1) or prepare(self, *a, **k))
    assert json.loads(evaluate(bench, "--json").stdout)["pictures"] == 6
    assert len(drawn) == 2


def test_another_picture_of_a_subject_is_measured_anew(bench: Path) -> None:
    evaluate(bench, "--json")
    dummy.reference().rotate(90).save(bench / "bench" / "mug_blue" / "0.png")
    left = json.loads(evaluate(bench, "--minutes", "0", "--json").stdout)
    assert (left["pictures"], left["left"]) == (4, 2)


def test_the_table_is_told_in_japanese(bench: Path) -> None:
    result = evaluate(bench, "--lang", "ja", "--subjects", "1")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "手法\tCLIP-T\tImageReward\tCLIP-I\tDINO-I\t調整ステップ"
    assert any(line.startswith("RealCustom\t0.3204\t0.8703\t0.8552\t0.7865\t0") for line in lines)
    assert any("公表値" in line for line in lines)


def test_what_is_missing_is_told_with_what_to_do(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPRIMATUR_MODELS", raising=False)
    nowhere = CliRunner().invoke(app, ["evaluate", "--data", str(bench / "bench"), "-o", str(bench / "out")])
    assert nowhere.exit_code == 1
    assert "--judges" in nowhere.stderr
    (bench / "judges" / "dino" / "config.json").unlink()
    lacking = evaluate(bench)
    assert lacking.exit_code == 1
    assert "facebook/dino-vits16" in lacking.stderr
    assert evaluate(bench, "--subjects", "3").exit_code == 1
    assert evaluate(bench, "--effort", "lazy").exit_code == 2
    (bench / "bench" / "prompts.json").unlink()
    assert "holds neither" in evaluate(bench).stderr
    assert not (bench / "out").exists()


def test_a_picture_that_cannot_be_read_is_told_before_anything_is_drawn(bench: Path) -> None:
    """In Japanese too, and what a desktop left beside the pictures is none of them."""
    (bench / "bench" / "bottle_red" / "._0.png").write_bytes(b"left by a desktop")
    assert evaluate(bench, "--minutes", "0").exit_code == 0
    broken = bench / "bench" / "mug_blue" / "1.jpg"
    broken.write_bytes(b"no picture")
    told = evaluate(bench, "--lang", "ja")
    assert told.exit_code == 1
    assert f"{broken} は画像として読めません。差し替えるか、取り除いてください" in told.stderr
    assert not (bench / "out" / "cells.jsonl").exists() or (bench / "out" / "cells.jsonl").read_text() == ""


def test_a_prompt_file_may_begin_with_a_byte_order_mark(bench: Path) -> None:
    prompts = bench / "bench" / "prompts.json"
    prompts.write_bytes(b"\xef\xbb\xbf" + prompts.read_bytes())
    assert evaluate(bench, "--minutes", "0").exit_code == 0


def test_a_file_that_holds_no_figures_is_left_alone(bench: Path) -> None:
    (bench / "out").mkdir()
    (bench / "out" / "cells.jsonl").write_text("notes of mine\n")
    told = evaluate(bench)
    assert (told.exit_code, "is no cache of cells" in told.stderr) == (1, True)
    assert (bench / "out" / "cells.jsonl").read_text() == "notes of mine\n"


def test_a_model_that_is_not_here_is_told(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("IMPRIMATUR_MODELS", raising=False)
    assert generation.loading.load_pipeline.__module__ == "generation.loading"
    result = evaluate(bench, "--profile", "sd15")
    assert result.exit_code == 1
    assert "imprimatur weights get sd15" in result.stderr
