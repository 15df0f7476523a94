"""Where is the subject in a finished picture? Asked of the base alone, to which pictures of every method are alike.

The picture is noised again to the middle of the way, and the base, without a reference, is looked at while it denoises:
the attention to the kind's word says where it is, as it does for the guidance mask (RealCustom, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from generation.conditions import Condition
from generation.denoising import Denoiser
from generation.masks import guidance_mask
from generation.profiles import STUDIO
from generation.spec import MaskDials
from generation.studio.drawing import Trial, initial_noise, kind_words, text_states, visual_branch
from generation.studio.loading import StudioParts

TIME: Final = 500
#: Of 8 x 8 places: a subject of any size and its rim.
SCOPE: Final = 0.4


@torch.inference_mode()
def subject_places(parts: StudioParts, pictures: Tensor, rows: Sequence[Trial]) -> Tensor:
    """(n, 1, 8, 8), 1 where the subject of each picture (n, 3, 128, 128) in -1..1 is, else 0."""
    _, _, attention = visual_branch(parts)
    clean = parts.autoencoder.encode(pictures).latents
    kept = parts.scheduler.alphas_cumprod[TIME]
    noisy = kept.sqrt() * clean + (1 - kept).sqrt() * initial_noise(rows)
    text = Condition(text_states(parts, [row.prompt for row in rows]))
    _, maps = Denoiser(parts.unet, attention).look(noisy, TIME, text, kind_words(parts, rows), prediction=False)
    chosen = [maps[layer].float() for layer in STUDIO.mask_layers]
    return guidance_mask(chosen, (8, 8), MaskDials(scope=SCOPE, binary=True))
