"""IP-Adapter's own training: once, on the same drawn pairs as the visual branch, with the base and all else frozen.

`python -m generation.evaluation.baselines.adapter_training --out FOLDER [--steps N] [--resume]` trains and exports it.
It begins from the projector, keys and values of ours, which have seen the same data and far more of it; what it must
learn is to do without mask and scoring. These are the shipped ones: it too learns from text-image pairs alone, by the
plain loss, which knows nothing of the subject's place. With `--references elsewhere --branch FILE` it begins from a
branch that was taught with other views, and learns from them.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.attention import AttentionPass, Condition
from generation.encoders import SquareEncoder
from generation.evaluation.baselines.branches import is_adapters, own_copy, with_branch, write_branch
from generation.evaluation.baselines.settings import Adapter, as_json
from generation.projector import VisualFeatures
from generation.studio.drawing import SIDE, text_states, visual_branch
from generation.studio.drawn_pairs import DrawnPairs
from generation.studio.loading import StudioParts, load_studio
from generation.studio.together import weighted_error
from generation.studio.vision import LESSONS
from generation.studio.weights import WEIGHTS, base_digest
from generation.studio.world.render import SIZE
from generation.training.draws import Draws, Recipe, draws_at
from generation.training.loop import Progress, Trainer, load_average
from generation.training.pairs import Pair, coverage_of, pictures_of

log = logging.getLogger(__name__)
FILE: Final = "ip-adapter.safetensors"


class AdapterBranch(nn.Module):
    """A copy of the model whose projector, visual keys and values learn on; the whole reference acts everywhere."""

    def __init__(self, parts: StudioParts, *, weighted: bool = False) -> None:
        super().__init__()
        parts = own_copy(parts)
        self.weighted = weighted
        encoder, projector, attention = visual_branch(parts)
        self.parts = parts
        self.unet, self.projector, self.attention = parts.unet, projector, attention
        self.references = SquareEncoder(encoder.requires_grad_(False), SIZE)
        for layer in attention.layers:
            layer.visual_scoring = None
        for name, parameter in self.unet.named_parameters():
            parameter.requires_grad_(is_adapters(name))
        for frozen in (parts.autoencoder, parts.text_encoder):
            frozen.requires_grad_(False)

    def tokens(self, pairs: Sequence[Pair], kept: Tensor) -> Tensor:
        """Projected tokens (b, n, c); where kept (b,) is 0, of a blank picture."""
        with torch.no_grad():
            seen = self.references.encode([pair.reference for pair in pairs]).deep
            blank = self.references.blank().deep
        tokens: Tensor = self.projector(VisualFeatures(torch.where(kept.bool()[:, None, None], seen, blank)))
        return tokens

    def forward(self, pairs: Sequence[Pair], draws: Draws) -> Tensor:
        """The error of the velocity, a scalar; where `weighted`, the subject's places weigh more, as for the base."""
        parts = self.parts
        with torch.no_grad():
            latents = parts.autoencoder.encode(pictures_of(pairs)).latents
            kept = zip(pairs, draws.words.tolist(), strict=True)
            text = text_states(parts, [pair.caption if words else "" for pair, words in kept])
        asked = parts.scheduler.add_noise(latents, draws.noise, draws.times)
        wanted = parts.scheduler.get_velocity(latents, draws.noise, draws.times)
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            current = AttentionPass(Condition(text, self.tokens(pairs, draws.references)), SIDE, SIDE)
            with self.attention.running(current):
                predicted = self.unet(asked, draws.times, text).sample
        error: Tensor = predicted.float() - wanted
        return self._weighted(error, pairs) if self.weighted else error.square().mean()

    def _weighted(self, error: Tensor, pairs: Sequence[Pair]) -> Tensor:
        coverage = coverage_of(pairs)
        if coverage is None:
            raise ValueError("the loss weighs the subject's places: give pairs that know them")
        return weighted_error(error, coverage)


def loss_at(branch: AdapterBranch, setting: Adapter, step: int) -> Tensor:
    """The loss of one step's pairs, a scalar."""
    source = DrawnPairs(setting.seed, LESSONS[setting.references].views)
    rows = range(step * setting.batch, (step + 1) * setting.batch)
    recipe = Recipe(
        text_dropout=setting.text_dropout,
        reference_dropout=setting.reference_dropout,
        time_exponent=setting.time_exponent,
    )
    latent = (int(branch.unet.config["in_channels"]), SIDE, SIDE)
    loss: Tensor = branch(
        [source.pair(row) for row in rows], draws_at(recipe, setting.seed, step=step, rows=rows, latent=latent)
    )
    return loss


def export(branch: AdapterBranch, file: Path, setting: Adapter, model: str) -> None:
    """What was learnt in float16, under the UNet's names; model: digest of the base it belongs to."""
    learnt = {name: tensor for name, tensor in branch.unet.state_dict().items() if is_adapters(name)}
    write_branch(file, learnt, model, as_json(setting))


def _report(progress: Progress) -> None:
    if progress.step % 50 == 0:
        log.info("step %d, loss %.4f", progress.step, progress.loss)


def train(
    setting: Adapter,
    out: Path,
    *,
    resume: bool,
    minutes: float = float("inf"),
    base: Path = WEIGHTS,
    start: Path | None = None,
) -> Path:
    """Trains and exports; returns the weights' path. start: file of the branch to begin from, else the shipped one.

    Raises NoCheckpoint where there is nothing to resume.
    """
    parts = load_studio(base)
    if start is not None:
        parts = with_branch(parts, start, base_digest(base))
    branch = AdapterBranch(parts, weighted=setting.references == "elsewhere")
    trainer = Trainer(branch, setting.plan, out)
    if resume:
        trainer.resume()
    trainer.run(partial(loss_at, branch, setting), seconds=60 * minutes, on_step=_report)
    load_average(branch, trainer.checkpoint)
    export(branch, out / FILE, setting, base_digest(base))
    return out / FILE


def main(arguments: list[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint and weights, outside of git")
    parser.add_argument("--base", type=Path, default=WEIGHTS, help="folder of the released model")
    parser.add_argument("--branch", type=Path, help="begin from this branch, not from the shipped one")
    parser.add_argument("--references", choices=sorted(LESSONS), default=Adapter.references)
    parser.add_argument("--steps", type=int, default=Adapter.steps)
    parser.add_argument("--learning-rate", type=float, default=Adapter.learning_rate)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    setting = Adapter(
        steps=options.steps,
        learning_rate=options.learning_rate,
        references=options.references,
    )
    file = train(
        setting,
        options.out,
        resume=options.resume,
        minutes=options.minutes,
        base=options.base,
        start=options.branch,
    )
    log.info("written: %s", file)


if __name__ == "__main__":
    main()
