"""IP-Adapter: the whole reference everywhere, its weights learnt with the base frozen, resumed and read back."""

import importlib.util
import sys
from dataclasses import replace

import pytest
import torch

from generation.evaluation.baselines import lora
from generation.evaluation.baselines.adapter import SCALES, adapters
from generation.evaluation.baselines.adapter_training import AdapterBranch, export, loss_at
from generation.evaluation.baselines.branches import is_adapters, own_copy, with_branch
from generation.evaluation.baselines.settings import Adapter
from generation.evaluation.methods import Ours, Prepared
from generation.published import WeightsMismatch
from generation.studio.drawing import How
from generation.training.loop import Trainer

SETTING = Adapter(steps=12, learning_rate=3e-3, batch=4, warmup=1, decay_from=1.0)


def _trained(parts, out, steps, *, resume=False, at=None):
    branch = AdapterBranch(parts)
    trainer = Trainer(branch, replace(SETTING, steps=steps).plan, out)
    if resume:
        trainer.resume()
    trainer.run(at or (lambda step: loss_at(branch, SETTING, step)), seconds=60)
    return branch, trainer


@pytest.fixture(scope="module")
def acting(parts):
    """The tiny model with a reference that acts strongly, its scoring far from even."""
    own = own_copy(parts)
    torch.manual_seed(5)
    with torch.no_grad():
        for layer in own.attention.layers:
            layer.to_v_vision.weight.normal_(0, 0.5)
            layer.visual_scoring.from_text.weight.normal_(0, 2)
    return own


@pytest.fixture
def file(acting, tmp_path):
    export(AdapterBranch(acting), tmp_path / "adapter.safetensors", SETTING, "a base")
    return tmp_path / "adapter.safetensors"


def test_training_lowers_the_loss_and_leaves_the_base_as_it_is(parts, tmp_path):
    branch = AdapterBranch(parts)
    base = {n: t.clone() for n, t in branch.unet.state_dict().items() if not is_adapters(n)}
    trainer = Trainer(branch, SETTING.plan, tmp_path)
    with torch.no_grad():
        before = loss_at(branch, SETTING, 0).item()
    trainer.run(lambda _step: loss_at(branch, SETTING, 0), seconds=60)
    with torch.no_grad():
        assert loss_at(branch, SETTING, 0).item() < before
    assert all(torch.equal(tensor, branch.unet.state_dict()[name]) for name, tensor in base.items())
    assert not any("visual_scoring" in name for name in trainer.parameters)
    given = parts.unet.state_dict()
    assert all(torch.equal(tensor, given[name]) for name, tensor in AdapterBranch(parts).unet.state_dict().items())


def test_a_stopped_training_goes_on_to_the_same_weights(parts, tmp_path):
    whole, _ = _trained(parts, tmp_path / "whole", 6)
    _trained(parts, tmp_path / "cut", 3)
    resumed, trainer = _trained(parts, tmp_path / "cut", 6, resume=True)
    assert trainer.step == 6
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))


def test_what_was_exported_is_read_back_onto_its_base_and_onto_no_other(acting, parts, file):
    own = with_branch(parts, file, "a base")
    for name, tensor in own.unet.state_dict().items():
        source = acting if is_adapters(name) else parts
        assert torch.allclose(tensor, source.unet.state_dict()[name], atol=1e-3)
    with pytest.raises(WeightsMismatch, match="another base"):
        with_branch(parts, file, "some other base")


def test_the_reference_acts_everywhere_and_its_scale_says_how_much(parts, row, file):
    swept = adapters(parts, "a base", (0.0, 0.5, 1.0), file)
    plain = Ours("words alone", parts, How(influence=0.0)).draw([row], Prepared())
    silent, half, whole = (method.draw([row], Prepared()) for method in swept)
    assert torch.allclose(silent, plain, atol=1e-3)
    changed = (whole - plain).abs().mean(1)[0]
    assert (changed > 1e-4).float().mean() > 0.95
    assert 0 < (half - plain).abs().mean() < (whole - plain).abs().mean()


def test_no_scoring_weighs_the_reference(acting, row, file):
    adapter = adapters(acting, "a base", (1.0,), file)[0]
    first = adapter.draw([row], Prepared())
    with torch.no_grad():
        for layer in adapter.parts.attention.layers:
            layer.visual_scoring.from_text.weight.normal_(0, 9)
    assert torch.equal(first, adapter.draw([row], Prepared()))


def test_settings_tell_weights_and_scales_apart(parts, file):
    settings = [method.settings for method in adapters(parts, "a base", SCALES, file)]
    assert len({tell["influence"] for tell in settings}) == len(SCALES)
    assert len({tell["weights"] for tell in settings}) == 1
    assert all(not tell["scored"] and tell["binary"] for tell in settings)


def test_without_peft_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    spec = importlib.util.spec_from_file_location("a_fresh_copy", lora.__file__)
    with pytest.raises(ModuleNotFoundError, match="baselines"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
