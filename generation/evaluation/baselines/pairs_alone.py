"""Ours as the paper trains it: from text-image pairs alone, on the frozen base of the released model.

`python -m generation.studio.train vision --out STAGES --references picture ...` trains it, from nothing, and
`python -m generation.evaluation.baselines.pairs_alone --stages STAGES --out FILE` keeps its average. The released
branch learnt with the base, from references that show the individual elsewhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from generation.attention import visual_state_dict
from generation.evaluation.baselines.branches import write_branch
from generation.studio.architecture import Widths
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.text_to_image import TextToImage
from generation.studio.vision import Vision
from generation.studio.vision_networks import new_encoder
from generation.studio.weights import WEIGHTS, weights_digest
from generation.training.loop import load_average


def keep_branch(branch: Vision, checkpoint: Path, file: Path, model: str) -> int:
    """Writes the average in a checkpoint of the stage vision to `file`; how many steps it learnt.

    branch: of the stage's shape, its weights are overwritten. model: digest of the base it learnt on.
    """
    step = load_average(branch, checkpoint)
    write_branch(file, visual_state_dict(branch.base.unet), model, {"steps": step, "references": "picture"})
    return step


def main(arguments: list[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=Path, required=True, help="folder of the training's stages")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--base", type=Path, default=WEIGHTS, help="folder of the released model it learnt on")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    autoencoder = StudioAutoencoder.from_pretrained(options.stages / "autoencoder" / "model")
    branch = Vision(TextToImage(Widths(), autoencoder), new_encoder())
    keep_branch(branch, options.stages / "vision" / "checkpoint.safetensors", options.out, weights_digest(options.base))


if __name__ == "__main__":
    main()
