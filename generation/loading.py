"""Profile name -> a pipeline ready to draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from generation.denoising import Denoiser
from generation.encoders import ClipText, SquareEncoder
from generation.evaluation.judge import StudioJudge
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import SD15, SDXL_REALCUSTOM, STUDIO, Profile, get_profile
from generation.published import WeightsMismatch, check_release
from generation.published_pipeline import load_published_pipeline, missing_parts, release_files
from generation.sd15 import check_sd15, load_sd15_pipeline, missing_sd15_parts
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.weights import WEIGHTS, read_manifest, weights_digest
from generation.weight_record import models_folder

STUDIO_SIDE = 128


class ModelUnavailable(RuntimeError):
    """The model's weights, or the code to load them, are not part of this installation; the message says which."""


def load_pipeline(profile: str, device: str = "cpu") -> RealCustomPipeline:
    """Load a model and move it to `device`. Raises UnknownProfile, ModelUnavailable, or that its files were altered."""
    found = get_profile(profile)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable("there is no CUDA GPU here: draw on the device “cpu”")
    if found == STUDIO:
        return load_studio_pipeline(device)
    missing, load = _LOADERS[found.name]
    folder = _complete(found, missing)
    return load(folder, device)


_LOADERS: Final[dict[str, tuple[Callable[[Path], list[str]], Callable[[Path, str], RealCustomPipeline]]]] = {
    SDXL_REALCUSTOM.name: (missing_parts, load_published_pipeline),
    SD15.name: (missing_sd15_parts, load_sd15_pipeline),
}


def _complete(profile: Profile, missing: Callable[[Path], list[str]]) -> Path:
    """The model's folder. Raises ModelUnavailable with what it lacks."""
    models = models_folder()
    if models is None:
        raise ModelUnavailable(
            f"“{profile.name}” is not shipped: set IMPRIMATUR_MODELS to a folder, "
            f"then imprimatur weights get {profile.name}"
        )
    folder = models / profile.name
    lacking = missing(folder)
    if lacking:
        raise ModelUnavailable(f"{folder} lacks {', '.join(lacking)}: imprimatur weights get {profile.name}")
    return folder


def misfits(profile: str, folder: Path) -> list[str]:
    """What does not fit the model in a complete folder, by parameter names both ways; no weights are read."""
    try:
        if profile == SDXL_REALCUSTOM.name:
            check_release(release_files(folder), folder / "realcustom" / "unet_config.json")
        elif profile == SD15.name:
            check_sd15(folder)
    except (WeightsMismatch, ValueError, KeyError) as error:
        return [str(error)]
    return []


def load_studio_pipeline(device: str = "cpu", folder: Path = WEIGHTS) -> RealCustomPipeline:
    """The model in the box. Raises ModelUnavailable where its visual branch is missing."""
    parts = load_studio(folder)
    if parts.projector is None or parts.attention is None or parts.image_encoder is None:
        raise ModelUnavailable(f"the studio model in {folder} has no visual branch: train it with the stage “vision”")
    for module in (parts.unet, parts.autoencoder, parts.text_encoder, parts.image_encoder):
        module.to(device).eval().requires_grad_(False)
    digests = dict(read_manifest(folder)["files"]) | {"manifest": weights_digest(folder)}
    return RealCustomPipeline(
        STUDIO,
        Parts(
            denoiser=Denoiser(parts.unet, parts.attention),
            autoencoder=parts.autoencoder,
            text_encoder=ClipText(parts.tokenizer, parts.text_encoder, STUDIO.max_tokens),
            visual_encoder=SquareEncoder(parts.image_encoder, STUDIO_SIDE),
            projector=parts.projector,
            judge=_judge(folder),
            digests={k: v for k, v in digests.items() if k == "manifest" or k.endswith(".safetensors")},
        ),
    )


def _judge(folder: Path) -> StudioJudge | None:
    """On the CPU wherever the model is: one small picture."""
    if not (folder / "evaluator").is_dir():
        return None
    return StudioJudge(load_evaluator(folder))


def best_device() -> str:
    """`cuda` where there is one, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"
