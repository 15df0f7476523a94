"""Base and visual branch learn from the same rows, and each stage takes its half over afterwards."""

import random

import pytest
import torch
from safetensors.torch import load_file

from generation.attention import AttentionPass, Condition
from generation.influence import Influence
from generation.studio import together
from generation.studio.architecture import Widths
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.batches import generator_at
from generation.studio.growing import write_vocabulary
from generation.studio.text_to_image import TextToImage, noised, word_marks
from generation.studio.together import Together
from generation.studio.vision import Vision
from generation.studio.vision_networks import StudioImageEncoder
from generation.training.loop import Plan, Trainer, load_average

TINY = Widths(unet=(16, 32, 32), text=32)


def _base():
    torch.manual_seed(0)
    return TextToImage(TINY, StudioAutoencoder(widths=(16, 16, 16), blocks=1))


def _encoder():
    torch.manual_seed(1)
    return StudioImageEncoder(widths=(16, 24, 32), layers=1, attention_heads=2)


@pytest.fixture
def begun(tmp_path):
    """A base's checkpoint after one step, and the joint stage begun from it."""
    base = _base()
    alone = Trainer(base, Plan(steps=50, warmup=1), tmp_path / "text-to-image")
    alone.save()
    write_vocabulary(base, alone.out)
    model = Together(_base(), _encoder())
    return model, Trainer(model, Plan(steps=50, warmup=1, learning_rate=3e-3), tmp_path / "together"), alone


def test_half_of_the_rows_have_references_and_some_of_the_rest_blank_ones():
    rows = [together.rows_at(3, step, 8) for step in range(12)]
    assert all(len(r.references) == 4 and bool(r.shown[:4].all()) for r in rows)
    rest = torch.cat([r.shown[4:] for r in rows])
    captions = [caption for r in rows for caption in r.captions[4:]]
    assert 0 < rest.sum() < len(rest) / 2
    assert all(caption == "" for caption, shown in zip(captions, rest.tolist(), strict=True) if shown)
    assert not any(drawing.individual.held_out for r in rows for drawing in r.drawings)


def test_the_same_step_has_the_same_rows():
    first, second = together.rows_at(3, 5, 4), together.rows_at(3, 5, 4)
    assert first.captions == second.captions
    assert torch.equal(first.references, second.references)
    assert first.captions != together.rows_at(3, 6, 4).captions


def test_at_first_references_change_nothing(begun):
    model, rows = begun[0], together.rows_at(0, 0, 4)
    latents, times = torch.randn(4, 16, 16, 16, generator=torch.Generator().manual_seed(2)), torch.tensor([900] * 4)
    with torch.no_grad():
        text = model.base.text(rows.captions)
        influence = Influence(model.tokens(rows), rows.acting, None, (1.0,) * len(rows.acting))
        current = AttentionPass(Condition(text), 16, 16, time=times / 1000, influence=influence)
        with model.attention.running(current):
            seen = model.base.unet(latents, times, text).sample
        torch.testing.assert_close(seen, model.base.unet(latents, times, text).sample, rtol=1e-4, atol=1e-5)


def test_references_act_under_the_models_own_mask_a_perfect_one_or_none(begun):
    model, rows = begun[0], together.rows_at(0, 0, 4)
    asked = noised(model.base, rows.drawings, generator_at(0, 0))
    ids = model.base.token_ids(rows.captions)
    words, text = word_marks(model.base, ids, rows.drawings), model.base.text(rows.captions)
    masks = [together.mask_for(model, rows, asked, text, words, rng=random.Random(seed)) for seed in range(12)]
    found = [mask for mask in masks if mask is not None]
    assert 0 < len(found) < len(masks)
    assert all(mask.shape == (len(rows.acting), 1, 8, 8) and 0 < mask.max() <= 1 for mask in found)


def test_both_halves_learn_and_the_encoder_stays(begun):
    model, trainer, _ = begun
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    with torch.no_grad():
        first = together.loss_at(model, 0, 0, 4).item()
    trainer.run(lambda _: together.loss_at(model, 0, 0, 4), seconds=120)
    with torch.no_grad():
        assert together.loss_at(model, 0, 0, 4).item() < 0.9 * first
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert any("to_v_vision" in name for name in moved) and any("conv_in" in name for name in moved)
    assert not any(name.startswith("encoder.") for name in moved)


def test_the_stages_go_on_with_their_halves(begun, tmp_path):
    model, trainer, alone = begun
    together.adopt_base(trainer, alone.checkpoint)
    for _ in range(2):
        trainer._advance(lambda n: together.loss_at(model, 0, n, 4))
    trainer.save()
    together.split(trainer.checkpoint, tmp_path)

    base = _base()
    again = Trainer(base, Plan(steps=50), tmp_path / "text-to-image")
    again.resume()
    assert again.step == 2
    assert torch.equal(base.unet.conv_in.weight, model.base.unet.conv_in.weight)

    branch = Vision(base, _encoder())
    load_average(branch, tmp_path / "vision" / "checkpoint.safetensors")
    name = "base.unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v_vision.weight"
    assert torch.equal(dict(branch.named_parameters())[name], trainer.average[name])
    assert not any("vision" in key for key in load_file(alone.checkpoint))


def test_an_error_on_the_subject_weighs_more():
    coverage = torch.zeros(1, 1, 128, 128)
    coverage[..., :64] = 1
    subject, background = torch.zeros(1, 16, 16, 16), torch.zeros(1, 16, 16, 16)
    subject[..., :8], background[..., 8:] = 1, 1
    on_subject, beside = (together.weighted_error(error, coverage) for error in (subject, background))
    assert on_subject == pytest.approx((1 + together.SUBJECT_WEIGHT) * beside)
    assert together.weighted_error(subject + background, coverage) == pytest.approx(1)
