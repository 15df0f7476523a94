"""What does a picture cost beside plain guidance? `./run bench step [--json] [--minutes N] [--small]`.

A picture of 25 steps, its mask frozen at 12, drawn in each of the ways that `benchmarks/_paths.py` names. FLOPs are
counted at the true sizes of SD1.5 and SDXL. Time is taken of single forwards, in rotation so that a busy machine is
busy for all of them, and composed to a picture; a ratio is taken within a round, and the median of the rounds is told.
On a CPU that is SD1.5 at 512 px in float32 (it needs 8 GB; with less, or --small, a model a quarter as wide at 256 px),
and processor time beside wall time. On a GPU it is SD1.5 at 512 and SDXL at 1024 px in bfloat16, with the TFLOP/s
achieved. What the fast effort changes in the studio model's pictures stands beside what it saves.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import torch

from benchmarks import fast_change
from benchmarks._paths import EFFORTS, Forwards, Paths, Recipes, recipes
from benchmarks._report import Result, answer, asking, gate, print_gates
from tests.generation.full_size import SD15, SDXL, counted, picture_flops

GIGABYTES: Final = 8
CHANGED_PICTURES: Final = 16  # that show what fast effort changes; `./run bench fast_change` draws more
GPU_ROUNDS: Final = 20
GPU_WARM_UP: Final = 3
SMALL: Final = SD15 | {"block_out_channels": (80, 160, 320, 320), "norm_num_groups": 16, "sample_size": 32}
SIZES: Final = {"SD1.5 at 512 px": SD15, "SDXL at 1024 px": SDXL}
FLOP_GOALS: Final = {"SD1.5 at 512 px": 1.22, "SDXL at 1024 px": 1.24}
PLAIN, NEVER, EXACT, FAST = "plain guidance", "released, never frozen", "ours, exact", "ours, fast"
Ratios = dict[str, float]  # by way


def composed(plan: Recipes, each: dict[str, float]) -> Ratios:
    """Of a picture, what its forwards come to."""
    return {way: sum(each[part] * count for part, count in recipe.items()) for way, recipe in plan.items()}


@dataclass(frozen=True)
class Work:
    """Of a picture, by way: FLOPs, and rows through the UNet (coarse ones and those cut short included)."""

    flops: Ratios
    items: Ratios


def work(config: dict[str, Any], plan: Recipes) -> Work:
    """Counted on the meta device. What ours makes once a picture is part of its FLOPs."""
    paths = Paths(config, "meta")
    rows: list[int] = []
    for unet in (paths.plain, paths.adapter, paths.size.unet, paths.path.unet):
        unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    flops, items = {}, {}
    for name, forward in paths.forwards.items():
        if name.startswith(EFFORTS):  # the first one makes what the later ones keep
            forward()
        rows.clear()
        flops[name] = float(counted(forward))
        items[name] = float(sum(rows))
    ours = {f"ours, {effort}": float(picture_flops(paths.size, effort)) for effort in EFFORTS}
    return Work(composed(plan, flops) | ours, composed(plan, items))


class Times:
    """Seconds of each forward, a round after the other."""

    def __init__(self, forwards: Forwards, wait: Callable[[], None] = lambda: None) -> None:
        self.forwards, self.wait = forwards, wait
        self.wall: list[Ratios] = []
        self.processor: list[Ratios] = []

    @torch.inference_mode()
    def round(self) -> None:
        """Every forward in turn."""
        wall, processor = {}, {}
        for name, forward in self.forwards.items():
            self.wait()
            began, used = time.perf_counter(), time.process_time()
            forward()
            self.wait()
            wall[name], processor[name] = time.perf_counter() - began, time.process_time() - used
        self.wall.append(wall)
        self.processor.append(processor)

    def until(self, end: float) -> None:
        """Rounds as long as another one fits before `end` (of `time.monotonic`); one at least."""
        while True:
            began = time.monotonic()
            self.round()
            if 2 * time.monotonic() - began > end:
                return


def spread(rounds: list[Ratios], plan: Recipes) -> dict[str, list[float]]:
    """Median, least and greatest ratio to plain guidance of the same round, by way."""
    pictures = [composed(plan, each) for each in rounds]
    found = {}
    for way in plan:
        ratios = [picture[way] / picture[PLAIN] for picture in pictures]
        found[way] = [round(f(ratios), 3) for f in (statistics.median, min, max)]
    return found


@torch.inference_mode()
def on_cpu(plan: Recipes, end: float, *, small: bool) -> Result:
    """Timed on this processor until `end`."""
    small = small or _free_gigabytes() < GIGABYTES
    paths = Paths(SMALL if small else SD15, "cpu")
    times = Times(paths.forwards)
    for name, forward in paths.forwards.items():
        if name == "plain" or name.startswith(EFFORTS):  # it warms the processor up, they make what they keep
            forward()
    times.until(end)
    return {
        "model": "a quarter of SD1.5's width at 256 px" if small else "SD1.5 at 512 px",
        "device": f"CPU, float32, {torch.get_num_threads()} threads",
        "rounds": len(times.wall),
        "wall time": spread(times.wall, plan),
        "processor time": spread(times.processor, plan),
        "processor seconds a forward": {
            name: round(statistics.median(each[name] for each in times.processor), 3) for name in paths.forwards
        },
    }


def on_gpu(model: str, plan: Recipes, flops: Ratios) -> Result:
    """Timed on a CUDA device, with the TFLOP/s achieved."""
    paths = Paths(SIZES[model], "cuda", torch.bfloat16)
    times = Times(paths.forwards, torch.cuda.synchronize)
    for _ in range(GPU_WARM_UP):
        times.round()
    times = Times(paths.forwards, torch.cuda.synchronize)
    for _ in range(GPU_ROUNDS):
        times.round()
    median = {name: statistics.median(each[name] for each in times.wall) for name in paths.forwards}
    seconds = composed(plan, median)
    return {
        "model": model,
        "device": f"{torch.cuda.get_device_name()}, bfloat16",
        "rounds": len(times.wall),
        "wall time": spread(times.wall, plan),
        "seconds a picture": {way: round(value, 4) for way, value in seconds.items()},
        "TFLOP/s": {way: round(flops[way] / seconds[way] / 1e12, 1) for way in plan},
    }


def _free_gigabytes() -> float:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def measure(minutes: float = 10, *, small: bool = False) -> Result:
    """All figures and gates as one JSON-ready object. minutes: when the last round ends, where it can."""
    end, plan = time.monotonic() + 60 * minutes, recipes()
    counts = {model: work(config, plan) for model, config in SIZES.items()}
    change = fast_change.measure(CHANGED_PICTURES)
    if torch.cuda.is_available() and not small:
        timed = [on_gpu(model, plan, counts[model].flops) for model in SIZES]
    else:
        timed = [on_cpu(plan, end, small=small)]
    flops = {model: {way: round(_beside(of.flops, way), 3) for way in plan} for model, of in counts.items()}
    items = counts["SD1.5 at 512 px"].items  # the same for both
    return {
        "benchmark": "step",
        "TFLOP, plain guidance": {model: round(of.flops[PLAIN] / 1e12, 1) for model, of in counts.items()},
        "FLOPs": flops,
        "UNet items": items,
        "timed": timed,
        "what fast effort changes": change,
        "gates": [
            *_flop_gates(flops),
            gate("UNet items: exact", items[EXACT], 62, most=True),
            *(row for run in timed for row in _time_gates(run)),
        ],
    }


def _beside(each: Ratios, way: str) -> float:
    return each[way] / each[PLAIN]


def _flop_gates(flops: dict[str, Ratios]) -> list[Result]:
    found = []
    for model, ratios in flops.items():
        found += [
            gate(f"FLOPs, {model}: exact beside plain", ratios[EXACT], FLOP_GOALS[model], most=True),
            gate(f"FLOPs, {model}: exact beside released", ratios[EXACT] / ratios[NEVER], 0.80, most=True),
            gate(f"FLOPs, {model}: fast beside plain", ratios[FAST], 1.0, most=True),
        ]
    return found


def _time_gates(timed: Result) -> list[Result]:
    """Of processor time where it is told: it hardly depends on who else is busy."""
    model, kind = timed["model"], "processor time" if "processor time" in timed else "wall time"
    ratios = {way: median for way, (median, _, _) in timed[kind].items()}
    return [
        gate(f"{kind}, {model}: exact beside plain", ratios[EXACT], 1.25, most=True),
        gate(f"{kind}, {model}: exact beside released", ratios[EXACT] / ratios[NEVER], 0.82, most=True),
        gate(f"{kind}, {model}: fast beside plain", ratios[FAST], 1.0, most=True),
    ]


def columns(result: Result) -> dict[str, dict[str, str]]:
    """Heading -> way -> what stands there."""
    found = {f"FLOPs, {model}": {way: f"{r:.3f}" for way, r in of.items()} for model, of in result["FLOPs"].items()}
    found["UNet items"] = {way: f"{items:.0f}" for way, items in result["UNet items"].items()}
    for timed in result["timed"]:
        for kind in ("wall time", "processor time"):
            told = {way: f"{m:.3f} ({a:.3f}-{b:.3f})" for way, (m, a, b) in timed.get(kind, {}).items()}
            found |= {f"{kind}, {timed['model']}": told} if told else {}
        if "TFLOP/s" in timed:
            found[f"TFLOP/s, {timed['model']}"] = {way: f"{speed:.0f}" for way, speed in timed["TFLOP/s"].items()}
    return found


def print_table(result: Result) -> None:
    """One line a way, in parts of plain guidance; median (least-greatest) over the rounds of a time."""
    found = columns(result)
    print(f"{'a picture of 25 steps':<26}" + "".join(f"{head:>{_width(head)}}" for head in found))
    for way in next(iter(found.values())):
        print(f"{way:<26}" + "".join(f"{column[way]:>{_width(head)}}" for head, column in found.items()))
    for timed in result["timed"]:
        print(f"timed: {timed['model']}, random weights; {timed['device']}; {timed['rounds']} rounds")
    print()
    print_gates(result["gates"])
    print("\nwhat fast effort changes, studio model")
    fast_change.print_table(result["what fast effort changes"])


def _width(head: str) -> int:
    return max(len(head), 22) + 3


if __name__ == "__main__":
    parser = asking(__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long it may take in all")
    parser.add_argument("--small", action="store_true", help="a quarter of the width, where time or memory is short")
    asked = parser.parse_args()
    answer(measure(asked.minutes, small=asked.small), print_table, json=asked.json)
