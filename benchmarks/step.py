"""What does a picture cost beside plain guidance? `./run bench step [--json]`.

Every kind of forward of plain classifier-free guidance, of the method as released (three forwards a step) and of ours
is timed in rotation, on SD1.5 at 512 px with random weights, and composed to a picture of 25 steps, frozen at 12. The
weights don't matter to time; the mask is a disc over a quarter of the picture. FLOPs are counted, not timed. It needs
8 GB; with less a model a quarter as wide is timed, and named.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from json import dumps
from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor2_0
from torch import Tensor

from generation.denoising import Denoising
from generation.spec import Effort
from tests.generation.full_size import (
    SD15,
    SDXL,
    STEPS,
    STOP,
    FullSize,
    picture_flops,
    plain_flops,
    reference_flops,
    round_mask,
    step,
)
from tests.generation.reference_path import Forward, ReferencePath

GIGABYTES = 8
ROUNDS = 3
SMALL = SD15 | {"block_out_channels": (80, 160, 320, 320), "norm_num_groups": 16, "sample_size": 32}
Kind = tuple[bool, bool]  # makes a mask, has a negative branch
Counts = dict[str, int]


def _free_gigabytes() -> float:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


class Bench:
    """One UNet on the CPU, and its forwards by name."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.size = FullSize(config, "cpu")
        self.ours = dict(self.size.unet.attn_processors)
        self.path = ReferencePath(self.size.unet, (self.size.side, self.size.side))
        self.theirs = dict(self.size.unet.attn_processors)
        self.stock = {name: AttnProcessor2_0() for name in self.ours}
        self.pictures: dict[Effort, Denoising] = {"exact": self._picture("exact"), "fast": self._picture("fast")}

    def _picture(self, effort: Effort) -> Denoising:
        d, mask = self.size.denoising(effort), round_mask(self.size.side)
        d.new_masks = lambda maps, attentions: [mask]  # type: ignore[method-assign]  # noqa: ARG005
        d.subjects[0].mask = mask
        return d

    def forwards(self) -> dict[str, Callable[[], object]]:
        """Each does one forward or step."""
        asked, negative = self.size.condition(), self.size.condition()
        both = torch.cat([asked.text, negative.text])
        latent, mask = self.size.empty(1, 4, self.size.side, self.size.side), round_mask(self.size.side)
        look, seen = Forward(word=torch.zeros(1, 77)), Forward(self.size.tokens(), mask)
        found: dict[str, Callable[[], object]] = {
            "plain": lambda: self._unet(self.stock, torch.cat([latent, latent]), both),
            "their guidance": lambda: self._reference(latent, asked, look),
            "their other two": lambda: [self._reference(latent, row, seen) for row in (asked, negative)],
        }
        for effort in self.pictures:
            found |= {_name(effort, kind): self._step_of(effort, kind) for kind in set(_kinds(self.size, effort))}
        return found

    def _unet(self, processors: dict[str, Any], latent: Tensor, text: Tensor) -> object:
        self.size.unet.set_attn_processor(dict(processors))
        return self.size.unet(latent, 500, encoder_hidden_states=text)

    def _reference(self, latent: Tensor, condition: Any, current: Forward) -> Tensor:
        self.size.unet.set_attn_processor(dict(self.theirs))
        current.maps.clear()
        return self.path.forward(latent, 500, condition, current)

    def _step_of(self, effort: Effort, kind: Kind) -> Callable[[], object]:
        place = _kinds(self.size, effort).index(kind)

        def forward() -> None:
            self.size.unet.set_attn_processor(dict(self.ours))
            self.pictures[effort].step = place
            step(self.size.denoiser, self.pictures[effort])

        return forward


def _kinds(size: FullSize, effort: Effort) -> list[Kind]:
    """Of each step of a picture."""
    d = size.denoising(effort)
    d.subjects[0].mask = round_mask(size.side)
    kinds = []
    for d.step in range(STEPS):
        kinds.append((d.needs_mask, d.is_guided))
    return kinds


def _name(effort: Effort, kind: Kind) -> str:
    mask, guided = kind
    return f"{effort}: {'new' if mask else 'kept'} mask, {'two rows' if guided else 'one row'}"


def _recipes(size: FullSize) -> dict[str, Counts]:
    """How often each forward runs in a picture."""
    recipes: dict[str, Counts] = {
        "plain guidance": {"plain": STEPS},
        "released, never frozen": {"their guidance": STEPS, "their other two": STEPS},
        "released, frozen": {"their guidance": STOP, "their other two": STEPS},
    }
    for effort in ("exact", "fast"):
        names = [_name(effort, kind) for kind in _kinds(size, effort)]
        recipes[f"ours, {effort}"] = {name: names.count(name) for name in set(names)}
    return recipes


