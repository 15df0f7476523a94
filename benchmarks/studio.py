"""Does the shipped studio model draw what it is told and keep to its reference? `./run bench studio [--json]`.

64 held-out subjects, drawn twice from the same noise: with the reference, and with the mask at zero. Then words alone
that tell the looks too, layouts (side, size, accessory), and pairs of words no generator was shown together. A network
that never saw the model judges them all. Goals are the release's own; a peer of this size and kind isn't published.
"""

from __future__ import annotations

import time

import torch

from benchmarks._report import Result, gate, print_gates, run
from generation.studio.loading import StudioParts, load_evaluator, load_studio
from generation.studio.looking import evaluator_figures
from generation.studio.trial import STEPS, draw, judge, layout_trials, novel_trials, told_apart, trials
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.weights import WEIGHTS, weights_digest
from generation.studio.world.layout import held_out_pairs

PROMPTS = 64
MEGABYTE = 1_000_000
COLUMNS = (
    "with reference",
    "mask at zero",
    "words alone",
    "laid out",
    "never shown together",
    "evaluator, held-out drawings",
)
Shares = dict[str, float]


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


def _gains(with_reference: Shares, without: Shares) -> list[Result]:
    goals = {"main": 0.20, "accent": 0.10, "pattern": 0.10, "emblem": 0.05}
    names = {"main": "main colour", "accent": "accent colour"}
    return [
        gate(f"{names.get(head, head)}: gain by the reference", with_reference[head] - without[head], goal)
        for head, goal in goals.items()
    ]


def _cost(parts: StudioParts) -> list[Result]:
    sizes = _sizes()
    return [
        gate("seconds a picture, 25 steps", _seconds_a_picture(parts), 3.0, most=True),
        gate("weights, MB in all", sum(sizes) / MEGABYTE, 36.0, most=True),
        gate("largest weights file, MB", max(sizes) / MEGABYTE, 15.0, most=True),
    ]


def _columns(parts: StudioParts, evaluator: StudioEvaluator) -> dict[str, Shares]:
    """Shares named rightly, a column: what was asked of the model, and how."""
    rows = trials(PROMPTS)
    shown = draw(parts, rows)
    columns = {
        "with reference": judge(evaluator, shown, rows),
        "mask at zero": judge(evaluator, draw(parts, rows, influence=0.0), rows),
    }
    if evaluator.to_embedding is not None:
        columns["with reference"]["told from a look-alike"] = told_apart(evaluator, shown, rows)
    if "accessory" not in evaluator.config["classes"]:
        return columns
    asked = {"words alone": (trials(PROMPTS, told=True), 0.0), "laid out": (layout_trials(PROMPTS), 1.0)}
    asked["never shown together"] = (novel_trials(len(held_out_pairs())), 1.0)
    for name, (group, influence) in asked.items():
        columns[name] = judge(evaluator, draw(parts, group, influence=influence), group)
    return columns


def measure() -> Result:
    """All figures and gates as one JSON-ready object."""
    parts, evaluator = load_studio(), load_evaluator()
    columns, held_out = _columns(parts, evaluator), evaluator_figures(evaluator)
    without = columns["mask at zero"]
    gates = [
        gate("evaluator names held-out products", held_out["kind"], 0.95),
        gate("evaluator names held-out backgrounds", held_out["scene"], 0.95),
        gate("words alone: product is the one asked for", without["kind"], 0.95),
        gate("words alone: background is the one asked for", without["scene"], 0.95),
        gate("with reference: product is the one asked for", columns["with reference"]["kind"], 0.90),
        gate("with reference: background is the one asked for", columns["with reference"]["scene"], 0.90),
        *_gains(columns["with reference"], without),
        *_cost(parts),
    ]
    return {
        "benchmark": "studio",
        "model": weights_digest(),
        "prompts": PROMPTS,
        "steps": STEPS,
        "threads": torch.get_num_threads(),
        **columns,
        "evaluator, held-out drawings": held_out,
        "gates": gates,
    }


def print_table(result: Result) -> None:
    """A column for each way of asking."""
    columns = [name for name in COLUMNS if name in result]
    heads = list(dict.fromkeys(head for name in columns for head in result[name]))
    print(f"{'named rightly':<24}" + "".join(f"{name:>22}" for name in columns))
    for head in heads:
        shares = (result[name].get(head) for name in columns)
        print(f"{head:<24}" + "".join(f"{'' if share is None else f'{share:.1%}':>22}" for share in shares))
    print()
    print_gates(result["gates"])


if __name__ == "__main__":
    run(measure, print_table, __doc__)
