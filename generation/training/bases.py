"""Which frozen model does a profile train on, and how does it draw afterwards?

studio             the shipped weights
sd15               unet/ vae/ text_encoder/ tokenizer/ clip/
sdxl-realcustom    unet/, or realcustom/ as released, of which the base alone is taken; vae/ text_encoder/
                   text_encoder_2/ tokenizer/ tokenizer_2/ siglip/ dinov2/
scheduler/ is read where it is there; without it the noise schedule of Stable Diffusion is taken, predicting noise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer, CLIPVisionModel

from generation.attention import VisualAttention, attach, is_visual, load_visual_state_dict
from generation.clip_vision import ClipPatches
from generation.denoising import Denoiser
from generation.downloads import file_sha256
from generation.encoders import ClipText, SquareEncoder
from generation.evaluation.judge import Judge
from generation.frozen import frozen
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import SD15, SDXL_REALCUSTOM, STUDIO, Profile
from generation.projector import HighResProjector, Projector, SmallProjector
from generation.published import WeightsMismatch
from generation.published_encoder import DINO_BLOCKS, SIGLIP_BLOCKS
from generation.published_pipeline import load_surroundings
from generation.studio.loading import load_studio
from generation.studio.weights import WEIGHTS, base_digest
from generation.training.base import Base
from generation.training.export import check_base, read_branch

SD15_FOLDERS: Final = ("unet", "vae", "text_encoder", "tokenizer", "clip")
SDXL_FOLDERS: Final = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "siglip", "dinov2")
STUDIO_SIDE: Final = 128


class BaseUnavailable(RuntimeError):
    """There is no base to train on in the folder; the message names what is missing."""


@dataclass(frozen=True)
class Ground:
    """A frozen base, the untrained projector that fits it, and the SHA-256 (hex) of its weight files by name."""

    profile: Profile
    base: Base
    projector: Projector
    digests: dict[str, str]


def load_ground(
    profile: Profile, folder: Path | None = None, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> Ground:
    """Load what a profile trains on; the studio's own is in the box. dtype: of the frozen UNet and encoders.

    Raises BaseUnavailable, WeightsMismatch, or the studio's WeightsMissing and WeightsAltered.
    """
    if profile.name == STUDIO.name:
        return studio_ground(folder or WEIGHTS, device, profile)
    if folder is None:
        raise BaseUnavailable(f"“{profile.name}” trains on a base that is not in the box: name its folder with --base")
    if profile.name == SD15.name:
        return sd15_ground(folder, device, dtype, profile)
    if profile.name == SDXL_REALCUSTOM.name:
        return sdxl_ground(folder, device, dtype, profile)
    raise BaseUnavailable(f"nobody has taught “{profile.name}” to be trained")


def studio_ground(
    folder: Path = WEIGHTS,
    device: str = "cpu",
    profile: Profile = STUDIO,
    *,
    encoder: type[SquareEncoder] = SquareEncoder,
) -> Ground:
    """The released small model, in float32 whatever the device. encoder: what makes references ready for it."""
    parts = load_studio(folder)
    if parts.image_encoder is None:
        raise BaseUnavailable(f"the studio model in {folder} has no image encoder: train the stage “encoder” first")
    for module in (parts.unet, parts.autoencoder, parts.text_encoder, parts.image_encoder):
        module.to(device).eval().requires_grad_(False)
    base = Base(
        parts.unet,
        parts.autoencoder,
        ClipText(parts.tokenizer, parts.text_encoder, profile.max_tokens),
        encoder(parts.image_encoder, STUDIO_SIDE),
        parts.scheduler,
        mask_layers=profile.mask_layers,
    )
    projector = SmallProjector(parts.image_encoder.config["widths"][-1], _text_width(parts.unet))
    return Ground(profile, base, projector, {"base": base_digest(folder)})


def sd15_ground(folder: Path, device: str, dtype: torch.dtype, profile: Profile = SD15) -> Ground:
    """Stable Diffusion 1.5 and the image half of CLIP."""
    _require(folder, SD15_FOLDERS)
    unet = frozen(UNet2DConditionModel, folder / "unet", device, dtype)
    encoder = frozen(CLIPVisionModel, folder / "clip", device, dtype)
    text = frozen(CLIPTextModel, folder / "text_encoder", device, dtype)
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    base = Base(
        unet,
        frozen(AutoencoderKL, folder / "vae", device, torch.float32),
        ClipText(tokenizer, text, profile.max_tokens),
        ClipPatches(encoder),
        _scheduler(folder),
        mask_layers=profile.mask_layers,
    )
    projector = SmallProjector(encoder.config.hidden_size, _text_width(unet)).to(device)
    return Ground(profile, base, projector, _digests(folder, "unet"))


def sdxl_ground(
    folder: Path,
    device: str,
    dtype: torch.dtype,
    profile: Profile = SDXL_REALCUSTOM,
    *,
    siglip_block: int = SIGLIP_BLOCKS[-1],
    dino_block: int = DINO_BLOCKS[-1],
) -> Ground:
    """SDXL, SigLIP and DINOv2, with the released projector's shape."""
    whole = (folder / "unet").is_dir()
    _require(folder, SDXL_FOLDERS if whole else (*SDXL_FOLDERS, "realcustom"))
    unet = frozen(UNet2DConditionModel, folder / "unet", device, dtype) if whole else _released_base(folder, dtype)
    around = load_surroundings(
        folder, device, dtype, profile.max_tokens, siglip_blocks=(siglip_block,), dino_blocks=(dino_block,)
    )
    base = Base(
        unet.to(device),
        around.autoencoder,
        around.text_encoder,
        around.visual_encoder,
        _scheduler(folder),
        mask_layers=profile.mask_layers,
    )
    projector = HighResProjector(around.width, _text_width(unet)).to(device)
    return Ground(profile, base, projector, _digests(folder, "unet" if whole else "realcustom"))


