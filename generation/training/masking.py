"""Under which mask does the reference act in a training step? At inference it acts under the word's own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import torch
import torch.nn.functional as F
from torch import Tensor

from generation.attention import AttentionPass, MapsComplete, VisualAttention
from generation.masks import guidance_mask, half_size, max_norm, top_k
from generation.spec import MaskDials
from generation.training.base import Base, Question
from generation.training.draws import Draws
from generation.training.pairs import Pair, coverage_of
from generation.words import WordBeyondLimit, WordNotInPrompt, word_tokens


def word_marks(base: Base, pairs: Sequence[Pair], words: Tensor, length: int) -> Tensor:
    """(b, length): 1 at the tokens of each row's word; all 0 where it has none or words (b,) says it was dropped."""
    marks = torch.zeros(len(pairs), length)
    for row, pair in enumerate(pairs):
        if not pair.word or not words[row]:
            continue
        with suppress(WordNotInPrompt, WordBeyondLimit):
            found = word_tokens(pair.caption, pair.word, base.text_encoder.tokenizer, base.text_encoder.max_tokens)
            marks[row, list(found.indices)] = 1
    return marks


def place_mask(coverage: Tensor, scope: float, size: tuple[int, int]) -> Tensor:
    """What a perfect guidance mask would be: (b, 1, *size), the `scope` share of places the subject fills most."""
    return top_k(max_norm(F.adaptive_avg_pool2d(coverage, size)), scope)


@torch.no_grad()
def own_mask(base: Base, attention: VisualAttention, question: Question, marks: Tensor, scope: float) -> Tensor:
    """The guidance mask the model itself would draw with, (b, 1, h/2, w/2); marks (b, n) as `word_marks` gives them."""
    layers = base.mask_layers or tuple(range(len(attention.layers)))
    height, width = question.size
    looking = AttentionPass(
        question.text, height, width, word=marks.to(question.noisy.device), wanted_maps=max(layers) + 1
    )
    with attention.running(looking), suppress(MapsComplete):
        base.answer(question)
    chosen = [looking.maps[layer].float() for layer in layers]
    return guidance_mask(chosen, half_size(height, width), MaskDials(scope=scope))


def mask_for(
    base: Base, attention: VisualAttention, pairs: Sequence[Pair], draws: Draws, question: Question
) -> Tensor | None:
    """The mask `draws.mask` asks for, or None: the reference acts everywhere.

    Rows without a word fall back on the subject's place where the pairs know it, else on no mask.
    """
    if draws.mask == "none":
        return None
    device, coverage = question.noisy.device, coverage_of(pairs)
    other = None if coverage is None else place_mask(coverage, draws.scope, half_size(*question.size)).to(device)
    if draws.mask == "perfect":
        return other
    marks = word_marks(base, pairs, draws.words, question.text.text.shape[1])
    named = marks.sum(1).clamp(max=1).to(device)
    if not named.any():
        return other
    own = own_mask(base, attention, question, marks, draws.scope)
    return torch.where(named[:, None, None, None] > 0, own, torch.ones_like(own) if other is None else other)
