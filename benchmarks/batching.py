"""Do pictures drawn together come sooner, and the same? `./run bench batching [--json]`.

Eight different requests on the shipped studio model (steps, dials, words and references of their own) in one running
batch, and one after the other. On a CPU a batch saves overhead only; a GPU that one picture leaves half idle gains
more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from PIL import Image

from benchmarks._report import Result, gate, print_gates, run
from generation.encoders import to_image
from generation.loading import best_device, load_pipeline
from generation.pipeline import DrawRequest, RealCustomPipeline
from generation.profiles import STUDIO
from generation.spec import GenerationSpec, MaskDials
from generation.studio.trial import Trial, trials

REQUESTS = 8
GOAL = 1.5
CLOSE = 1e-3
Asked = tuple[GenerationSpec, Image.Image]


def _asked(place: int, trial: Trial) -> Asked:
    steps = 12 + 2 * (place % 4)
    spec = GenerationSpec(
        profile=STUDIO.name,
        prompt=trial.prompt,
        word=trial.individual.kind,
        seed=trial.seed,
        reference_digests=(f"{place:064x}",),
        steps=steps,
        quantity=0.5 + 0.1 * (place % 4),
        mask=MaskDials(scope=0.2 + 0.05 * (place % 3), stop_step=steps // 2),
    )
    return spec, to_image(trial.reference[0])


def _prepared(pipe: RealCustomPipeline, asked: Sequence[Asked]) -> list[DrawRequest]:
    return [pipe.prepare(spec, [reference]) for spec, reference in asked]


def _together(pipe: RealCustomPipeline, requests: list[DrawRequest]) -> float:
    started = time.perf_counter()
    while wanted := [request for request in requests if not request.done]:
        pipe.step_together(wanted)
    return time.perf_counter() - started


def _apart(pipe: RealCustomPipeline, requests: list[DrawRequest]) -> float:
    return sum(_together(pipe, [request]) for request in requests)


def _difference(a: DrawRequest, b: DrawRequest) -> float:
    x, y = a.denoising.latent, b.denoising.latent
    return float((x - y).abs().max() / y.abs().max())


def measure() -> Result:
    """All figures and gates as one JSON-ready object."""
    pipe = load_pipeline(STUDIO.name, best_device())
    asked = [_asked(place, trial) for place, trial in enumerate(trials(REQUESTS))]
    _together(pipe, _prepared(pipe, asked[:1]))
    batch, alone = _prepared(pipe, asked), _prepared(pipe, asked)
    together, apart = _together(pipe, batch), _apart(pipe, alone)
    worst = max(_difference(a, b) for a, b in zip(batch, alone, strict=True))
    return {
        "benchmark": "batching",
        "model": "studio",
        "device": best_device(),
        "threads": torch.get_num_threads(),
        "requests": REQUESTS,
        "seconds together": round(together, 3),
        "seconds one after another": round(apart, 3),
        "gates": [
            gate("speed-up", apart / together, GOAL),
            gate("largest relative difference", worst, CLOSE, most=True),
        ],
    }


def print_table(result: Result) -> None:
    """Two times and the gates."""
    print(f"{REQUESTS} requests on {result['device']}, {result['threads']} threads")
    print(f"{result['seconds together']} s together, {result['seconds one after another']} s one after another")
    print_gates(result["gates"])


if __name__ == "__main__":
    run(measure, print_table, __doc__)
