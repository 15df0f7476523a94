"""Is the running average what it says, and are checkpoints whole at any time?"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from generation.training.checkpoint import NoCheckpoint, latest, read_facts
from generation.training.loop import LossDiverged, Plan, Trainer, load_average


def trainer(out: Path, **plan: float) -> Trainer:
    torch.manual_seed(0)
    values = {"steps": 6, "learning_rate": 0.1, "warmup": 1, "ema_every": 1, **plan}
    return Trainer(nn.Linear(3, 1), Plan(**values), out)  # type: ignore[arg-type]


def loss_of(run: Trainer, micro: int) -> torch.Tensor:
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(micro))
    loss: torch.Tensor = (run.module(x) - 1).square().mean()
    return loss


def test_the_average_follows_its_formula(tmp_path: Path) -> None:
    run = trainer(tmp_path, ema=0.8)
    average = run.parameters["weight"].detach().clone()

    def follow(_progress: object) -> None:
        decay = min(0.8, (1 + run.step) / (10 + run.step))
        average.mul_(decay).add_(run.parameters["weight"].detach(), alpha=1 - decay)

    run.run(lambda n: loss_of(run, n), seconds=60, on_step=follow)
    assert torch.allclose(run.average["weight"], average, atol=1e-6)
    assert not torch.allclose(average, run.parameters["weight"])


def test_averaged_weights_are_lent_and_given_back_to_the_bit(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.run(lambda n: loss_of(run, n), seconds=60)
    own = run.parameters["weight"].detach().clone()
    with run.averaged():
        assert torch.equal(run.parameters["weight"], run.average["weight"])
    assert torch.equal(run.parameters["weight"], own)


def test_losses_are_means_over_micro_batches(tmp_path: Path) -> None:
    run = trainer(tmp_path, accumulate=3, learning_rate=0.0)
    seen: list[float] = []
    run.run(lambda n: loss_of(run, n), seconds=60, on_step=lambda p: seen.append(p.loss))
    each = [float(loss_of(run, n).detach()) for n in range(18)]
    assert seen == pytest.approx([sum(each[i : i + 3]) / 3 for i in range(0, 18, 3)], rel=1e-5)


def test_a_loss_that_is_no_number_ends_the_run_and_spares_the_checkpoint(tmp_path: Path) -> None:
    run = trainer(tmp_path, save_every=1)
    with pytest.raises(LossDiverged, match="at step 3"):
        run.run(lambda n: loss_of(run, n) * (float("nan") if n == 2 else 1), seconds=60)
    assert read_facts(run.checkpoint)["step"] == 2
    assert all(tensor.isfinite().all() for tensor in load_file(run.checkpoint).values())


def test_a_checkpoint_that_cannot_be_written_is_an_error_and_the_last_one_stays(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.save()
    (tmp_path / "checkpoint.new").mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        run.save()
    assert latest(tmp_path) == run.checkpoint


def test_a_half_written_checkpoint_is_never_the_latest(tmp_path: Path) -> None:
    run = trainer(tmp_path, keep=2)
    with pytest.raises(NoCheckpoint):
        latest(tmp_path)
    run.save()
    (tmp_path / "checkpoint.new").write_bytes(b"half")
    assert latest(tmp_path) == run.checkpoint
    run.step = 1
    run.save()
    run.checkpoint.unlink()  # killed between the two renames
    assert latest(tmp_path).name == "checkpoint-000000000.safetensors"
    run.resume()
    assert run.step == 0


def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="is no checkpoint"):
        read_facts(tmp_path / "checkpoint.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not say its step"):
        read_facts(tmp_path / "other.safetensors")


def test_the_average_is_loaded_from_a_checkpoint(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.run(lambda n: loss_of(run, n), seconds=60)
    module = nn.Linear(3, 1)
    assert load_average(module, run.checkpoint) == 6
    assert torch.equal(module.weight, run.average["weight"])
    assert "exp_avg_sq/weight" in load_file(run.checkpoint)


def test_a_flat_rate_never_falls() -> None:
    plan = Plan(steps=10, learning_rate=1.0, warmup=2, decay_from=1.0)
    assert [plan.rate_at(step) for step in (0, 1, 9, 10)] == pytest.approx([0.5, 1.0, 1.0, 1.0])
