"""A base that grows draws what the smaller one drew, and goes on learning where it stopped."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from generation.studio import growing, text_to_image
from generation.studio.architecture import Widths
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.text_to_image import TextToImage
from generation.studio.vision_networks import StudioEvaluator
from generation.training.loop import Plan, Trainer

TINY = Widths(unet=(16, 32, 32), text=32)


def _base():
    return TextToImage(TINY, StudioAutoencoder(widths=(16, 16, 16), blocks=1))


def _smaller():
    """The same base without cross-attention at 16 x 16."""
    base = _base()
    config = dict(base.unet.config) | {"up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")}
    base.unet = UNet2DConditionModel.from_config(config)
    base.word_maps = text_to_image.watch(base.unet)
    return base


@pytest.fixture
def small(tmp_path):
    torch.manual_seed(0)
    base = _smaller()
    trainer = Trainer(base, Plan(steps=100, warmup=1), tmp_path / "small")
    for _ in range(2):
        trainer._advance(lambda n: text_to_image.loss_at(base, 0, n, 2))
    trainer.save()
    growing.write_vocabulary(base, trainer.out)
    return base, trainer


def _grown(small, tmp_path):
    torch.manual_seed(1)
    base = _base()
    trainer = Trainer(base, Plan(steps=100, warmup=1), tmp_path / "grown")
    growing.grow(base, trainer, small[1].checkpoint)
    return base, trainer


def _prediction(base):
    latents = torch.randn(2, 16, 16, 16, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return base.unet(latents, torch.tensor([700, 20]), base.text(["a red mug on the beach", ""])).sample


def test_a_grown_base_predicts_exactly_what_the_small_one_did(small, tmp_path):
    base, _ = _grown(small, tmp_path)
    assert sum(p.numel() for p in base.parameters()) > sum(p.numel() for p in small[0].parameters())
    assert torch.equal(_prediction(base), _prediction(small[0]))


def test_it_goes_on_at_the_same_step_with_the_same_optimiser_state_and_learns_in_its_new_layers(small, tmp_path):
    base, trainer = _grown(small, tmp_path)
    name = "unet.conv_in.weight"
    moment = trainer.optimizer.state[trainer.parameters[name]]["exp_avg_sq"]
    assert trainer.step == 2
    assert torch.equal(moment, load_file(small[1].checkpoint)[f"exp_avg_sq/{name}"])
    new = "unet.up_blocks.2.attentions.0.proj_out.weight"
    assert not trainer.parameters[new].any()
    trainer._advance(lambda n: text_to_image.loss_at(base, 0, n, 2))
    assert trainer.parameters[new].any()


def test_tokens_keep_their_rows_by_their_spelling(small, tmp_path):
    path = small[1].out / growing.VOCABULARY
    old = json.loads(path.read_text())
    mug, car = old["mug</w>"], old["car</w>"]
    path.write_text(json.dumps(old | {"mug</w>": car, "car</w>": mug}))
    base, _ = _grown(small, tmp_path)
    before, after = (b.text_encoder.get_input_embeddings().weight for b in (small[0], base))
    assert torch.equal(after[mug], before[car]) and torch.equal(after[car], before[mug])
    assert torch.equal(after[old["beach</w>"]], before[old["beach</w>"]])


def test_a_network_that_looks_takes_over_what_still_fits(tmp_path):
    torch.manual_seed(2)
    few, more = {"kind": ["mug", "bag"]}, {"kind": ["mug", "bag", "jar"]}
    old = Trainer(StudioEvaluator(few, widths=(8, 16, 16)), Plan(steps=9), tmp_path / "old")
    old.save()
    grown = StudioEvaluator(more, widths=(8, 16, 16), fine=True)
    heads = grown.heads["kind"].weight.clone()
    trainer = Trainer(grown, Plan(steps=9), tmp_path / "new")
    growing.warm_start(trainer, old.checkpoint)
    assert trainer.step == 0
    assert torch.equal(grown.trunk[1].conv1.weight, old.parameters["trunk.1.conv1.weight"])
    assert torch.equal(grown.heads["kind"].weight, heads)


def test_without_a_vocabulary_beside_the_checkpoint_nothing_is_guessed(small, tmp_path):
    lonely = tmp_path / "lonely" / "checkpoint.safetensors"
    lonely.parent.mkdir()
    save_file(load_file(small[1].checkpoint), lonely, metadata={"step": "2"})
    base = _base()
    with pytest.raises(FileNotFoundError, match=growing.VOCABULARY):
        growing.grow(base, Trainer(base, Plan(steps=9), tmp_path / "none"), lonely)
