"""The self-attentions of one forward, kept where a mask is refined along them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from generation.conditions import split_heads
from generation.eager import eager
from generation.masks import QueryKey


class SelfAttentions:
    """Every self-attention of one UNet."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.layers = [m for n, m in unet.named_modules() if isinstance(m, Attention) and n.endswith(".attn1")]

    @contextmanager
    def kept(self, positions: int) -> Iterator[list[QueryKey]]:
        """Q and K of the layers with so many positions (none has 0), in order of execution, each (b, heads, hw, d)."""
        pairs: list[QueryKey] = []
        queries: dict[Attention, Tensor] = {}

        def asks(attn: Attention, _module: nn.Module, _args: Any, query: Tensor) -> None:
            if query.shape[1] == positions:
                queries[attn] = split_heads(attn, query)

        def answers(attn: Attention, _module: nn.Module, _args: Any, key: Tensor) -> None:
            if attn in queries:
                pairs.append((queries.pop(attn), split_heads(attn, key)))

        with ExitStack() as stack:
            for attn in self.layers if positions else ():
                stack.callback(attn.to_q.register_forward_hook(partial(asks, attn)).remove)
                stack.callback(attn.to_k.register_forward_hook(partial(answers, attn)).remove)
            if positions:
                stack.enter_context(eager())
            yield pairs
