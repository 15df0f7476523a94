"""Every stage learns something in a few steps, and a killed run resumes to the very same weights."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from PIL import ImageOps
from safetensors import safe_open
from safetensors.torch import load_file

from generation.attention import visual_state_dict
from generation.evaluation.baselines.kept_branch import keep_branch
from generation.studio import decoding, looking, text_to_image, vision
from generation.studio.architecture import Widths
from generation.studio.attributes import CLASSES, SUBJECT_HEADS
from generation.studio.autoencoder import StudioAutoencoder, to_pictures, to_tensor
from generation.studio.batches import generator_at, pictures_of, validation_drawings
from generation.studio.drawn_pairs import PICTURE_ALONE, DrawnPairs
from generation.studio.text_to_image import TextToImage
from generation.studio.vision import Vision
from generation.studio.vision_networks import StudioEvaluator, StudioImageEncoder, new_evaluator
from generation.training.draws import draws_at
from generation.training.loop import Plan, Trainer
from generation.training.masking import place_mask
from generation.training.pairs import coverage_of

TINY = Widths(unet=(16, 32, 32), text=32)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def autoencoder():
    torch.manual_seed(0)
    model = StudioAutoencoder(widths=(16, 16, 16), blocks=1)
    model.fit_components(torch.cat([_bytes(pictures_of(validation_drawings(40)))]).numpy())
    return model


def tiny_encoder():
    classes = {head: CLASSES[head] for head in SUBJECT_HEADS}
    return StudioImageEncoder(widths=(16, 24, 32), layers=1, attention_heads=2, classes=classes, fine=True)


def _bytes(pictures):
    return torch.from_numpy(to_pictures(pictures))


def _base(autoencoder):
    torch.manual_seed(1)
    return TextToImage(TINY, autoencoder)


def _train(module, loss_at, out, steps, *, rate=3e-3, seconds=60.0, resume=False):
    plan = Plan(steps=steps, learning_rate=rate, warmup=5, log_every=5)
    trainer = Trainer(module, plan, out)
    if resume:
        trainer.resume()
    trainer.run(loss_at, seconds=seconds)
    return trainer


def _falls(module, loss_at, out, steps=24, rate=3e-3):
    """The loss of one and the same batch, before and after."""
    with torch.no_grad():
        before = loss_at(0).item()
    _train(module, lambda _step: loss_at(0), out, steps, rate=rate)
    with torch.no_grad():
        return before, loss_at(0).item()


def test_pictures_survive_the_round_trip_through_bytes():
    pictures = pictures_of(validation_drawings(2))
    assert torch.equal(to_tensor(to_pictures(pictures)), pictures)


def test_the_fitted_encoder_alone_rebuilds_pictures_it_never_saw(autoencoder):
    pictures = pictures_of(validation_drawings(60)[40:])
    latents = autoencoder.encode(pictures).latents
    assert latents.shape == (20, 16, 16, 16)
    assert 0.7 < latents.std() < 1.4
    error = (autoencoder.decode(latents).sample - pictures).square().mean()
    assert 10 * torch.log10(4 / error) > 21


def test_the_decoder_learns(autoencoder, tmp_path):
    before, after = _falls(autoencoder, lambda n: decoding.loss_at(autoencoder, 0, n, 4), tmp_path)
    assert after < 0.95 * before


def test_text_to_image_learns(autoencoder, tmp_path):
    base = _base(autoencoder)
    before, after = _falls(base, lambda n: text_to_image.loss_at(base, 0, n, 4), tmp_path)
    assert after < 0.9 * before


def test_the_encoder_learns(autoencoder, tmp_path):
    torch.manual_seed(2)
    encoder = tiny_encoder()
    before, after = _falls(encoder, lambda n: looking.encoder_loss_at(encoder, autoencoder, 0, n, 8), tmp_path)
    assert after < 0.9 * before


def test_the_evaluator_learns(autoencoder, tmp_path):
    torch.manual_seed(3)
    evaluator = StudioEvaluator(CLASSES, widths=(16, 24, 32), fine=True, profile=4, embedding=8)
    before, after = _falls(evaluator, lambda n: looking.evaluator_loss_at(evaluator, autoencoder, 0, n, 8), tmp_path)
    assert after < 0.9 * before


def test_the_visual_branch_starts_silent_learns_and_leaves_the_base_alone(autoencoder, tmp_path):
    torch.manual_seed(4)
    model = Vision(_base(autoencoder), tiny_encoder())
    frozen = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    learning = {n: p.clone() for n, p in model.named_parameters() if p.requires_grad}
    before, after = _falls(
        model, lambda n: vision.loss_at(model, 0, vision.LESSONS["elsewhere"], n, 4), tmp_path, steps=40, rate=1e-2
    )
    own = dict(model.named_parameters())
    assert after < before
    assert all(torch.equal(own[n], p) for n, p in frozen.items())
    assert all("visual_scoring" in n or not torch.equal(own[n], p) for n, p in learning.items())
    assert any("visual_scoring" in n and not torch.equal(own[n], p) for n, p in learning.items())


def test_text_image_pairs_alone_know_no_view_but_the_picture_itself():
    pairs = [DrawnPairs(3, PICTURE_ALONE).pair(number) for number in range(40)]
    whole = [pair for pair in pairs if pair.reference.tobytes() == pair.picture.tobytes()]
    cuts = [pair for pair in pairs if pair.reference.size != pair.picture.size]
    assert len(whole) + len(cuts) == 40
    assert 10 <= len(whole) <= 30
    for pair in cuts:
        assert any(_holds(pair.picture, part) for part in (pair.reference, ImageOps.mirror(pair.reference)))


def _holds(picture, part):
    """Whether the part was cut out of the picture."""
    sought = np.asarray(part)
    windows = sliding_window_view(np.asarray(picture), sought.shape)[:, :, 0]
    places = np.argwhere((windows[:, :, 0, 0] == sought[0, 0]).all(-1))
    return any((windows[down, right] == sought).all() for down, right in places)


def test_without_masks_in_training_the_reference_acts_everywhere():
    recipe = vision.LESSONS["picture"].recipe
    kinds = {draws_at(recipe, 1, step=step, rows=[step], latent=(1, 1, 1)).mask for step in range(60)}
    assert kinds == {"none"}


def test_a_branch_is_kept_and_put_on_its_base_alone(autoencoder, tmp_path):
    model = Vision(_base(autoencoder), tiny_encoder())
    trainer = Trainer(model, Plan(steps=2, warmup=1), tmp_path / "vision")
    trainer.run(partial(vision.loss_at, model, 0, vision.LESSONS["picture"], batch=2), seconds=60)
    assert keep_branch(model, trainer.checkpoint, tmp_path / "branch.safetensors", "a base", "picture") == 2
    with safe_open(tmp_path / "branch.safetensors", framework="pt") as stored:
        assert stored.metadata()["model"] == "a base"
        kept = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    learnt = visual_state_dict(model.base.unet)
    assert set(kept) == set(learnt)
    assert all(torch.allclose(kept[name].float(), learnt[name], atol=1e-3) for name in kept)


def test_a_perfect_mask_lies_on_the_subject():
    pairs = [DrawnPairs(0).pair(number) for number in range(4)]
    coverage = coverage_of(pairs)
    mask = place_mask(coverage, 0.25, (8, 8))
    assert mask.shape == (4, 1, 8, 8)
    assert ((mask > 0).flatten(1).sum(1) <= 16).all()
    cells = torch.nn.functional.interpolate(mask, scale_factor=16)[:, 0] > 0.9
    assert (coverage[:, 0] > 0.5)[cells].float().mean() > 0.7


def test_a_run_in_slices_ends_at_the_same_weights_as_an_unbroken_one(autoencoder, tmp_path):
    def finish(folder, slices):
        base = _base(autoencoder)
        trainer = Trainer(base, Plan(steps=8, warmup=2), tmp_path / folder)
        for last in slices:
            base = _base(autoencoder)
            trainer = Trainer(base, Plan(steps=8, warmup=2), tmp_path / folder)
            if trainer.checkpoint.exists():
                trainer.resume()
            while trainer.step < last:
                trainer._advance(lambda n: text_to_image.loss_at(base, 0, n, 2))  # noqa: B023
            trainer.save()
        return load_file(trainer.checkpoint)

    whole, sliced = finish("whole", [8]), finish("sliced", [3, 5, 8])
    assert whole.keys() == sliced.keys()
    assert all(torch.equal(whole[name], sliced[name]) for name in whole)


def test_a_stage_stopped_by_a_signal_leaves_a_checkpoint_it_resumes_from(tmp_path):
    command = [sys.executable, "-m", "generation.studio.train", "evaluator", "--out", str(tmp_path), "--minutes", "20"]
    command += ["--batch", "4", "--steps", "100000"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    log = tmp_path / "evaluator" / "log.jsonl"
    deadline = time.monotonic() + 400
    while not log.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    trainer = Trainer(new_evaluator(), Plan(steps=9), Path(tmp_path) / "evaluator")
    trainer.resume()
    assert trainer.step >= 50


def test_the_rate_warms_up_stays_and_falls_to_zero():
    plan = Plan(steps=1000, learning_rate=1.0, warmup=10, decay_from=0.6)
    rates = [plan.rate_at(step) for step in (0, 9, 500, 800, 1000)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[1:3] == pytest.approx([1.0, 1.0])
    assert rates[3] == pytest.approx(0.5)
    assert rates[4] == pytest.approx(0.0)


def test_another_seed_brings_other_noise_and_the_same_one_the_same() -> None:
    def noise(seed: int, step: int) -> torch.Tensor:
        return torch.randn(4, generator=generator_at(seed, step))

    assert torch.equal(noise(1, 2), noise(1, 2))
    assert not torch.equal(noise(1, 2), noise(2, 2))
    assert not torch.equal(noise(1, 2), noise(1, 3))
