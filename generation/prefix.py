"""What every branch of a request computes alike, computed once.

Before its first cross-attention a UNet sees only the latent and the time: the guidance, generation and negative rows of
one request are the same there. The modules of that prefix are found by watching one forward; while a forward is shared
they run on one row of each kind, and a later forward of the same step reuses what they gave.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from generation.eager import eager
from generation.host import constant


@dataclass
class StepMemory:
    """What the prefix gave in one step: for each module the kinds of row it has seen and its output for them."""

    outputs: dict[nn.Module, tuple[list[Hashable], Any]] = field(default_factory=dict)


class SharedPrefix:
    """The prefix of one UNet. layers: its cross-attentions; which comes first is found by watching a forward."""

    def __init__(self, unet: nn.Module, layers: Sequence[Attention]) -> None:
        self.unet = unet
        self.layers: set[nn.Module] = set(layers)
        self.modules: list[nn.Module] | None = None

    @contextmanager
    def sharing(self, kinds: Sequence[Hashable], memory: StepMemory) -> Iterator[None]:
        """UNet forwards inside run the prefix once for each kind; kinds: one a row, equal where the prefix is."""
        if self.modules is None:
            with self._watching(kinds, memory):
                yield
            return
        with ExitStack() as stack:
            for module in self.modules:
                stack.enter_context(_replaced(module, partial(_shared, module, list(kinds), memory)))
            yield

    @contextmanager
    def _watching(self, kinds: Sequence[Hashable], memory: StepMemory) -> Iterator[None]:
        """Note which modules are through before the first cross-attention starts, and what they gave.

        A later forward of the step reuses it as in every other step: the first picture comes out as all that follow.
        """
        through: list[nn.Module] = []
        outputs: dict[nn.Module, Any] = {}
        later: set[nn.Module] = set()
        first: list[Attention] = []

        def starts(module: nn.Module, _: Any) -> None:
            if first:
                later.add(module)
            elif isinstance(module, Attention) and module in self.layers:
                first.append(module)

        def ends(module: nn.Module, _: Any, output: Any) -> None:
            if not first:
                through.append(module)
            if not first or module is first[0].to_q:
                outputs[module] = output

        with ExitStack() as stack:
            stack.enter_context(eager())
            for module in self.unet.modules():
                stack.callback(module.register_forward_pre_hook(starts).remove)
                stack.callback(module.register_forward_hook(ends).remove)
            try:
                yield
            finally:
                if first:
                    self.modules = [*_outermost(through, later - set(first[0].modules())), first[0].to_q]
                    seen = list(dict.fromkeys(kinds))
                    rows = [list(kinds).index(kind) for kind in seen]
                    for module in self.modules:
                        memory.outputs[module] = seen, _rows_of(outputs[module], rows, len(kinds))


def _outermost(modules: list[nn.Module], later: set[nn.Module]) -> list[nn.Module]:
    """Without those inside another of them, and without any that is called more than once."""
    once = [m for m in dict.fromkeys(modules) if modules.count(m) == 1 and m not in later]
    inner = {child for m in once for child in m.modules() if child is not m}
    return [m for m in once if m not in inner]


@contextmanager
def _replaced(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """The module with another forward, for a while; what other libraries may have put there comes back."""
    before = module.__dict__.get("forward")
    original = module.forward
    module.forward = partial(forward, original)
    try:
        yield
    finally:
        if before is None:
            del module.forward
        else:
            module.forward = before


def _shared(
    module: nn.Module,
    kinds: list[Hashable],
    memory: StepMemory,
    forward: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """The module's output for all rows, computed for the kinds of row not in memory yet."""
    given = (*args, *kwargs.values())
    if not any(isinstance(x, Tensor) and x.dim() and len(x) == len(kinds) for x in given):
        return forward(*args, **kwargs)
    seen, output = memory.outputs.get(module, ([], None))
    wanted = list(dict.fromkeys(kinds))
    missing = [kind for kind in wanted if kind not in seen]
    if missing:
        rows, count = [kinds.index(kind) for kind in missing], len(kinds)
        some = {name: _rows_of(x, rows, count) for name, x in kwargs.items()}
        fresh = forward(*_rows_of(args, rows, count), **some)
        output = fresh if not seen else _joined(output, fresh)
        seen = seen + missing
        memory.outputs[module] = (seen, output)
    return _rows_of(output, [seen.index(kind) for kind in kinds], len(seen))


def _rows_of(x: Any, rows: list[int], count: int) -> Any:
    """The given rows of every tensor in x that has `count` rows; x may be a tuple."""
    if isinstance(x, tuple):
        return tuple(_rows_of(item, rows, count) for item in x)
    if not isinstance(x, Tensor) or x.dim() == 0 or len(x) != count or rows == list(range(count)):
        return x
    if len(set(rows)) == 1:
        return x[rows[0] : rows[0] + 1].expand(len(rows), *x.shape[1:])
    return x[constant(tuple(rows), x.device, torch.long)]


def _joined(known: Any, fresh: Any) -> Any:
    if isinstance(known, tuple):
        return tuple(_joined(a, b) for a, b in zip(known, fresh, strict=True))
    return torch.cat([known, fresh])
