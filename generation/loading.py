"""Profile name -> a pipeline ready to draw."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from generation.denoising import Denoiser
from generation.encoders import ClipText, SquareEncoder
from generation.evaluation.judge import StudioJudge
from generation.pipeline import Parts, RealCustomPipeline
from generation.profiles import SDXL_REALCUSTOM, STUDIO, get_profile
from generation.published_pipeline import load_published_pipeline, missing_parts
from generation.studio.attributes import CLASSES
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.weights import WEIGHTS, read_manifest, weights_digest

STUDIO_SIDE = 128


class ModelUnavailable(RuntimeError):
    """The model's weights, or the code to load them, are not part of this installation; the message says which."""


def models_folder() -> Path | None:
    """IMPRIMATUR_MODELS: a folder with one sub-folder for each model that is not shipped."""
    named = os.environ.get("IMPRIMATUR_MODELS")
    return Path(named) if named else None


def load_pipeline(profile: str, device: str = "cpu") -> RealCustomPipeline:
    """Load a model and move it to `device`. Raises UnknownProfile, ModelUnavailable, or that its files were altered."""
    found = get_profile(profile)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable("there is no CUDA GPU here: draw on the device “cpu”")
    if found == STUDIO:
        return load_studio_pipeline(device)
    if found == SDXL_REALCUSTOM:
        return _load_published(device)
    raise ModelUnavailable(f"“{found.name}” has no trained visual branch: nobody has published one, train it first")


def _load_published(device: str) -> RealCustomPipeline:
    models = models_folder()
    if models is None:
        raise ModelUnavailable(f"“{SDXL_REALCUSTOM.name}” is not shipped: set IMPRIMATUR_MODELS to where you put it")
    folder = models / SDXL_REALCUSTOM.name
    missing = missing_parts(folder)
    if missing:
        sources = "; ".join(f"{w.part} from {w.source}" for w in SDXL_REALCUSTOM.weights)
        raise ModelUnavailable(f"{folder} lacks {', '.join(missing)}. Get {sources}")
    return load_published_pipeline(folder, device)


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
    return StudioJudge(load_evaluator(folder), CLASSES) if (folder / "evaluator").is_dir() else None


def best_device() -> str:
    """`cuda` where there is one, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"