def _released_base(folder: Path, dtype: torch.dtype) -> UNet2DConditionModel:
    """SDXL's UNet out of the release's files, whose visual branch is left. Raises WeightsMismatch."""
    settings = json.loads((folder / "realcustom" / "unet_config.json").read_text())
    settings.pop("image_prompt_settings", None)
    unet = UNet2DConditionModel.from_config({k: v for k, v in settings.items() if not k.startswith("_")})
    state: dict[str, torch.Tensor] = {}
    for file in sorted((folder / "realcustom").glob("*.safetensors")):
        state |= {name: tensor for name, tensor in load_file(file).items() if not is_visual(name)}
    lacking = sorted(unet.state_dict().keys() - state.keys())
    if lacking:
        raise WeightsMismatch(f"{folder / 'realcustom'} lacks parameters of the UNet: {', '.join(lacking[:5])}")
    unet.load_state_dict(state, strict=True)
    if dtype != torch.float32:
        unet.to(dtype)
    return unet.eval().requires_grad_(False)


def _require(folder: Path, names: tuple[str, ...]) -> None:
    lacking = [name for name in names if not (folder / name).is_dir()]
    if lacking:
        raise BaseUnavailable(f"{folder} lacks {', '.join(lacking)}: put the base's folders there")


def _scheduler(folder: Path) -> Any:
    if (folder / "scheduler").is_dir():
        return DDPMScheduler.from_pretrained(folder / "scheduler")
    return DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def _text_width(unet: UNet2DConditionModel) -> int:
    return int(unet.config["cross_attention_dim"])


def _digests(folder: Path, part: str) -> dict[str, str]:
    files = sorted((folder / part).glob("*.safetensors"))
    return {file.relative_to(folder).as_posix(): file_sha256(file) for file in files}


def pipeline_of(
    ground: Ground, attention: VisualAttention, digests: dict[str, str], judge: Judge | None = None
) -> RealCustomPipeline:
    """Draws with a base and the branch on it; digests of both go into what a picture is made of."""
    base = ground.base
    return RealCustomPipeline(
        replace(ground.profile, scored=True),
        Parts(
            denoiser=Denoiser(base.unet, attention),
            autoencoder=base.autoencoder,
            text_encoder=base.text_encoder,
            visual_encoder=base.visual_encoder,
            projector=ground.projector,
            judge=judge,
            digests=digests,
        ),
    )


def trained_pipeline(ground: Ground, branch: Path, judge: Judge | None = None) -> RealCustomPipeline:
    """A pipeline that draws with an exported branch (`export.read_branch`) on the base it was trained on.

    Raises WeightsMismatch where the branch was trained on another base.
    """
    exported = read_branch(branch)
    check_base(branch, exported.base, ground.digests)
    return with_branch(ground, exported.state, ground.digests | {f"visual/{branch.name}": exported.sha256}, judge)


def with_branch(
    ground: Ground, state: dict[str, torch.Tensor], digests: dict[str, str], judge: Judge | None = None
) -> RealCustomPipeline:
    """The pipeline of a base and the tensors of a branch. Raises KeyError where their names differ."""
    unet = ground.base.unet
    attention = attach(unet, ground.projector.to(unet.device, unet.dtype), scoring=True)
    load_visual_state_dict(unet, {name: tensor.to(unet.device, unet.dtype) for name, tensor in state.items()})
    unet.eval().requires_grad_(False)
    return pipeline_of(ground, attention, digests, judge)
