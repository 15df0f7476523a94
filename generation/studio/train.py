"""One command a stage: `python -m generation.studio.train STAGE --out DIR --minutes N --seed S [--resume]`."""

import argparse
import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from generation.studio import decoding, growing, looking, text_to_image, together, vision
from generation.studio.architecture import Widths
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.vision import Vision
from generation.studio.vision_networks import new_encoder, new_evaluator
from generation.training.loop import Plan, Trainer, load_average

log = logging.getLogger(__name__)


def autoencoder_for(out: Path, seed: int) -> StudioAutoencoder:
    """The stage's saved autoencoder, its encoder fitted on first use and never again: every stage must share it."""
    folder = out / "autoencoder" / "model"
    if not folder.is_dir():
        decoding.fitted_autoencoder(seed).save_pretrained(folder)
    autoencoder: StudioAutoencoder = StudioAutoencoder.from_pretrained(folder)
    return autoencoder


def _carry_on(trainer: Trainer, options: argparse.Namespace) -> None:
    if options.resume:
        trainer.resume()
    elif options.grow:
        growing.warm_start(trainer, options.grow)


def train_autoencoder(options: argparse.Namespace) -> None:
    model = autoencoder_for(options.out, options.seed)
    plan = Plan(steps=options.steps or 12000, learning_rate=2e-3, ema=0.998)
    trainer = Trainer(model, plan, options.out / "autoencoder")
    _carry_on(trainer, options)
    trainer.run(partial(decoding.loss_at, model, options.seed, batch=options.batch or 16), seconds=options.minutes * 60)
    load_average(model, trainer.checkpoint)
    model.save_pretrained(options.out / "autoencoder" / "model")
    log.info("autoencoder: step %d, %.2f dB", trainer.step, decoding.reconstruction_psnr(model))


def train_text_to_image(options: argparse.Namespace) -> None:
    model = text_to_image.TextToImage(Widths(), autoencoder_for(options.out, options.seed))
    plan = Plan(steps=options.steps or 15000, decay_from=options.decay_from)
    trainer = Trainer(model, plan, options.out / "text-to-image")
    if options.grow and not options.resume:
        growing.grow(model, trainer, options.grow)
    else:
        _carry_on(trainer, options)
    growing.write_vocabulary(model, options.out / "text-to-image")
    batch = options.batch or 24
    trainer.run(partial(text_to_image.loss_at, model, options.seed, batch=batch), seconds=options.minutes * 60)
    log.info("text-to-image: step %d, %d pictures", trainer.step, trainer.step * batch)


def train_encoder(options: argparse.Namespace) -> None:
    model, autoencoder = new_encoder(), autoencoder_for(options.out, options.seed)
    plan = Plan(steps=options.steps or 8000, learning_rate=1e-3, betas=(0.9, 0.98), decay_from=options.decay_from)
    trainer = Trainer(model, plan, options.out / "encoder")
    _carry_on(trainer, options)
    batch = options.batch or 32
    at = partial(looking.encoder_loss_at, model, autoencoder, options.seed, batch=batch)
    trainer.run(at, seconds=options.minutes * 60)
    load_average(model, trainer.checkpoint)
    log.info("encoder: step %d, %s", trainer.step, looking.encoder_figures(model.eval()))


def train_evaluator(options: argparse.Namespace) -> None:
    model, autoencoder = new_evaluator(), autoencoder_for(options.out, options.seed)
    plan = Plan(steps=options.steps or 8000, learning_rate=1e-3, betas=(0.9, 0.98), decay_from=options.decay_from)
    trainer = Trainer(model, plan, options.out / "evaluator")
    _carry_on(trainer, options)
    at = partial(looking.evaluator_loss_at, model, autoencoder, options.seed + 1, batch=options.batch or 32)
    trainer.run(at, seconds=options.minutes * 60)
    load_average(model, trainer.checkpoint)
    log.info("evaluator: step %d, %s", trainer.step, looking.evaluator_figures(model.eval()))


def base_for(options: argparse.Namespace) -> text_to_image.TextToImage:
    """The base as its running average stands now. Raises FileNotFoundError before its first checkpoint."""
    base = text_to_image.TextToImage(Widths(), autoencoder_for(options.out, options.seed))
    step = load_average(base, options.out / "text-to-image" / "checkpoint.safetensors")
    log.info("base: step %d", step)
    return base


def train_vision(options: argparse.Namespace) -> None:
    encoder = new_encoder()
    load_average(encoder, options.out / "encoder" / "checkpoint.safetensors")
    model = Vision(base_for(options), encoder)
    plan = Plan(steps=options.steps or 6000, learning_rate=1e-3, ema=0.998)
    trainer = Trainer(model, plan, options.out / "vision")
    _carry_on(trainer, options)
    lessons = vision.LESSONS[options.references]
    at = partial(vision.loss_at, model, options.seed, lessons, batch=options.batch or 24)
    trainer.run(at, seconds=options.minutes * 60)
    log.info("vision: step %d", trainer.step)


def train_together(options: argparse.Namespace) -> None:
    """Starts from the stage text-to-image as it stands, and leaves its part and that of vision in their folders.

    Its branch learns from other views of each individual; `train_vision` takes its place by the one that ships.
    """
    encoder = new_encoder()
    load_average(encoder, options.out / "encoder" / "checkpoint.safetensors")
    base = text_to_image.TextToImage(Widths(), autoencoder_for(options.out, options.seed))
    model = together.Together(base, encoder)
    plan = Plan(steps=options.steps or 15000, decay_from=options.decay_from)
    trainer = Trainer(model, plan, options.out / "together")
    if options.resume:
        trainer.resume()
    else:
        together.adopt_base(trainer, options.out / "text-to-image" / "checkpoint.safetensors")
    at = partial(together.loss_at, model, options.seed, batch=options.batch or 24)
    trainer.run(at, seconds=options.minutes * 60)
    together.split(trainer.checkpoint, options.out)
    log.info("together: step %d", trainer.step)


STAGES: dict[str, Callable[[argparse.Namespace], None]] = {
    "autoencoder": train_autoencoder,
    "encoder": train_encoder,
    "evaluator": train_evaluator,
    "text-to-image": train_text_to_image,
    "together": train_together,
    "vision": train_vision,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=sorted(STAGES))
    parser.add_argument("--out", type=Path, required=True, help="folder of all stages; each has its own inside")
    parser.add_argument("--minutes", type=float, required=True, help="wall-clock limit of this run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="length of the whole schedule, over all runs")
    parser.add_argument("--batch", type=int, help="pictures a step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--decay-from", type=float, default=0.6, help="share of the schedule before the rate falls")
    parser.add_argument("--grow", type=Path, help="start from this checkpoint of a smaller network of the same stage")
    parser.add_argument(
        "--references",
        choices=sorted(vision.LESSONS),
        default="picture",
        help="stage vision: of the picture itself alone, as the paper trains it and we ship it, or mostly elsewhere",
    )
    parser.add_argument("--resume", action="store_true", help="continue from the stage's checkpoint")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    log.info("options %s", json.dumps(vars(options), default=str))
    STAGES[options.stage](options)


if __name__ == "__main__":
    main()
