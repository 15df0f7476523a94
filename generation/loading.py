"""Profile name -> a pipeline ready to draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file

from generation.evaluation.judge import StudioJudge
from generation.evaluation.photo_judge import photo_judge
from generation.frozen import dtype_on
from generation.pipeline import RealCustomPipeline
from generation.profiles import SD15, SDXL_REALCUSTOM, STUDIO, Profile, get_profile
from generation.published import WeightsMismatch, check_release
from generation.published_pipeline import load_published_pipeline, missing_parts, release_files
from generation.sd15 import check_sd15, load_sd15_pipeline, missing_sd15_parts
from generation.studio.cutting_out import CuttingOut
from generation.studio.loading import load_evaluator
from generation.studio.weights import VISUAL_BRANCH, WEIGHTS, read_manifest
from generation.training.bases import BaseUnavailable, load_ground, studio_ground, trained_pipeline, with_branch
from generation.training.export import BRANCH
from generation.tuned import tuned
from generation.tuning import Tuning
from generation.weight_record import models_folder


class ModelUnavailable(RuntimeError):
    """The model's weights, or the code to load them, are not part of this installation; the message says which."""


def load_pipeline(profile: str, device: str = "cpu", tuning: Tuning | None = None) -> RealCustomPipeline:
    """Load a model and move it to `device`; `tuning` None takes the environment's.

    Raises UnknownProfile, ModelUnavailable, CompilerMissing, or that its files were altered.
    """
    tuning = Tuning.from_environment() if tuning is None else tuning
    return tuned(_loaded(get_profile(profile), device), tuning)


def _loaded(found: Profile, device: str) -> RealCustomPipeline:
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
        if profile == STUDIO:
            ground = studio_ground(device=device, encoder=CuttingOut)
        else:
            ground = load_ground(profile, folder, device, dtype_on(device))
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
    branch = folder / VISUAL_BRANCH
    lacking = f"the studio model in {folder} has no visual branch: train it with the stages “encoder” and “vision”"
    try:
        ground = studio_ground(folder, device, encoder=CuttingOut)
    except BaseUnavailable as error:
        raise ModelUnavailable(lacking) from error
    if not branch.is_file():
        raise ModelUnavailable(lacking)
    state = {name: tensor.float() for name, tensor in load_file(branch).items()}
    files = {name: digest for name, digest in read_manifest(folder)["files"].items() if name.endswith(".safetensors")}
    return with_branch(ground, state, files | ground.digests, _judge(folder))


def _judge(folder: Path) -> StudioJudge | None:
    """On the CPU wherever the model is: one small picture."""
    if not (folder / "evaluator").is_dir():
        return None
    return StudioJudge(load_evaluator(folder))


def best_device() -> str:
    """`cuda` where there is one, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"
