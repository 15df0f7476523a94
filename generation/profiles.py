"""Which model draws? Facts about each, for pages, workers and the command line. No torch.

Where a fact could not be checked from here, it is left empty rather than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from generation.weight_files import (
    CLIP,
    DINO,
    REALCUSTOM,
    REALCUSTOM_CONFIG,
    SD15_BASE,
    SDXL_PARTS,
    SDXL_UNET,
    SIGLIP,
    Weights,
)

SamplerName = Literal["published", "trailing"]
Seen = Literal["padded", "stretched"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One model.

    width, height: the native picture size in pixels; sizes must be multiples of `multiple`.
    guidance_scale: of release guidance; text_scale, image_scale: of paper guidance.
    scored: it has a scoring module, so a request's quantity matters; otherwise all visual tokens get in.
    max_tokens: the text encoder's limit, start and end included.
    mask_layers: the cross-attentions, counted in order of execution, whose maps make the mask; empty takes all, as the
    release does.
    seen: how the image encoder makes a reference square.
    shipped: the weights are part of this package. cannot_draw: what to tell a person before they try.
    """

    name: str
    title: str
    width: int
    height: int
    steps: int
    guidance_scale: float
    text_scale: float
    image_scale: float
    sampler: SamplerName
    scored: bool
    max_tokens: int
    licence: str
    weights: tuple[Weights, ...]
    mask_layers: tuple[int, ...] = ()
    seen: Seen = "padded"
    shipped: bool = False
    multiple: int = 8
    cannot_draw: tuple[str, ...] = ()


class UnknownProfile(LookupError):
    """No model of that name; the message names those there are."""


STUDIO = Profile(
    name="studio",
    title="Studio: the small model in the box",
    width=128,
    height=128,
    steps=25,
    guidance_scale=4.0,
    text_scale=4.0,
    image_scale=4.0,
    sampler="trailing",
    scored=True,
    max_tokens=32,
    mask_layers=(5, 6),  # the last two at 8 x 8: 0.87 of a mask's weight lies on the subject at t = 500, 0.83 with all
    licence="Apache-2.0",
    weights=(Weights(part="all", source="generation/studio/weights", licence="Apache-2.0"),),
    shipped=True,
    cannot_draw=(
        "anything but its own drawn world: products and people outside its word list",
        "photographs: it draws flat illustrations of 128 x 128 pixels",
        "lettering, logos and faces in detail",
    ),
)

SDXL_REALCUSTOM = Profile(
    name="sdxl-realcustom",
    title="SDXL with the released RealCustom weights",
    width=1024,
    height=1024,
    steps=25,
    guidance_scale=3.5,
    text_scale=7.5,
    image_scale=12.5,
    sampler="published",
    scored=False,
    max_tokens=77,
    licence="CreativeML Open RAIL++-M (SDXL), Apache-2.0 (RealCustom)",
    weights=(REALCUSTOM_CONFIG, REALCUSTOM, SDXL_UNET, SDXL_PARTS, SIGLIP, DINO, CLIP),
    seen="stretched",
    cannot_draw=("lettering it can be trusted with", "hands and small faces it can be trusted with"),
)

SD15 = Profile(
    name="sd15",
    title="Stable Diffusion 1.5, the paper's setting",
    width=512,
    height=512,
    steps=50,
    guidance_scale=3.5,
    text_scale=7.5,
    image_scale=12.5,
    sampler="published",
    scored=True,
    max_tokens=77,
    licence="CreativeML Open RAIL-M",
    weights=(
        SD15_BASE,
        replace(CLIP, part="image encoder and text match (CLIP)", optional=False),
        Weights(part="visual branch", source="none published: train it with `imprimatur train`", licence=""),
        replace(DINO, part="similarity (DINOv2)", optional=True),
    ),
    cannot_draw=("lettering", "hands and small faces it can be trusted with"),
)

PROFILES: dict[str, Profile] = {p.name: p for p in (STUDIO, SDXL_REALCUSTOM, SD15)}


def get_profile(name: str) -> Profile:
    """The profile of that name. Raises UnknownProfile."""
    if name not in PROFILES:
        raise UnknownProfile(f"there is no model “{name}”: choose one of {', '.join(PROFILES)}")
    return PROFILES[name]
