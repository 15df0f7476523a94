"""A grown base goes on where a smaller one stopped: same function, same optimiser state, room to learn more."""

import json
from pathlib import Path

import torch
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from safetensors import safe_open
from torch import Tensor

from generation.studio.text_to_image import TextToImage
from generation.training.loop import Trainer

VOCABULARY = "vocabulary.json"
_EMBEDDING = "token_embedding.weight"
_MOMENTS = ("exp_avg", "exp_avg_sq")


def write_vocabulary(model: TextToImage, folder: Path) -> None:
    """Beside a checkpoint: which row of the token embedding is whose."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / VOCABULARY).write_text(json.dumps(model.tokenizer.get_vocab()))


def silence_new_attention(model: TextToImage, stored: set[str]) -> None:
    """Attention blocks unknown to the checkpoint end in zeros: at first they change nothing."""
    for name, module in model.unet.named_modules():
        if isinstance(module, Transformer2DModel) and f"parameter/unet.{name}.proj_out.weight" not in stored:
            torch.nn.init.zeros_(module.proj_out.weight)
            torch.nn.init.zeros_(module.proj_out.bias)


def moved_rows(old: dict[str, int], new: dict[str, int]) -> tuple[Tensor, Tensor]:
    """Row numbers (n,), (n,) in the old and in the new embedding of the tokens both have."""
    both = sorted(old.keys() & new.keys())
    return torch.tensor([old[token] for token in both]), torch.tensor([new[token] for token in both])


@torch.no_grad()
def grow(model: TextToImage, trainer: Trainer, checkpoint: Path) -> None:
    """Starts `trainer` from a smaller model's checkpoint, whose vocabulary file lies beside it.

    What both have is copied with its optimiser state; what is new keeps its fresh values, silenced where it would
    change the pictures. Tokens keep their rows by their spelling. Raises FileNotFoundError without a checkpoint or
    its vocabulary.
    """
    old = json.loads((checkpoint.parent / VOCABULARY).read_text())
    rows = moved_rows(old, model.tokenizer.get_vocab())
    with safe_open(checkpoint, framework="pt") as stored:
        names = set(stored.keys())
        silence_new_attention(model, names)
        trainer.step = int(stored.metadata()["step"])
        for name, parameter in trainer.parameters.items():
            trainer.average[name].copy_(parameter)
            if f"parameter/{name}" not in names:
                continue
            kinds = ("parameter", "average", *_MOMENTS)
            tensors = {kind: stored.get_tensor(f"{kind}/{name}") for kind in kinds if f"{kind}/{name}" in names}
            _copy(trainer, name, tensors, rows if name.endswith(_EMBEDDING) else None)


@torch.no_grad()
def warm_start(trainer: Trainer, checkpoint: Path) -> None:
    """Takes over the running averages of a smaller network wherever name and shape agree; the schedule starts anew."""
    with safe_open(checkpoint, framework="pt") as stored:
        names = set(stored.keys())
        for name, parameter in trainer.parameters.items():
            if f"average/{name}" not in names:
                continue
            average = stored.get_tensor(f"average/{name}")
            if average.shape == parameter.shape:
                parameter.copy_(average)
                trainer.average[name].copy_(average)


def _copy(trainer: Trainer, name: str, tensors: dict[str, Tensor], rows: tuple[Tensor, Tensor] | None) -> None:
    parameter = trainer.parameters[name]
    _put(parameter, tensors["parameter"], rows)
    _put(trainer.average[name], tensors["average"], rows)
    if not all(key in tensors for key in _MOMENTS):
        return
    moments = {key: torch.zeros_like(parameter) for key in _MOMENTS}
    for key in _MOMENTS:
        _put(moments[key], tensors[key], rows)
    trainer.optimizer.state[parameter] = {"step": torch.tensor(float(trainer.step)), **moments}


def _put(into: Tensor, stored: Tensor, rows: tuple[Tensor, Tensor] | None) -> None:
    if rows is None:
        into.copy_(stored)
    else:
        into[rows[1]] = stored[rows[0]]
