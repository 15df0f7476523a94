"""A visual branch that is not the released one, kept in a file of its own to be compared with it.

`python -m generation.evaluation.baselines.kept_branch --stages STAGES --references HOW --out FILE` keeps the average of
the branch as it stands in the stages' folder. views-branch.safetensors is the one that learnt with the base in the
stage `together`, from references that show the individual elsewhere; the released one learnt afterwards, from nothing
and from text-image pairs alone, as the paper trains it.
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
from generation.studio.vision import LESSONS, Vision
from generation.studio.vision_networks import new_encoder
from generation.studio.weights import WEIGHTS, base_digest
from generation.training.loop import load_average


def keep_branch(branch: Vision, checkpoint: Path, file: Path, model: str, references: str) -> int:
    """Writes the average in a checkpoint of the stage vision to `file`; how many steps it learnt.

    branch: of the stage's shape, its weights are overwritten. model: digest of the base it learnt on. references: what
    those it learnt from were of, a name of `vision.LESSONS`.
    """
    step = load_average(branch, checkpoint)
    write_branch(file, visual_state_dict(branch.base.unet), model, {"steps": step, "references": references})
    return step


def main(arguments: list[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=Path, required=True, help="folder of the training's stages")
    parser.add_argument("--references", choices=sorted(LESSONS), required=True, help="what it learnt from")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--base", type=Path, default=WEIGHTS, help="folder of the released model it learnt on")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    autoencoder = StudioAutoencoder.from_pretrained(options.stages / "autoencoder" / "model")
    branch, checkpoint = Vision(TextToImage(Widths(), autoencoder), new_encoder()), "vision/checkpoint.safetensors"
    keep_branch(branch, options.stages / checkpoint, options.out, base_digest(options.base), options.references)


if __name__ == "__main__":
    main()
