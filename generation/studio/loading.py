"""The shipped studio model, checked against its SHA-256 and put together."""

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from generation.attention import VisualAttention, attach, load_visual_state_dict
from generation.projector import SmallProjector
from generation.studio.architecture import build_scheduler
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.vision_networks import StudioEvaluator, StudioImageEncoder
from generation.studio.weights import VISUAL_BRANCH, WEIGHTS, verify


@dataclass(frozen=True)
class StudioParts:
    """Everything a pipeline needs, in float32, in evaluation mode.

    `image_encoder` maps (b, 3, 128, 128) in -1..1 to tokens (b, 64, width). `attention` drives the visual branch,
    which is attached to `unet` (projector included, under its published name); both are None in a release without it.
    """

    unet: UNet2DConditionModel
    autoencoder: StudioAutoencoder
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDIMScheduler
    image_encoder: StudioImageEncoder | None
    projector: SmallProjector | None
    attention: VisualAttention | None


def _visual_branch(
    unet: UNet2DConditionModel, encoder: StudioImageEncoder, folder: Path
) -> tuple[SmallProjector, VisualAttention]:
    projector = SmallProjector(encoder.config["widths"][-1], int(unet.config["cross_attention_dim"]))
    attention = attach(unet, projector, scoring=True)
    state = load_file(folder / VISUAL_BRANCH)
    load_visual_state_dict(unet, {name: tensor.float() for name, tensor in state.items()})
    return projector, attention


def load_studio(folder: Path = WEIGHTS) -> StudioParts:
    """Loads and verifies. Raises weights.WeightsMissing or weights.WeightsAltered."""
    verify(folder)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    encoder = projector = attention = None
    if (folder / "image_encoder").is_dir():
        encoder = StudioImageEncoder.from_pretrained(folder / "image_encoder", torch_dtype=torch.float32).eval()
    if encoder is not None and (folder / VISUAL_BRANCH).is_file():
        projector, attention = _visual_branch(unet, encoder, folder)
    return StudioParts(
        unet=unet.eval(),
        autoencoder=StudioAutoencoder.from_pretrained(folder / "autoencoder", torch_dtype=torch.float32).eval(),
        text_encoder=CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval(),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer", model_max_length=MAX_LENGTH),
        scheduler=build_scheduler(),
        image_encoder=encoder,
        projector=projector,
        attention=attention,
    )


def load_evaluator(folder: Path = WEIGHTS) -> StudioEvaluator:
    """The network that names what a picture shows; the model it judges never saw it. Raises as `load_studio`."""
    verify(folder)
    evaluator: StudioEvaluator = StudioEvaluator.from_pretrained(folder / "evaluator", torch_dtype=torch.float32)
    evaluator.eval()
    return evaluator
