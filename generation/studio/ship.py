"""From checkpoints to the release: `python -m generation.studio.ship --out DIR [--weights FOLDER]`.

Writes the running averages as fp16 safetensors, the tokenizer's files, a manifest with SHA-256 and the model card. With
`--figures FILE` alone, what was measured of a release comes into its manifest and card.
"""

import argparse
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from generation.attention import visual_state_dict
from generation.studio import card, decoding, looking
from generation.studio.architecture import Widths
from generation.studio.attributes import CLASSES
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.text_to_image import TextToImage
from generation.studio.tokenizer import write_tokenizer
from generation.studio.vision import Vision
from generation.studio.vision_networks import new_encoder, new_evaluator
from generation.studio.weights import VISUAL_BRANCH, WEIGHTS, read_manifest, write_manifest
from generation.training.checkpoint import read_facts
from generation.training.loop import load_average

log = logging.getLogger(__name__)
SHARD = "14MB"


def _ship_base(out: Path, folder: Path) -> tuple[TextToImage, dict[str, Any]]:
    autoencoder = StudioAutoencoder.from_pretrained(out / "autoencoder" / "model")
    base = TextToImage(Widths(), autoencoder)
    step = load_average(base, out / "text-to-image" / "checkpoint.safetensors")
    facts = {
        "text-to-image": {"step": step},
        "autoencoder": {"psnr": round(decoding.reconstruction_psnr(autoencoder), 2)},
    }
    for part, name in ((base.unet, "unet"), (autoencoder, "autoencoder"), (base.text_encoder, "text_encoder")):
        part.half().save_pretrained(folder / name, max_shard_size=SHARD)
        part.float()
    write_tokenizer(folder / "tokenizer")
    base.scheduler.save_pretrained(folder / "scheduler")
    return base, facts


def _ship_evaluator(out: Path, folder: Path) -> dict[str, Any]:
    evaluator = new_evaluator()
    step = load_average(evaluator, out / "evaluator" / "checkpoint.safetensors")
    figures = looking.evaluator_figures(evaluator.eval())
    evaluator.half().save_pretrained(folder / "evaluator")
    return {"evaluator": {"step": step, **figures}}


def _joint_steps(out: Path) -> dict[str, Any]:
    """Up to which step base and visual branch learnt together, if they did."""
    checkpoint = out / "together" / "checkpoint.safetensors"
    return {"together": {"step": int(read_facts(checkpoint)["step"])}} if checkpoint.is_file() else {}


def _ship_vision(out: Path, folder: Path, base: TextToImage) -> dict[str, Any]:
    encoder = new_encoder()
    facts: dict[str, Any] = {"encoder": {"step": load_average(encoder, out / "encoder" / "checkpoint.safetensors")}}
    facts["encoder"] |= looking.encoder_figures(encoder.eval())
    checkpoint = out / "vision" / "checkpoint.safetensors"
    if checkpoint.is_file():
        facts |= _joint_steps(out)
        step = load_average(Vision(base, encoder), checkpoint)
        facts |= {"vision": {"step": step}} if step else {}
        state = {name: tensor.half().contiguous() for name, tensor in visual_state_dict(base.unet).items()}
        (folder / VISUAL_BRANCH).parent.mkdir()
        save_file(state, folder / VISUAL_BRANCH)
    encoder.half().save_pretrained(folder / "image_encoder")
    return facts


def forget_origins(folder: Path) -> None:
    """Drops from every configuration the name of the folder it was once loaded from."""
    for path in folder.rglob("config.json"):
        config = json.loads(path.read_text())
        if config.pop("_name_or_path", None) is not None:
            path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def ship(out: Path, folder: Path, figures: dict[str, Any] | None = None) -> None:
    """Replaces `folder` by a release of what the stages under `out` have learnt; `figures` are the benchmark's."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    base, facts = _ship_base(out, fresh)
    if (out / "evaluator" / "checkpoint.safetensors").is_file():
        facts |= _ship_evaluator(out, fresh)
    if (out / "encoder" / "checkpoint.safetensors").is_file():
        facts |= _ship_vision(out, fresh, base)
    forget_origins(fresh)
    tell(fresh, facts, figures)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def tell(folder: Path, facts: dict[str, Any], figures: dict[str, Any] | None) -> None:
    """Writes card and manifest of a release; `figures`, where given, take the place of those in `facts`."""
    facts = facts | ({"benchmark": figures} if figures else {})
    (folder / "MODEL_CARD.md").write_text(card.model_card(facts))
    write_manifest(folder, {"model": "studio", "classes": CLASSES, "stages": facts})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder of the stages' checkpoints; without it the release stays")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--figures", type=Path, help="what `run bench studio --json` printed, for the model card")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    torch.set_num_threads(1)
    figures = json.loads(options.figures.read_text()) if options.figures else None
    if options.out:
        ship(options.out, options.weights, figures)
    else:
        tell(options.weights, read_manifest(options.weights)["stages"], figures)
    log.info("shipped to %s", options.weights)


if __name__ == "__main__":
    main()
