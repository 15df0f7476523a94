"""Does the shipped studio model draw what it is told and keep to its reference? `./run bench studio [--json]`.

64 held-out subjects, drawn twice from the same noise: with the reference, and with the mask at zero. A network that
never saw the model judges both. Goals are the release's own; a peer of this size and kind isn't published.
"""

from __future__ import annotations

import sys
import time
from json import dumps
from typing import Any

import torch

from generation.studio.loading import StudioParts, load_evaluator, load_studio
from generation.studio.looking import evaluator_figures
from generation.studio.trial import STEPS, draw, judge, trials
from generation.studio.weights import WEIGHTS, weights_digest

PROMPTS = 64
MEGABYTE = 1_000_000


def _gate(name: str, value: float, goal: float, *, most: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 4),
        "goal": f"{'<=' if most else '>='} {goal:g}",
        "holds": value <= goal if most else value >= goal,
    }


def _seconds_a_picture(parts: StudioParts) -> float:
    """The median of three pictures, drawn alone."""
    times = []
    for trial in trials(3):
        started = time.perf_counter()
        draw(parts, [trial])
        times.append(time.perf_counter() - started)
    return sorted(times)[1]


def _sizes() -> list[int]:
    return [path.stat().st_size for path in WEIGHTS.rglob("*.safetensors")]


def measure() -> dict[str, Any]:
    """All figures and gates as one JSON-ready object."""
    parts, evaluator, rows = load_studio(), load_evaluator(), trials(PROMPTS)
    with_reference = judge(evaluator, draw(parts, rows), rows)
    without = judge(evaluator, draw(parts, rows, influence=0.0), rows)
    held_out, seconds, sizes = evaluator_figures(evaluator), _seconds_a_picture(parts), _sizes()
    gain = {head: with_reference[head] - without[head] for head in ("main", "accent", "pattern")}
    gates = [
        _gate("evaluator names held-out products", held_out["kind"], 0.95),
        _gate("evaluator names held-out backgrounds", held_out["scene"], 0.95),
        _gate("product is the one asked for", with_reference["kind"], 0.70),
        _gate("background is the one asked for", with_reference["scene"], 0.70),
        _gate("main colour: gain by the reference", gain["main"], 0.20),
        _gate("accent colour: gain by the reference", gain["accent"], 0.10),
        _gate("pattern: gain by the reference", gain["pattern"], 0.10),
        _gate("seconds a picture, 25 steps", seconds, 3.0, most=True),
        _gate("weights, MB in all", sum(sizes) / MEGABYTE, 36.0, most=True),
        _gate("largest weights file, MB", max(sizes) / MEGABYTE, 15.0, most=True),
    ]
    return {
        "benchmark": "studio",
        "model": weights_digest(),
        "prompts": PROMPTS,
        "steps": STEPS,
        "threads": torch.get_num_threads(),
        "with reference": with_reference,
        "mask at zero": without,
        "evaluator, held-out drawings": held_out,
        "seconds a picture": round(seconds, 3),
        "gates": gates,
    }


def _print_table(result: dict[str, Any]) -> None:
    print(f"{'named rightly':<16}{'with reference':>16}{'mask at zero':>16}")
    for head, share in result["with reference"].items():
        print(f"{head:<16}{share:>16.1%}{result['mask at zero'][head]:>16.1%}")
    print()
    for gate in result["gates"]:
        print(f"{'ok ' if gate['holds'] else 'NOT'}  {gate['name']:<42}{gate['value']:>10.3f}  (goal {gate['goal']})")


def main(json: bool = False) -> None:
    """Print the figures. What does not hold is said, never a failure: a benchmark is read, not passed."""
    result = measure()
    if json:
        print(dumps(result))
    else:
        _print_table(result)


if __name__ == "__main__":
    main(json="--json" in sys.argv)
