"""Does a run survive being killed to the bit, refuse to be confused with another, and end in a file that draws?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from generation.downloads import file_sha256
from generation.published import WeightsMismatch
from generation.sd15 import load_sd15_pipeline
from generation.training.bases import Ground, sd15_ground, trained_pipeline
from generation.training.checkpoint import NoCheckpoint, latest
from generation.training.dataset import inspect_folder
from generation.training.export import read_branch, sidecar_of
from generation.training.folder import FolderPairs
from generation.training.run import Run, RunMismatch, Settings
from tests.generation import dummy
from tests.generation.training import tiny, tiny_run

ROOT = Path(__file__).resolve().parents[3]
SHORT = replace(tiny_run.SETTINGS, plan=replace(tiny_run.SETTINGS.plan, steps=3, accumulate=1, decay_from=1.0))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    """Its state is the process's, its precision set once: each test is a process to it."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    tiny.write_sd15(made / "base")
    tiny.write_pairs(made / "data", 5)
    return made


def ground(folder: Path) -> Ground:
    return sd15_ground(folder / "base", "cpu", torch.float32, tiny.PROFILES["sd15"])


def started(folder: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.generation.training.tiny_run", str(folder), str(out), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
    )


def steps_said(process: subprocess.Popen[str], until: int) -> list[int]:
    said = []
    for line in process.stdout or ():
        said.append(int(line.split()[1]))
        if said[-1] == until:
            break
    return said


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_killed_between_checkpoints_ends_as_an_unbroken_one_to_the_bit(folder: Path, tmp_path: Path) -> None:
    with started(folder, tmp_path / "killed") as killed:
        assert steps_said(killed, until=7)[-1] == 7
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(120) == -signal.SIGKILL
    assert latest(tmp_path / "killed").is_file()
    with started(folder, tmp_path / "killed", "--resume") as resumed:
        said = steps_said(resumed, until=tiny_run.STEPS)
        assert resumed.wait(300) == 0
    assert said[0] in (tiny_run.SAVE_EVERY + 1, 2 * tiny_run.SAVE_EVERY + 1)
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "whole").train()
    for name in ("checkpoint.safetensors", "visual/visual.safetensors"):
        ours, whole = load_file(tmp_path / "killed" / name), load_file(tmp_path / "whole" / name)
        assert ours.keys() == whole.keys()
        assert [n for n in whole if not torch.equal(ours[n], whole[n])] == []


def test_a_run_stopped_by_a_signal_says_so_and_goes_on(folder: Path, tmp_path: Path) -> None:
    run = tiny_run.run_on(ground(folder), folder / "data", tmp_path, SHORT)
    outcome = run.train(on_step=lambda _progress: signal.raise_signal(signal.SIGINT))
    assert (outcome.step, outcome.branch) == (1, None)
    again = tiny_run.run_on(ground(folder), folder / "data", tmp_path, SHORT).train(resume=True)
    assert again.step == 3
    assert again.before == outcome.before
    assert again.branch is not None


@pytest.mark.parametrize("change", ["another seed", "another batch", "other data", "another base"])
def test_a_run_is_not_resumed_as_another(folder: Path, tmp_path: Path, change: str) -> None:
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "out", SHORT).train()
    settings, data, on = SHORT, folder / "data", ground(folder)
    if change == "another seed":
        settings = replace(SHORT, seed=1)
    elif change == "another batch":
        settings = replace(SHORT, batch=3)
    elif change == "other data":
        data = tiny.write_pairs(tmp_path / "data", 4)
    else:
        on = replace(on, digests={"unet": "0" * 64})
    with pytest.raises(RunMismatch, match=f"started differently: {change.split()[1]} was"):
        tiny_run.run_on(on, data, tmp_path / "out", settings).train(resume=True)


def test_a_run_never_overwrites_another_nor_resumes_from_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NoCheckpoint, match="start without --resume"):
        tiny_run.run_on(ground(folder), folder / "data", tmp_path, SHORT).train(resume=True)
    tiny_run.run_on(ground(folder), folder / "data", tmp_path, SHORT).train()
    with pytest.raises(RunMismatch, match="holds a run already"):
        tiny_run.run_on(ground(folder), folder / "data", tmp_path, SHORT).train()


