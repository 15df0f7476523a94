"""What can be asked of a drawn picture: the classes of evaluator and encoder, and their right answers."""

import torch
from torch import Tensor
from torch.nn import functional as F

from generation.studio import vocabulary
from generation.studio.world.render import Drawing

#: Head name -> its classes, in the order of the logits.
CLASSES: dict[str, list[str]] = {
    "kind": list(vocabulary.tokens(vocabulary.KINDS)),
    "scene": list(vocabulary.tokens(vocabulary.SCENES)),
    "main": list(vocabulary.tokens(vocabulary.COLOURS)),
    "accent": list(vocabulary.tokens(vocabulary.COLOURS)),
    "pattern": list(vocabulary.tokens(vocabulary.PATTERNS)),
    "emblem": list(vocabulary.tokens(vocabulary.EMBLEMS)),
    "position": list(vocabulary.tokens(vocabulary.POSITIONS)),
    "size": list(vocabulary.tokens(vocabulary.SIZES)),
    "accessory": list(vocabulary.tokens(vocabulary.ACCESSORIES)),
}
#: What a reference shows; the other heads are about a picture's surroundings.
SUBJECT_HEADS = ("kind", "main", "accent", "pattern", "emblem")
_LAYOUT_HEADS = ("position", "size", "accessory")
Logits = dict[str, Tensor]  # head -> (b, classes)


def answer(drawing: Drawing, head: str) -> str:
    """The right class of one drawing."""
    if head in _LAYOUT_HEADS:
        return str(getattr(drawing.layout, head))
    return drawing.scene if head == "scene" else str(getattr(drawing.individual, head))


def known(drawing: Drawing, heads: dict[str, list[str]]) -> bool:
    """Whether every head has a class for this drawing."""
    return all(answer(drawing, head) in classes for head, classes in heads.items())


def labels(drawings: list[Drawing], heads: dict[str, list[str]]) -> dict[str, Tensor]:
    """Class indices (b,) a head. Raises ValueError for a class the head does not know."""
    return {
        head: torch.tensor([classes.index(answer(drawing, head)) for drawing in drawings])
        for head, classes in heads.items()
    }


def classification_loss(logits: Logits, wanted: dict[str, Tensor]) -> Tensor:
    """Sum over heads of the cross-entropy, a scalar."""
    return torch.stack([F.cross_entropy(logits[head].float(), wanted[head]) for head in wanted]).sum()


def accuracy(logits: Logits, wanted: dict[str, Tensor]) -> dict[str, float]:
    """Share of right answers a head, 0..1."""
    return {head: float((logits[head].argmax(1) == wanted[head]).float().mean()) for head in wanted}
