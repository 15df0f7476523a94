"""Does the host ever wait for the device between two steps, or know too little because it did not?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from generation import host
from generation.influence import Extent, places_of
from generation.masks import resize
from generation.pipeline import DrawRequest, RealCustomPipeline
from generation.spec import GenerationSpec, MaskDials
from tests.generation import dummy
from tests.generation.full_size import SD15, FullSize
from tests.generation.test_together import SPECS, references

WAITING = {"aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero", "aten::item", "aten::equal"}
BROUGHT = "aten::lift_fresh"  # of every tensor made of the host's numbers


class Waiting(TorchDispatchMode):
    """Notes what would make a host wait for its device, or bring numbers there anew."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name().split(".")[0]
        if name in WAITING or name == BROUGHT or _counts(name, args):
            self.found.append(name)
        return func(*args, **(kwargs or {}))


def _counts(name: str, args: Any) -> bool:
    """Whether it indexes by truth values: how many places that are is counted first."""
    index = args[1] if name.startswith("aten::index") and len(args) > 1 else ()
    return any(isinstance(x, Tensor) and x.dtype == torch.bool for x in index) if isinstance(index, list) else False


@contextmanager
def without_samplers(requests: list[DrawRequest]) -> Iterator[None]:
    """The schedulers count their steps in tensors of the host, whatever the device: those wait for nobody."""
    stepping = [request.denoising.sampler for request in requests]
    before = [sampler.step for sampler in stepping]
    for sampler, step in zip(stepping, before, strict=True):

        def quiet(index: int, prediction: Tensor, latent: Tensor, step: Any = step) -> Any:
            with torch.utils._python_dispatch._disable_current_modes():
                return step(index, prediction, latent)

        sampler.step = quiet  # type: ignore[method-assign]
    yield


def steps(pipe: RealCustomPipeline, requests: list[DrawRequest]) -> None:
    while wanted := [request for request in requests if not request.done]:
        pipe.step_together(wanted)


@pytest.mark.parametrize("specs", [[SPECS[2]], [SPECS[0], SPECS[5], SPECS[3]]])
def test_no_step_waits_for_the_device_or_brings_it_numbers_it_has(specs: list[GenerationSpec]) -> None:
    pipe = dummy.pipeline()
    steps(pipe, [pipe.prepare(spec, references(spec)) for spec in specs])
    requests = [pipe.prepare(spec, references(spec)) for spec in specs]
    with without_samplers(requests), Waiting() as waiting:
        steps(pipe, requests)
    assert not waiting.found


def test_the_watcher_would_see_it() -> None:
    with Waiting() as waiting:
        int(torch.ones(3).sum())
        bool(torch.ones(()) > 0)
        torch.ones(3)[torch.ones(3) > 0]
        torch.tensor([1, 2])
    assert waiting.found == ["aten::_local_scalar_dense", "aten::_local_scalar_dense", "aten::index", BROUGHT]


def test_whole_steps_run_where_no_number_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the meta device a number that the host wants is an error; what it is told late is given to it here."""
    monkeypatch.setattr(host.Late, "read", lambda late: 100 if late._host.dtype == torch.long else True)
    size = FullSize(SD15 | {"block_out_channels": (32, 32, 32, 32), "layers_per_block": 1})
    d = size.denoising("fast")
    d.sampler.step = lambda index, prediction, latent: latent  # type: ignore[method-assign]  # counts on the host
    with torch.inference_mode():
        while not d.done:
            size.denoiser.step(d)
    assert d.error is None
    assert len(d.masks) == d.steps


@pytest.mark.parametrize("source", [(8, 8), (17, 12), (12, 20)])
@pytest.mark.parametrize("target", [(8, 8), (16, 16), (33, 24), (9, 6), (5, 3), (4, 4), (24, 40), (6, 10), (3, 5)])
def test_a_mask_never_reaches_further_than_the_host_believes(source: tuple[int, int], target: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(3)
    for kept in (1, 2, 5, 11, 40):
        mask = torch.zeros(2, 1, *source)
        for row in mask:
            row.view(-1)[torch.randperm(row.numel(), generator=generator)[:kept]] = 1
        weight, extent = resize(mask, target).flatten(1), Extent(mask, kept)
        count, believed = int((weight > 0).sum(dim=1).max()), extent.longest(target, weight)
        assert count <= believed <= target[0] * target[1]
        assert extent.settled().longest(target, weight) == count
        shown = places_of(weight, believed)
        assert float(shown.weight.sum()) == pytest.approx(float(weight.sum()), rel=1e-5)


def test_all_positions_and_only_those_kept_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, spec = dummy.pipeline(), dummy.spec(mask=MaskDials(stop_step=4, scope=0.1))
    few = pipe.draw(spec, [dummy.reference()])
    monkeypatch.setattr(Extent, "longest", lambda extent, size, weight: size[0] * size[1])
    every = pipe.draw(spec, [dummy.reference()])
    assert abs(few.masks - every.masks).max() <= 1e-4