@torch.inference_mode()
def _seconds(forwards: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Medians; each round takes every forward in turn, so that a busy machine is busy for all of them."""
    times: dict[str, list[float]] = {name: [] for name in forwards}
    for turn in range(rounds + 1):
        for name, forward in forwards.items():
            started = time.perf_counter()
            forward()
            if turn:  # the first one makes keys and values, and buffers
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in times.items()}


@torch.inference_mode()
def _rows(bench: Bench, forwards: dict[str, Callable[[], object]]) -> dict[str, float]:
    """UNet rows of each forward."""
    rows: list[int] = []
    hook = bench.size.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    found: dict[str, float] = {}
    for name, forward in forwards.items():
        rows.clear()
        forward()
        found[name] = sum(rows)
    hook.remove()
    return found


def _composed(recipes: dict[str, Counts], each: dict[str, float]) -> dict[str, float]:
    return {name: sum(each[part] * count for part, count in recipe.items()) for name, recipe in recipes.items()}


def _flops() -> dict[str, dict[str, float]]:
    """Of a picture, relative to plain guidance, at true size."""
    found = {}
    for name, config in {"SD1.5 at 512 px": SD15, "SDXL at 1024 px": SDXL}.items():
        full = FullSize(config)
        plain, theirs = plain_flops(full), reference_flops(full)
        ours = {f"ours, {effort}": picture_flops(full, effort) / plain for effort in ("exact", "fast")}
        found[name] = {"released, never frozen": theirs / plain} | ours
    return found


def _gate(name: str, value: float, goal: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "goal": f"<= {goal:g}", "holds": value <= goal}


def _gates(wall: dict[str, float], flops: dict[str, dict[str, float]], items: float) -> list[dict[str, Any]]:
    found = [
        _gate("wall: exact beside plain", wall["ours, exact"], 1.25),
        _gate("wall: exact beside released, never frozen", wall["ours, exact"] / wall["released, never frozen"], 0.82),
        _gate("wall: fast beside plain", wall["ours, fast"], 1.0),
        _gate("UNet items, exact", items, 62),
    ]
    for (name, ratios), goal in zip(flops.items(), (1.22, 1.24), strict=True):
        theirs = ratios["released, never frozen"]
        found += [
            _gate(f"FLOPs, {name}: exact beside plain", ratios["ours, exact"], goal),
            _gate(f"FLOPs, {name}: exact beside released, never frozen", ratios["ours, exact"] / theirs, 0.80),
            _gate(f"FLOPs, {name}: fast beside plain", ratios["ours, fast"], 1.0),
        ]
    return found


def measure(config: dict[str, Any], model: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """All figures and gates as one JSON-ready object."""
    bench = Bench(config)
    forwards, recipes = bench.forwards(), _recipes(bench.size)
    each = _seconds(forwards, rounds)
    items = _composed(recipes, _rows(bench, forwards))
    seconds, flops = _composed(recipes, each), _flops()
    wall = {name: value / seconds["plain guidance"] for name, value in seconds.items()}
    return {
        "benchmark": "step",
        "model": model,
        "threads": torch.get_num_threads(),
        "seconds a forward": {name: round(value, 3) for name, value in each.items()},
        "wall time": {name: round(value, 3) for name, value in wall.items()},
        "UNet items": items,
        "FLOPs": {name: {k: round(v, 3) for k, v in ratios.items()} for name, ratios in flops.items()},
        "gates": _gates(wall, flops, items["ours, exact"]),
    }


def _print_table(result: dict[str, Any]) -> None:
    print(f"{result['model']}, {result['threads']} threads; plain guidance is 1")
    print(f"{'a picture of 25 steps':<28}{'wall time':>12}{'UNet items':>12}")
    for name, ratio in result["wall time"].items():
        print(f"{name:<28}{ratio:>12.3f}{result['UNet items'][name]:>12.0f}")
    print()
    for gate in result["gates"]:
        print(f"{'ok ' if gate['holds'] else 'NOT'}  {gate['name']:<58}{gate['value']:>8.3f}  (goal {gate['goal']})")


def main(json: bool = False) -> None:
    """Print the figures. What does not hold is said, never a failure: a benchmark is read, not passed."""
    if _free_gigabytes() >= GIGABYTES:
        result = measure(SD15, "SD1.5 at 512 px, random weights")
    else:
        result = measure(SMALL, "a quarter of SD1.5's width at 256 px (not enough memory for SD1.5), random weights")
    print(dumps(result)) if json else _print_table(result)


if __name__ == "__main__":
    main(json="--json" in sys.argv)
