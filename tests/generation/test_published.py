"""Is the released model put together as released? Random weights of the true kinds, a few channels wide."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from generation.encoders import DualClipText
from generation.profiles import SDXL_REALCUSTOM
from generation.published import WeightsMismatch, convert_pickle, load_published
from generation.published_encoder import PublishedEncoder, views
from generation.published_pipeline import load_published_pipeline, missing_parts
from generation.studio.tokenizer import build_tokenizer
from tests.generation import dummy

GOLDEN = Path(__file__).parent / "golden" / "highres"
SIDE = 28


def siglip() -> SiglipVisionModel:
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=64,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=14,
        )
    ).eval()


def dinov2() -> Dinov2WithRegistersModel:
    return Dinov2WithRegistersModel(
        Dinov2WithRegistersConfig(
            hidden_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=56,
            patch_size=14,
            num_register_tokens=4,
        )
    ).eval()


def text_model(width: int, *, projected: bool) -> CLIPTextModel:
    tokenizer = build_tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=20,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like the release; the UNet is the golden one (text 64 = 16 + 48 wide, vision 128 = 64 + 64)."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("sdxl")
    state = load_file(GOLDEN / "published_unet.safetensors")
    (folder / "realcustom").mkdir()
    visual = {k: v for k, v in state.items() if "vision" in k}
    save_file({k: v for k, v in state.items() if k not in visual}, folder / "realcustom" / "1-unet.safetensors")
    save_file(visual, folder / "realcustom" / "2-realcustom.safetensors")
    (folder / "realcustom" / "unet_config.json").write_text((GOLDEN / "unet_config.json").read_text())
    AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=0.13025,
    ).save_pretrained(folder / "vae")
    text_model(16, projected=False).save_pretrained(folder / "text_encoder")
    text_model(48, projected=True).save_pretrained(folder / "text_encoder_2")
    for name in ("tokenizer", "tokenizer_2"):
        build_tokenizer().save_pretrained(folder / name)
    siglip().save_pretrained(folder / "siglip")
    dinov2().save_pretrained(folder / "dinov2")
    return folder


def test_the_release_draws_from_its_folder(release: Path) -> None:
    assert missing_parts(release) == []
    profile = replace(SDXL_REALCUSTOM, width=128, height=128)
    pipe = load_published_pipeline(release, profile=profile, siglip_blocks=(0, 1), dino_blocks=(0, 1))
    spec = dummy.spec(profile="sdxl-realcustom", width=192, height=128)
    result = pipe.draw(spec, [dummy.reference()])
    assert result.image.size == (192, 128)
    assert result.masks.shape == (4, 8, 12)
    assert result.environment["sampler"].startswith("DPMSolverSinglestepScheduler(epsilon")
    assert set(pipe.parts.digests) == {"realcustom/1-unet.safetensors", "realcustom/2-realcustom.safetensors"}
    assert pipe.draw(spec, [dummy.reference()]).pixel_digest == result.pixel_digest
    assert pipe.draw(spec, [dummy.reference().rotate(180)]).pixel_digest != result.pixel_digest


def test_a_folder_without_parts_names_them(tmp_path: Path) -> None:
    assert "siglip" in missing_parts(tmp_path)
    assert "realcustom/*.safetensors" in missing_parts(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"conv_in.bias": None}, "1 missing in the file: conv_in.bias"),
        ({"surprise": torch.zeros(1)}, "1 unexpected in the file: surprise"),
        ({"conv_in.bias": torch.zeros(3)}, "1 of another shape: conv_in.bias"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    tmp_path: Path, change: dict[str, torch.Tensor | None], sentence: str
) -> None:
    state = load_file(GOLDEN / "published_unet.safetensors") | change
    save_file({k: v for k, v in state.items() if v is not None}, tmp_path / "unet.safetensors")
    with pytest.raises(WeightsMismatch, match=sentence):
        load_published(tmp_path / "unet.safetensors", GOLDEN / "unet_config.json")


def test_an_unknown_projector_is_named(tmp_path: Path) -> None:
    config = json.loads((GOLDEN / "unet_config.json").read_text())
    config["image_prompt_settings"]["vision_projection_config"]["target"] = "models.projectors.Other"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="unknown projector 'Other'"):
        load_published(GOLDEN / "published_unet.safetensors", tmp_path / "config.json")


def test_the_pickle_is_converted_without_running_code(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.arange(3.0)}}, tmp_path / "weights.pth")
    convert_pickle(tmp_path / "weights.pth", tmp_path / "weights.safetensors")
    assert load_file(tmp_path / "weights.safetensors")["a"].tolist() == [0, 1, 2]
    torch.save({"a": Path("/")}, tmp_path / "evil.pth")
    with pytest.raises(Exception, match=r"weights_only|Unsupported"):
        convert_pickle(tmp_path / "evil.pth", tmp_path / "evil.safetensors")


def test_both_encoders_see_the_whole_and_four_samplings_of_it() -> None:
    encoder = PublishedEncoder(siglip(), dinov2(), side=SIDE, siglip_blocks=(0, 1), dino_blocks=(0, 1))
    with torch.inference_mode():
        features = encoder.encode([dummy.reference(), dummy.reference().rotate(90)])
        blank = encoder.blank()
    assert features.deep.shape == (2, 4, 128)
    assert features.local is not None
    assert features.local.shape == (2, 16, 128)
    assert [s.shape for s in features.shallow] == [(2, 4, 128)]
    assert blank.deep.shape == (1, 4, 128)
    assert not torch.allclose(features.deep[0], features.deep[1])


def test_a_block_is_read_after_it_ran_without_the_final_norm() -> None:
    model = siglip()
    encoder = PublishedEncoder(model, dinov2(), side=SIDE, siglip_blocks=(1,), dino_blocks=(1,))
    seen: list[torch.Tensor] = []
    layers = next(m for n, m in model.named_modules() if n.endswith("encoder.layers"))
    layers[1].register_forward_hook(lambda _m, _i, out: seen.append(out[0] if isinstance(out, tuple) else out))
    with torch.inference_mode():
        deep = encoder.encode([dummy.reference()]).deep
    assert torch.equal(deep[..., :64], seen[0])


def test_the_four_views_together_are_the_picture() -> None:
    pixels = torch.rand(1, 3, 8, 8)
    back = torch.nn.functional.pixel_shuffle(torch.stack(views(pixels), dim=2).flatten(1, 2), 2)
    assert torch.equal(back, pixels)


def test_a_black_picture_is_the_blank() -> None:
    encoder = PublishedEncoder(siglip(), dinov2(), side=SIDE, siglip_blocks=(1,), dino_blocks=(1,))
    black = Image.fromarray(np.zeros((90, 70, 3), np.uint8))
    with torch.inference_mode():
        assert torch.allclose(encoder.encode([black]).deep, encoder.blank().deep, atol=1e-6)


def test_text_is_penultimate_and_pooled_is_not_projected() -> None:
    first, second = text_model(16, projected=False), text_model(48, projected=False)
    tokenizer = build_tokenizer()
    with torch.inference_mode():
        features = DualClipText((tokenizer, tokenizer), (first, second)).encode(["a bottle"])
        ids = tokenizer(["a bottle"], padding="max_length", max_length=77, return_tensors="pt").input_ids
        outputs = second(ids, output_hidden_states=True)
    assert features.tokens.shape == (1, 77, 64)
    assert torch.equal(features.tokens[..., 16:], outputs.hidden_states[-2])
    assert features.pooled is not None
    assert torch.equal(features.pooled, outputs.pooler_output)
