"""The figures that papers on customisation print, of photographs: CLIP-T, CLIP-I, DINO-I and ImageReward.

- CLIP-T: cosine of CLIP's embeddings of picture and prompt (with the class in the subject's place).
- CLIP-I, DINO-I: mean cosine of the embeddings of the picture and of every real picture of the subject (Ruiz et al.
  2023, arXiv:2208.12242, section 4.1): CLIP ViT-B/32 and DINO ViT-S/16 there. Whole pictures, no segmentation.
- ImageReward (Xu et al. 2023, arXiv:2304.05977): what people would prefer, given the prompt; its own package.

Pictures are brought to size as each network's authors do: the shorter side scaled (bicubic), the centre cut out.
The folder: clip/ (openai/clip-vit-base-patch32), dino/ (facebook/dino-vits16); image-reward/ (ImageReward.pt and
med_config.json of THUDM/ImageReward) is read where the package `image-reward` is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer, ViTModel

from generation.clip_vision import clip_normalised
from generation.downloads import file_sha256
from generation.encoders import to_tensor
from generation.frozen import frozen
from generation.published import WeightsMismatch
from generation.published_encoder import imagenet_normalised

PARTS: Final = {"clip": "openai/clip-vit-base-patch32", "dino": "facebook/dino-vits16"}
REWARD: Final = ("ImageReward.pt", "med_config.json")
DINO_SCALED: Final = 256 / 224  # shorter side before the cut, beside the side of the cut

Figures = dict[str, float]


class JudgesMissing(RuntimeError):
    """A network that judges is not in the folder; the message names it, and where to put it."""


class Reward(Protocol):
    """What the package `image-reward` loads."""

    def score(self, prompt: str, image: Image.Image) -> float:
        """Greater is better; 0 is the mean of its training data."""


@dataclass(frozen=True)
class Seen:
    """Embeddings of length one: (n, c) of CLIP and (n, d) of DINO."""

    clip: Tensor
    dino: Tensor


class PhotoFigures:
    """clip: a CLIPModel, tokenizer: its own, dino: a ViTModel. digests: of the networks' files, by path."""

    def __init__(
        self, clip: Any, tokenizer: Any, dino: Any, reward: Reward | None = None, digests: dict[str, str] | None = None
    ) -> None:
        self.clip, self.tokenizer, self.dino, self.reward = clip, tokenizer, dino, reward
        self.digests = digests or {}

    @torch.inference_mode()
    def see(self, pictures: Sequence[Image.Image]) -> Seen:
        """Embeddings of n pictures."""
        clip, dino = self.clip, self.dino
        side = clip.config.vision_config.image_size
        pixels = clip_normalised(_pixels(pictures, side, side)).to(clip.device, clip.dtype)
        seen = clip.visual_projection(clip.vision_model(pixel_values=pixels).pooler_output)
        side = dino.config.image_size
        pixels = imagenet_normalised(_pixels(pictures, round(side * DINO_SCALED), side)).to(dino.device, dino.dtype)
        classes = dino(pixels).last_hidden_state[:, 0]
        return Seen(F.normalize(seen.float(), dim=-1), F.normalize(classes.float(), dim=-1))

    @torch.inference_mode()
    def read(self, prompts: Sequence[str]) -> Tensor:
        """(n, c) of CLIP, of length one."""
        words = self.tokenizer(list(prompts), padding=True, truncation=True, return_tensors="pt").to(self.clip.device)
        text = self.clip.text_projection(self.clip.text_model(**words).pooler_output)
        return F.normalize(text.float(), dim=-1)

    def of(self, pictures: Sequence[Image.Image], prompts: Sequence[str], real: Sequence[Seen]) -> list[Figures]:
        """clip_t, clip_i, dino_i and, where it is there, image_reward of each picture; real: its subject's pictures."""
        seen, text = self.see(pictures), self.read(prompts)
        found = []
        for place, own in enumerate(real):
            figures = {
                "clip_t": float(seen.clip[place] @ text[place]),
                "clip_i": float((own.clip @ seen.clip[place]).mean()),
                "dino_i": float((own.dino @ seen.dino[place]).mean()),
            }
            if self.reward is not None:
                figures["image_reward"] = float(self.reward.score(prompts[place], pictures[place]))
            found.append(figures)
        return found


def load_photo_figures(folder: Path, device: str) -> PhotoFigures:
    """From the folder alone, in float32: published figures are. Raises JudgesMissing, WeightsMismatch."""
    for part, source in PARTS.items():
        if not (folder / part / "config.json").is_file():
            raise JudgesMissing(
                f"{folder / part} is missing: get {source} and put its files there "
                f"(hf download {source} --local-dir {folder / part})"
            )
    files = sorted(file for part in PARTS for file in (folder / part).glob("*.safetensors"))
    return PhotoFigures(
        frozen(CLIPModel, folder / "clip", device, torch.float32),
        CLIPTokenizer.from_pretrained(folder / "clip", local_files_only=True),
        _dino(folder / "dino", device),
        _reward(folder, device),
        {file.relative_to(folder).as_posix(): file_sha256(file) for file in files},
    )


def _dino(folder: Path, device: str) -> Any:
    """Without the pooler, which DINO's release has none of. Raises WeightsMismatch."""
    model, said = ViTModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, output_loading_info=True, local_files_only=True
    )
    if said["missing_keys"]:
        raise WeightsMismatch(f"{folder} is no DINO: it lacks {', '.join(sorted(said['missing_keys'])[:5])}")
    return model.to(device).eval().requires_grad_(False)


def lacks_reward(folder: Path) -> list[str]:
    """What ImageReward still needs; empty where it can be measured."""
    package = [] if find_spec("ImageReward") else ["the package image-reward"]
    return package + [str(_file(folder, name)) for name in REWARD if not _file(folder, name).is_file()]


def _file(folder: Path, name: str) -> Path:
    return folder / "image-reward" / name


def _reward(folder: Path, device: str) -> Reward | None:
    """The package reads a pickle: only who installed it and put the file there trusts it."""
    if lacks_reward(folder):
        return None
    reward: Reward = import_module("ImageReward").load(
        str(_file(folder, REWARD[0])), device=device, med_config=str(_file(folder, REWARD[1]))
    )
    return reward


def _pixels(pictures: Sequence[Image.Image], scaled: int, side: int) -> Tensor:
    """(n, 3, side, side) in [0, 1]."""
    return torch.cat([to_tensor(_cut(picture, scaled, side)) for picture in pictures]) / 2 + 0.5


def _cut(picture: Image.Image, scaled: int, side: int) -> Image.Image:
    """The shorter side brought to `scaled`, then the centre, side x side."""
    ratio = scaled / min(picture.size)
    size = (max(side, round(picture.width * ratio)), max(side, round(picture.height * ratio)))
    small = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return small.crop((left, top, left + side, top + side))
