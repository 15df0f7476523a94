"""Profile name -> a pipeline ready to draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from generation.denoising import Denoiser
from generation.encoders import ClipText, SquareEncoder
from generation.evaluation.judge import StudioJudge
from generation.evaluation.photo_judge import photo_judge
from generation.frozen import dtype_on
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import SD15, SDXL_REALCUSTOM, STUDIO, Profile, get_profile
from generation.published import WeightsMismatch, check_release
from generation.published_pipeline import load_published_pipeline, missing_parts, release_files
from generation.sd15 import check_sd15, load_sd15_pipeline, missing_sd15_parts
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.weights import WEIGHTS, read_manifest, weights_digest
from generation.training.bases import STUDIO_SIDE, BaseUnavailable, load_ground, trained_pipeline
from generation.training.export import BRANCH
from generation.weight_record import models_folder


class ModelUnavailable(RuntimeError):
    """The model's weights, or the code to load them, are not part of this installation; the message says which."""


def load_pipeline(profile: str, device: str = "cpu") -> RealCustomPipeline:
    """Load a model and move it to `device`. Raises UnknownProfile, ModelUnavailable, or that its files were altered."""
    found = get_profile(profile)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable("there is no CUDA GPU here: draw on the device “cpu”")
    branch = own_branch(found)
    if branch is not None:
        return load_trained_pipeline(found, branch, device)
    if found == STUDIO:
        return load_studio_pipeline(device)
    missing, load = _LOADERS[found.name]
    folder = _complete(found, missing)
    return load(folder, device)


def own_branch(profile: Profile) -> Path | None:
    """The visual branch somebody trained on this profile's base and put into its folder; sd15 has no other."""
    models = models_folder()
    branch = None if models is None else models / profile.name / "visual" / BRANCH
    return branch if branch is not None and branch.is_file() and profile != SD15 else None


def load_trained_pipeline(profile: Profile, branch: Path, device: str = "cpu") -> RealCustomPipeline:
    """A model with the branch trained on it in its own one's place.

    Raises ModelUnavailable for an incomplete base, WeightsMismatch for a branch of another one.
    """
    folder = branch.parents[1]
    try:
        ground = load_ground(profile, None if profile == STUDIO else folder, device, dtype_on(device))
    except BaseUnavailable as error:
        raise ModelUnavailable(str(error)) from error
    return trained_pipeline(ground, branch, _judge(WEIGHTS) if profile == STUDIO else photo_judge(folder, device))


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
