"""Tiny random components: the whole pipeline on a CPU in seconds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import torch
from diffusers import UNet2DConditionModel
from PIL import Image, ImageDraw
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from generation.attention import attach
from generation.denoising import Denoiser
from generation.encoders import ClipText, SquareEncoder
from generation.evaluation.judge import Judge
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import STUDIO, Profile
from generation.projector import SmallProjector
from generation.spec import GenerationSpec, MaskDials
from generation.studio.tokenizer import build_tokenizer

WIDTH, VISION, CHANNELS, TOKENS = 32, 24, 4, 27
PROFILE: Profile = replace(STUDIO, width=128, height=128, mask_layers=())


class Patches(nn.Module):
    """16 patch tokens of a 32 x 32 picture."""

    def __init__(self) -> None:
        super().__init__()
        self.forwards = 0
        self.conv = nn.Conv2d(3, VISION, 8, stride=8)

    def forward(self, pixels: Tensor) -> Tensor:
        self.forwards += 1
        return self.conv(pixels).flatten(2).transpose(1, 2)


class Upsample(nn.Module):
    """Stands where the autoencoder does: 4 latent channels -> 3 colours at eight times the size."""

    config = SimpleNamespace(scaling_factor=1.0)
    dtype = torch.float32

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(CHANNELS, 3, 1)

    def decode(self, latent: Tensor) -> SimpleNamespace:
        return SimpleNamespace(sample=torch.tanh(nn.functional.interpolate(self.conv(latent), scale_factor=8)))


def unet(seed: int = 0) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        attention_head_dim=2,
        cross_attention_dim=WIDTH,
        norm_num_groups=8,
    ).eval()


def text_encoder() -> ClipText:
    tokenizer = build_tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return ClipText(tokenizer, CLIPTextModel(config).eval(), TOKENS)


def pipeline(seed: int = 0, *, scoring: bool = True, judge: Judge | None = None) -> RealCustomPipeline:
    net = unet(seed)
    projector = SmallProjector(VISION, WIDTH)
    attention = attach(net, projector, scoring=scoring)
    parts = Parts(
        denoiser=Denoiser(net, attention),
        autoencoder=Upsample().eval(),
        text_encoder=text_encoder(),
        visual_encoder=SquareEncoder(Patches().eval(), 32),
        projector=projector,
        judge=judge,
        digests={"unet": "0" * 64},
    )
    for module in (net, parts.autoencoder, projector):
        module.requires_grad_(False)
    return RealCustomPipeline(PROFILE, parts)


def reference() -> Image.Image:
    image = Image.new("RGB", (96, 128), (230, 235, 240))
    pen = ImageDraw.Draw(image)
    pen.rectangle((30, 30, 66, 110), fill=(200, 30, 40), outline=(40, 0, 0))
    pen.ellipse((38, 50, 58, 70), fill=(250, 220, 60))
    return image


def spec(**changes: object) -> GenerationSpec:
    values: dict[str, object] = {
        "profile": PROFILE.name,
        "prompt": "a bottle on the beach",
        "word": "bottle",
        "seed": 7,
        "reference_digests": ("0" * 64,),
        "steps": 4,
        "mask": MaskDials(stop_step=2),
    }
    return GenerationSpec(**(values | changes))