def test_a_flat_rate_may_be_run_further(folder: Path, tmp_path: Path) -> None:
    longer = replace(SHORT, plan=replace(SHORT.plan, steps=5))
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "once", SHORT).train()
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "once", longer).train(resume=True)
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "whole", longer).train()
    once, whole = (load_file(tmp_path / name / "visual" / "visual.safetensors") for name in ("once", "whole"))
    assert all(torch.equal(once[n], whole[n]) for n in whole)


def test_accumulated_batches_train_as_one_bigger_batch(folder: Path, tmp_path: Path) -> None:
    def weights(name: str, batch: int, accumulate: int) -> dict[str, torch.Tensor]:
        plan = replace(SHORT.plan, accumulate=accumulate, ema=0.0, clip=1.0)
        settings = replace(SHORT, plan=plan, batch=batch)
        tiny_run.run_on(ground(folder), folder / "data", tmp_path / name, settings).train()
        return load_file(tmp_path / name / "checkpoint.safetensors")

    whole, parts = weights("whole", 4, 1), weights("parts", 2, 2)
    moments = [name for name in whole if name.startswith("exp_avg/")]
    scale = max(float(whole[name].abs().max()) for name in moments)
    assert max(float((whole[n] - parts[n]).abs().max()) for n in moments) < 1e-4 * scale


def _ended(command: list[str], environment: dict[str, str]) -> int:
    """The exit code of a launcher; should it hang, its processes end with it, on SIGTERM."""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            return process.wait(600)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_train_as_one_with_twice_the_rows(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "tests.generation.training.tiny_run", str(folder), str(tmp_path / "two")]
    told = {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "ACCELERATE_USE_CPU": "true"}
    done = _ended(command, {**os.environ, **told})
    assert done == 0
    both = replace(tiny_run.SETTINGS, batch=2 * tiny_run.SETTINGS.batch)
    tiny_run.run_on(ground(folder), folder / "data", tmp_path / "one", both).train()
    two, one = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("two", "one"))
    for kind in ("exp_avg/", "parameter/"):
        names = [name for name in one if name.startswith(kind)]
        scale = max(float(one[name].abs().max()) for name in names)
        assert max(float((one[name] - two[name]).abs().max()) for name in names) < 1e-2 * scale


@pytest.mark.parametrize("name", ["sdxl-realcustom", "studio"])
def test_every_profile_ends_in_a_branch_that_draws(name: str, tmp_path: Path) -> None:
    on, plan = tiny.ground(name, tmp_path / "base"), replace(SHORT.plan, steps=2)
    side = on.profile.width
    records = inspect_folder(tiny.write_pairs(tmp_path / "data", 2), 64).records
    run = Run(
        on,
        FolderPairs(records, side, side, seed=0),
        replace(SHORT, plan=plan, batch=1),
        tmp_path / "out",
        data="two pictures",
        cpu=True,
    )
    branch = run.train().branch
    assert branch is not None
    pipeline = trained_pipeline(tiny.ground(name, tmp_path / "base"), branch)
    spec = dummy.spec(profile=name, width=side, height=side, steps=2)
    assert pipeline.draw(spec, [dummy.reference()]).image.size == (side, side)


