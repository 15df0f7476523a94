"""Tiny random models of the true kinds, as folders on disk, and folders of drawn pictures with captions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from PIL import Image
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from generation.profiles import SD15, SDXL_REALCUSTOM, STUDIO
from generation.studio.tokenizer import build_tokenizer
from generation.studio.world.render import draw_picture
from generation.training.bases import Ground, sd15_ground, sdxl_ground, studio_ground

SIDE = 64
TEXT, SECOND = 16, 16
PROFILES = {
    "sd15": replace(SD15, width=SIDE, height=SIDE),
    "sdxl-realcustom": replace(SDXL_REALCUSTOM, width=SIDE, height=SIDE),
    "studio": STUDIO,
}


def unet(width: int, **changes: Any) -> UNet2DConditionModel:
    settings: dict[str, Any] = {
        "sample_size": SIDE // 8,
        "block_out_channels": (16, 32),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": 1,
        "attention_head_dim": 2,
        "cross_attention_dim": width,
        "norm_num_groups": 8,
    }
    return UNet2DConditionModel(**(settings | changes))


def vae() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    )


def text_config(width: int) -> CLIPTextConfig:
    tokenizer = build_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def write_sd15(folder: Path, *, prediction: str = "epsilon") -> Path:
    torch.manual_seed(0)
    unet(TEXT).save_pretrained(folder / "unet")
    vae().save_pretrained(folder / "vae")
    CLIPTextModel(text_config(TEXT)).save_pretrained(folder / "text_encoder")
    build_tokenizer().save_pretrained(folder / "tokenizer")
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=7
    )
    both = CLIPConfig(text_config=text_config(TEXT).to_dict(), vision_config=vision.to_dict(), projection_dim=16)
    CLIPModel(both).save_pretrained(folder / "clip")
    build_tokenizer().save_pretrained(folder / "clip")
    DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction
    ).save_pretrained(folder / "scheduler")
    return folder


def write_sdxl(folder: Path) -> Path:
    torch.manual_seed(0)
    micro = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    unet(TEXT + SECOND, **micro, projection_class_embeddings_input_dim=SECOND + 6 * 8).save_pretrained(folder / "unet")
    vae().save_pretrained(folder / "vae")
    CLIPTextModel(text_config(TEXT)).save_pretrained(folder / "text_encoder")
    CLIPTextModelWithProjection(text_config(SECOND)).save_pretrained(folder / "text_encoder_2")
    for name in ("tokenizer", "tokenizer_2"):
        build_tokenizer().save_pretrained(folder / name)
    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
    SiglipVisionModel(SiglipVisionConfig(intermediate_size=32, **size)).save_pretrained(folder / "siglip")
    dino = Dinov2WithRegistersConfig(**size, num_register_tokens=2)
    Dinov2WithRegistersModel(dino).save_pretrained(folder / "dinov2")
    return folder


def ground(name: str, folder: Path) -> Ground:
    """The profile's ground, its base written first where it is not in the box."""
    if name == "studio":
        return studio_ground()
    if name == "sd15":
        write_sd15(folder)
        return sd15_ground(folder, "cpu", torch.float32, PROFILES[name])
    write_sdxl(folder)
    return sdxl_ground(folder, "cpu", torch.float32, PROFILES[name], siglip_block=1, dino_block=1)


def write_pairs(folder: Path, count: int = 8) -> Path:
    """Pictures of the drawn world with a caption beside each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        drawing = draw_picture(number)
        Image.fromarray(drawing.picture).save(folder / f"{number:03}.png")
        (folder / f"{number:03}.txt").write_text(drawing.caption)
    return folder


def write_metadata(folder: Path, entries: list[dict[str, Any]]) -> Path:
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(entry) for entry in entries))
    return folder
