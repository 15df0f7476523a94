"""The released SDXL model, put together from a folder of safetensors.

realcustom/unet_config.json      the release's configuration
realcustom/*.safetensors         SDXL's UNet and RealCustom's weights, in one file or several
vae/ text_encoder/ text_encoder_2/ tokenizer/ tokenizer_2/      as in stabilityai/stable-diffusion-xl-base-1.0
siglip/ dinov2/                  google/siglip-so400m-patch14-384, facebook/dinov2-with-registers-large
clip/                            openai/clip-vit-large-patch14; optional: only scores pictures
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextModel, CLIPTokenizer, Dinov2WithRegistersModel, SiglipVisionModel

from generation.denoising import Denoiser
from generation.downloads import file_sha256
from generation.encoders import DualClipText
from generation.evaluation.photo_judge import photo_judge
from generation.frozen import dtype_on, frozen
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import SDXL_REALCUSTOM, Profile
from generation.published import load_published
from generation.published_encoder import DINO_BLOCKS, SIGLIP_BLOCKS, PublishedEncoder

FOLDERS = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "siglip", "dinov2")


def missing_parts(folder: Path) -> list[str]:
    """What the folder lacks; empty when the model can be loaded."""
    missing = [name for name in FOLDERS if not (folder / name).is_dir()]
    if not (folder / "realcustom" / "unet_config.json").is_file():
        missing.append("realcustom/unet_config.json")
    if not release_files(folder):
        missing.append("realcustom/*.safetensors")
    return missing


def load_published_pipeline(
    folder: Path,
    device: str = "cpu",
    profile: Profile = SDXL_REALCUSTOM,
    *,
    siglip_blocks: tuple[int, ...] = SIGLIP_BLOCKS,
    dino_blocks: tuple[int, ...] = DINO_BLOCKS,
) -> RealCustomPipeline:
    """bfloat16 on a GPU, as the release; float32 on a CPU. The autoencoder stays in float32: SDXL's overflows in half.
    `text_encoder_2` is loaded without its projection: the release wants the pooler's output before it.

    Raises WeightsMismatch, or OSError for a missing part (ask `missing_parts` first).
    """
    files = release_files(folder)
    model = load_published(files, folder / "realcustom" / "unet_config.json", dtype_on(device))
    model.unet.to(device)
    around = load_surroundings(
        folder, device, dtype_on(device), profile.max_tokens, siglip_blocks=siglip_blocks, dino_blocks=dino_blocks
    )
    return RealCustomPipeline(
        profile,
        Parts(
            denoiser=Denoiser(model.unet, model.attention),
            autoencoder=around.autoencoder,
            text_encoder=around.text_encoder,
            visual_encoder=around.visual_encoder,
            projector=model.projector,
            judge=photo_judge(folder, device, around.dino),
            digests={f"realcustom/{file.name}": file_sha256(file) for file in files},
        ),
    )


@dataclass(frozen=True)
class Surroundings:
    """What stands around SDXL's UNet, frozen. width: of the visual encoder's tokens."""

    autoencoder: AutoencoderKL
    text_encoder: DualClipText
    visual_encoder: PublishedEncoder
    dino: Dinov2WithRegistersModel
    width: int


def load_surroundings(
    folder: Path,
    device: str,
    dtype: torch.dtype,
    max_tokens: int,
    *,
    siglip_blocks: tuple[int, ...] = SIGLIP_BLOCKS,
    dino_blocks: tuple[int, ...] = DINO_BLOCKS,
) -> Surroundings:
    """The same for drawing with the release's branch and for training another one."""
    texts = [frozen(CLIPTextModel, folder / name, device, dtype) for name in ("text_encoder", "text_encoder_2")]
    tokenizers = [CLIPTokenizer.from_pretrained(folder / name) for name in ("tokenizer", "tokenizer_2")]
    siglip = frozen(SiglipVisionModel, folder / "siglip", device, dtype)
    dino = frozen(Dinov2WithRegistersModel, folder / "dinov2", device, dtype)
    return Surroundings(
        autoencoder=frozen(AutoencoderKL, folder / "vae", device, torch.float32),
        text_encoder=DualClipText((tokenizers[0], tokenizers[1]), (texts[0], texts[1]), max_tokens),
        visual_encoder=PublishedEncoder(
            siglip, dino, side=siglip.config.image_size, siglip_blocks=siglip_blocks, dino_blocks=dino_blocks
        ),
        dino=dino,
        width=siglip.config.hidden_size + dino.config.hidden_size,
    )


def release_files(folder: Path) -> list[Path]:
    """The UNet's files; later ones win."""
    return sorted((folder / "realcustom").glob("*.safetensors"))
