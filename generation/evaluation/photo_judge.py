"""The judge of photographs: CLIP and DINOv2 from a model's folder, with the same four scores as the studio's.

- similarity: cosine of DINOv2's class tokens of picture and reference (DINO-I of the paper, with DINOv2); where there
  is only CLIP, that of its image embeddings (CLIP-I). Mean over references, clipped to [0, 1].
- text_match: CLIPScore, 2.5 * cosine of CLIP's picture and prompt (Hessel 2021), clipped to [0, 1].
- leak: how much of the reference stands outside the subject's mask: for each patch there its best cosine to a patch of
  a reference, of which SHARED_BY_ALL is taken off and the rest brought to [0, 1]; then the mean. SHARED_BY_ALL is a
  convention, not a measurement. Needs DINOv2 and a mask.
- sharpness: as the studio's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer, Dinov2WithRegistersModel

from generation.clip_vision import clip_normalised
from generation.encoders import square, to_tensor
from generation.evaluation.judge import COVERED, PlaceMask, Scores, sharpness
from generation.frozen import dtype_on, frozen
from generation.published_encoder import imagenet_normalised

CLIP_SCORE: Final = 2.5
SHARED_BY_ALL: Final = 0.5
DINO_SIDE: Final = 224


class PhotoJudge:
    """clip: a CLIPModel and its tokenizer, dino: a Dinov2WithRegistersModel; what is missing takes its scores along."""

    def __init__(self, clip: tuple[Any, Any] | None, dino: Any | None) -> None:
        self.clip, self.dino = clip, dino

    @torch.inference_mode()
    def scores(
        self,
        picture: Image.Image,
        references: Sequence[Image.Image],
        prompt: str,
        mask: PlaceMask | None = None,
    ) -> Scores:
        """See Judge."""
        found = {"sharpness": sharpness(picture)}
        if self.clip is not None:
            found |= self._by_clip(picture, references, prompt)
        if self.dino is not None:
            found |= self._by_dino(picture, references, mask)
        return found

    def _by_clip(self, picture: Image.Image, references: Sequence[Image.Image], prompt: str) -> Scores:
        assert self.clip is not None  # noqa: S101 asked by the caller
        model, tokenizer = self.clip
        images = self._clip_images(model, [picture, *references])
        words = tokenizer([prompt], padding=True, truncation=True, return_tensors="pt").to(model.device)
        text = F.normalize(model.text_projection(model.text_model(**words).pooler_output).float(), dim=-1)
        return {
            "text_match": _unit(CLIP_SCORE * float(images[0] @ text[0])),
            "similarity": _unit(float((images[1:] @ images[0]).mean())),
        }

    def _clip_images(self, model: Any, pictures: Sequence[Image.Image]) -> Tensor:
        pixels = clip_normalised(_pixels(pictures, model.config.vision_config.image_size))
        pooled = model.vision_model(pixels.to(model.device, model.dtype)).pooler_output
        return F.normalize(model.visual_projection(pooled).float(), dim=-1)

    def _by_dino(self, picture: Image.Image, references: Sequence[Image.Image], mask: PlaceMask | None) -> Scores:
        whole, patches = self._dino_tokens([picture, *references])
        found = {"similarity": _unit(float((whole[1:] @ whole[0]).mean()))}
        if mask is None:
            return found
        outside = patches[0][_outside(picture, mask, patches.shape[1])]
        if len(outside):
            best = (outside @ patches[1:].flatten(0, 1).T).amax(dim=1)
            found["leak"] = float(((best - SHARED_BY_ALL) / (1 - SHARED_BY_ALL)).clamp(0, 1).mean())
        return found

    def _dino_tokens(self, pictures: Sequence[Image.Image]) -> tuple[Tensor, Tensor]:
        """Class tokens (b, c) and patch tokens (b, n, c), of length one."""
        model: Any = self.dino
        pixels = imagenet_normalised(_pixels(pictures, DINO_SIDE))
        tokens = F.normalize(model(pixels.to(model.device, model.dtype)).last_hidden_state.float(), dim=-1)
        return tokens[:, 0], tokens[:, 1 + model.config.num_register_tokens :]


def photo_judge(folder: Path, device: str, dino: Any | None = None) -> PhotoJudge | None:
    """The judge from `clip/` and `dinov2/` in a model's folder; None where neither is there.

    dino: the model, if it is loaded already. Raises WeightsMismatch.
    """
    dtype = dtype_on(device)
    clip = None
    if (folder / "clip" / "config.json").is_file():
        tokenizer = CLIPTokenizer.from_pretrained(folder / "clip", local_files_only=True)
        clip = frozen(CLIPModel, folder / "clip", device, dtype), tokenizer
    if dino is None and (folder / "dinov2" / "config.json").is_file():
        dino = frozen(Dinov2WithRegistersModel, folder / "dinov2", device, dtype)
    return PhotoJudge(clip, dino) if clip or dino else None


def _pixels(pictures: Sequence[Image.Image], side: int) -> Tensor:
    """(b, 3, side, side) in [0, 1], padded to a square."""
    return torch.cat([to_tensor(square(picture, side)) for picture in pictures]) / 2 + 0.5


def _outside(picture: Image.Image, mask: PlaceMask, patches: int) -> Tensor:
    """(patches,) booleans: patches of the padded picture that lie in the picture, outside the mask."""
    side = int(patches**0.5)
    stretched = Image.fromarray(mask.astype(np.float32), "F").resize(picture.size, Image.Resampling.BILINEAR)
    edge = max(picture.size)
    padded = Image.new("F", (edge, edge), float(mask.max()))  # the padding counts as covered
    padded.paste(stretched, ((edge - picture.width) // 2, (edge - picture.height) // 2))
    small = np.asarray(padded.resize((side, side), Image.Resampling.BOX))
    return torch.from_numpy((small <= COVERED * float(mask.max())).reshape(-1))


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
