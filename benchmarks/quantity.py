"""Does letting more of the reference in bring more likeness? `./run bench quantity [--json]`.

Held-out subjects of the studio's world, drawn from the same noise at several influence quantities and judged by the
evaluator, which never saw the model. Likeness must not fall as the quantity rises, but for what so few pictures vary.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from json import dumps
from typing import Any

import torch

from generation.encoders import to_image
from generation.loading import best_device, load_pipeline
from generation.pipeline import DrawRequest, DrawResult, RealCustomPipeline
from generation.profiles import STUDIO
from generation.spec import GenerationSpec
from generation.studio.trial import Trial, trials

PICTURES, TOGETHER = 32, 8
QUANTITIES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
SLACK = 0.02


def _request(pipe: RealCustomPipeline, trial: Trial, quantity: float) -> DrawRequest:
    spec = GenerationSpec(
        profile=STUDIO.name,
        prompt=trial.prompt,
        word=trial.individual.kind,
        seed=trial.seed,
        reference_digests=(f"{trial.seed:064x}",),
        quantity=quantity,
    )
    return pipe.prepare(spec, [to_image(trial.reference[0])])


def _drawn(pipe: RealCustomPipeline, rows: list[Trial], quantity: float) -> list[DrawResult]:
    results = []
    for start in range(0, len(rows), TOGETHER):
        requests = [_request(pipe, trial, quantity) for trial in rows[start : start + TOGETHER]]
        while not requests[0].done:
            pipe.step_together(requests)
        results += [pipe.finish(request) for request in requests]
    return results


def _mean(results: list[DrawResult], score: str) -> float:
    return sum(result.scores[score] for result in results) / len(results)


def measure() -> dict[str, Any]:
    """All figures and gates as one JSON-ready object."""
    pipe, rows = load_pipeline(STUDIO.name, best_device()), trials(PICTURES)
    drawn = {quantity: _drawn(pipe, rows, quantity) for quantity in QUANTITIES}
    similarity = {quantity: round(_mean(results, "similarity"), 4) for quantity, results in drawn.items()}
    falls = max(a - b for a, b in pairwise(similarity.values()))
    gain = similarity[QUANTITIES[-1]] - similarity[QUANTITIES[0]]
    return {
        "benchmark": "quantity",
        "pictures": PICTURES,
        "threads": torch.get_num_threads(),
        "similarity": similarity,
        "text match": {quantity: round(_mean(results, "text_match"), 4) for quantity, results in drawn.items()},
        "gates": [
            {
                "name": "largest fall of likeness",
                "value": round(falls, 4),
                "goal": f"<= {SLACK}",
                "holds": falls <= SLACK,
            },
            {"name": "gain, most beside least", "value": round(gain, 4), "goal": ">= 0.1", "holds": gain >= 0.1},
        ],
    }


def main(json: bool = False) -> None:
    """Print the figures. What does not hold is said, never a failure: a benchmark is read, not passed."""
    result = measure()
    if json:
        print(dumps(result))
        return
    print(f"{'quantity':>10}{'similarity':>12}{'text match':>12}")
    for quantity, similarity in result["similarity"].items():
        print(f"{quantity:>10}{similarity:>12.3f}{result['text match'][quantity]:>12.3f}")
    for gate in result["gates"]:
        print(f"{'ok ' if gate['holds'] else 'NOT'}  {gate['name']:<30}{gate['value']:>8.3f}  (goal {gate['goal']})")


if __name__ == "__main__":
    main(json="--json" in sys.argv)