@pytest.fixture(scope="module")
def sampled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with figures and samples."""
    out = tmp_path_factory.mktemp("sampled")
    plan = replace(SHORT.plan, steps=30, save_every=10, learning_rate=1e-2)
    settings = replace(SHORT, plan=plan, batch=4, sample_every=15, sample_steps=2)
    AcceleratorState._reset_state(reset_partial_state=True)
    run = tiny_run.run_on(ground(folder), folder / "data", out, settings)
    run.train(to_bytes=lambda image: b"\x89PNG stamped" + str(image.size).encode())
    AcceleratorState._reset_state(reset_partial_state=True)
    return out


def test_the_loss_falls(sampled: Path) -> None:
    figures = json.loads((sampled / "visual" / "visual.json").read_text())["figures"]
    assert figures["loss_after"] < 0.97 * figures["loss_before"]
    assert (figures["steps"], figures["rows"]) == (30, 120)


def test_losses_rates_and_samples_are_on_the_board(sampled: Path) -> None:
    board = EventAccumulator(str(sampled / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    board.Reload()
    assert set(board.Tags()["scalars"]) == {"loss/train", "loss/fixed", "rate"}
    assert [e.step for e in board.Scalars("loss/train")] == list(range(1, 31))
    assert [e.step for e in board.Scalars("loss/fixed")] == [15, 30, 30]
    samples = board.Images("samples")
    assert [e.step for e in samples] == [15, 30]
    assert samples[0].encoded_image_string.startswith(b"\x89PNG stamped")
    assert samples[0].height == 2 * tiny.SIDE
    assert not list(sampled.rglob("*.png"))


def test_only_so_many_checkpoints_stay(sampled: Path) -> None:
    kept = sorted(path.name for path in sampled.glob("checkpoint*"))
    assert kept == ["checkpoint-000000020.safetensors", "checkpoint.safetensors"]


def test_what_was_trained_draws_on_its_base(folder: Path, sampled: Path) -> None:
    branch = sampled / "visual" / "visual.safetensors"
    pipeline = trained_pipeline(ground(folder), branch)
    spec = dummy.spec(profile="sd15", width=64, height=64, guidance_scale=3.5)
    drawn = pipeline.draw(spec, [dummy.reference()])
    assert drawn.image.size == (64, 64)
    assert pipeline.draw(spec, [dummy.reference()]).pixel_digest == drawn.pixel_digest
    assert pipeline.draw(spec, [dummy.reference().rotate(180)]).pixel_digest != drawn.pixel_digest
    assert pipeline.parts.digests["visual/visual.safetensors"] == read_branch(branch).sha256
    assert pipeline.profile.scored


def test_the_models_own_loader_draws_the_same_with_it(folder: Path, sampled: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "base", tmp_path / "sd15")
    shutil.copytree(sampled / "visual", tmp_path / "sd15" / "visual")
    spec = dummy.spec(profile="sd15", width=64, height=64, guidance_scale=3.5)
    loaded = load_sd15_pipeline(tmp_path / "sd15", profile=tiny.PROFILES["sd15"])
    ours = trained_pipeline(ground(folder), sampled / "visual" / "visual.safetensors")
    digests = {pipeline.draw(spec, [dummy.reference()]).pixel_digest for pipeline in (loaded, ours)}
    assert len(digests) == 1


def test_a_branch_is_refused_on_another_base_or_when_altered(folder: Path, sampled: Path, tmp_path: Path) -> None:
    branch = sampled / "visual" / "visual.safetensors"
    with pytest.raises(WeightsMismatch, match="trained on another base"):
        trained_pipeline(replace(ground(folder), digests={"unet": "0" * 64}), branch)
    altered = tmp_path / branch.name
    data = bytearray(branch.read_bytes())
    data[-1] ^= 1
    altered.write_bytes(data)
    sidecar_of(altered).write_text(sidecar_of(branch).read_text())
    with pytest.raises(WeightsMismatch, match="not the file its sidecar describes"):
        read_branch(altered)


def test_nothing_a_run_writes_is_a_pickle(sampled: Path) -> None:
    suffixes = {path.suffix for path in sampled.rglob("*") if path.is_file() and "tfevents" not in path.name}
    assert suffixes == {".safetensors", ".json", ".jsonl"}


def test_half_precision_trains_too(folder: Path, tmp_path: Path) -> None:
    settings: Settings = replace(SHORT, precision="bf16", plan=replace(SHORT.plan, steps=15, learning_rate=1e-2))
    outcome = tiny_run.run_on(ground(folder), folder / "data", tmp_path, settings).train()
    assert outcome.after is not None
    assert outcome.after < outcome.before
    state = load_file(tmp_path / "checkpoint.safetensors")
    assert {tensor.dtype for tensor in state.values()} == {torch.float32}


def test_a_branch_of_another_base_is_refused_and_both_are_named(folder: Path, sampled: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "base", tmp_path / "sd15")
    shutil.copytree(sampled / "visual", tmp_path / "sd15" / "visual")
    weights = tmp_path / "sd15" / "unet" / "diffusion_pytorch_model.safetensors"
    own = file_sha256(weights)
    state = load_file(weights)
    save_file({name: tensor + 1e-3 for name, tensor in state.items()}, weights)
    with pytest.raises(WeightsMismatch, match="another base") as told:
        load_sd15_pipeline(tmp_path / "sd15", profile=tiny.PROFILES["sd15"])
    assert own[:12] in str(told.value)
    assert file_sha256(weights)[:12] in str(told.value)
