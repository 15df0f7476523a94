"""What does fast effort change in a picture, and what does it save? `./run bench fast_change [--json]`.

Held-out subjects on the shipped studio model, drawn from the same noise with exact effort, with each of fast effort's
savings alone, and with all of them. The evaluator, which never saw the model, judges. Another noise with exact effort
is the measure of what chance changes. Processor time, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from benchmarks._report import gate, print_gates, run
from generation.encoders import to_image
from generation.evaluation.bootstrap import difference
from generation.loading import best_device, load_pipeline
from generation.pipeline import DrawRequest, DrawResult, RealCustomPipeline
from generation.profiles import STUDIO
from generation.savings import FAST, NOTHING, Savings
from generation.spec import GenerationSpec
from generation.studio.trial import Trial, trials

PICTURES: Final = 32
TOGETHER: Final = 8
OTHER_NOISE: Final = 10_000  # added to the seed
EXACT: Final = "exact"
CHANCE: Final = "exact, another noise"
WAYS: Final[dict[str, Savings]] = {
    EXACT: NOTHING,
    f"a mask every {FAST.guide_every}nd step": Savings(guide_every=FAST.guide_every),
    f"negative branch in {FAST.guided_share:.0%} of the steps": Savings(guided_share=FAST.guided_share),
    f"mask of its own from step {FAST.own_from}": Savings(own_from=FAST.own_from),
    "fast": FAST,
    CHANCE: NOTHING,
}
SLACK: Final = 0.05  # of a score, beside exact


@dataclass(frozen=True)
class Drawn:
    """The pictures of one way, and what one took: processor seconds, and rows of the UNet."""

    results: list[DrawResult]
    seconds: float
    rows: float

    def scores(self, name: str) -> list[float]:
        """Of every picture."""
        return [result.scores[name] for result in self.results]


def _request(pipe: RealCustomPipeline, trial: Trial, savings: Savings, shift: int) -> DrawRequest:
    spec = GenerationSpec(
        profile=STUDIO.name,
        prompt=trial.prompt,
        word=trial.individual.kind,
        seed=trial.seed + shift,
        reference_digests=(f"{trial.seed:064x}",),
    )
    request = pipe.prepare(spec, [to_image(trial.reference[0])])
    request.denoising.savings = savings
    return request


def _drawn(pipe: RealCustomPipeline, rows: Sequence[Trial], savings: Savings, shift: int = 0) -> Drawn:
    results, seconds = [], 0.0
    counted: list[int] = []
    hook = pipe.parts.denoiser.unet.register_forward_pre_hook(lambda _, args: counted.append(len(args[0])))
    for start in range(0, len(rows), TOGETHER):
        requests = [_request(pipe, trial, savings, shift) for trial in rows[start : start + TOGETHER]]
        started = time.process_time()
        while not requests[0].done:
            pipe.step_together(requests)
        seconds += time.process_time() - started
        results += [pipe.finish(request) for request in requests]
    hook.remove()
    return Drawn(results, seconds / len(rows), sum(counted) / len(rows))


def _agreement(way: Drawn, exact: Drawn) -> float:
    """Intersection over union of the places kept, averaged over steps and pictures."""
    shares = []
    for ours, theirs in zip(way.results, exact.results, strict=True):
        a, b = ours.masks > 0, theirs.masks > 0
        shares.append(((a & b).sum((1, 2)) / (a | b).sum((1, 2))).mean())
    return float(np.mean(shares))


def _row(way: Drawn, exact: Drawn) -> dict[str, Any]:
    row: dict[str, Any] = {
        "UNet rows": round(way.rows, 1),
        "seconds a picture": round(way.seconds, 3),
        "time beside exact": round(way.seconds / exact.seconds, 3),
        "mask agreement": round(_agreement(way, exact), 3),
    }
    for score in ("similarity", "text_match"):
        ours, theirs = way.scores(score), exact.scores(score)
        change = difference(ours, theirs)
        row[score] = round(float(np.mean(ours)), 4)
        row[f"{score}, change"] = [round(x, 4) for x in (change.mean, change.low, change.high)]
    return row


def measure(pictures: int = PICTURES) -> dict[str, Any]:
    """All figures and gates as one JSON-ready object; a change is its mean and the bounds of its 95 % interval."""
    pipe, rows = load_pipeline(STUDIO.name, best_device()), trials(pictures)
    _drawn(pipe, rows[:1], NOTHING)
    drawn = {name: _drawn(pipe, rows, way, OTHER_NOISE * (name == CHANCE)) for name, way in WAYS.items()}
    table = {name: _row(way, drawn[EXACT]) for name, way in drawn.items()}
    fast = table["fast"]
    return {
        "benchmark": "fast_change",
        "pictures": pictures,
        "threads": torch.get_num_threads(),
        "ways": table,
        "gates": [
            gate("fast: UNet rows beside exact", fast["UNet rows"] / table[EXACT]["UNet rows"], 0.75, most=True),
            gate("fast: similarity, change", fast["similarity, change"][0], -SLACK),
            gate("fast: text match, change", fast["text_match, change"][0], -SLACK),
        ],
    }


def print_table(result: dict[str, Any]) -> None:
    """A line each way."""
    heads = ("UNet rows", "time beside exact", "mask agreement", "similarity", "text_match")
    print(f"{result['pictures']} pictures" + " " * 30 + "".join(f"{head:>20}" for head in heads))
    for name, row in result["ways"].items():
        print(f"{name:<42}" + "".join(f"{row[head]:>20.3f}" for head in heads))
    print("change beside exact, with the bounds of its 95 % interval")
    for name, row in result["ways"].items():
        changes = ("{:+.3f} ({:+.3f} to {:+.3f})".format(*row[f"{score}, change"]) for score in heads[3:])
        print(f"{name:<42}" + "".join(f"{change:>30}" for change in changes))
    print_gates(result["gates"])


if __name__ == "__main__":
    run(measure, print_table, __doc__)
