"""Which setting suits a competing method best? Tried on individuals that the comparison does not have.

`python -m generation.evaluation.baselines.tuning dreambooth-lora --out FOLDER --try '{"learning_rate": 0.01}' ...`
A row of figures for each setting is added to FOLDER/tuning.jsonl; docs/data/baselines-tuning.jsonl holds those that the
defaults were chosen by. The best is the one of the greatest balance, the
harmonic mean of similarity and text match, so that neither is bought with all of the other.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import torch

from generation.evaluation.baselines.inversion import TextualInversion
from generation.evaluation.baselines.lora import DreamBoothLora
from generation.evaluation.baselines.settings import Inversion, Lora
from generation.evaluation.methods import Method
from generation.evaluation.metrics import figures
from generation.evaluation.plan import tuning_trials
from generation.studio.drawing import Trial
from generation.studio.loading import StudioParts, load_evaluator, load_studio
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.weights import base_digest

log = logging.getLogger(__name__)
WATCHED: Final = ("similarity", "text_match", "recovery")
Figures = dict[str, float]
Make = Callable[[StudioParts, Path, str, Mapping[str, Any]], Method]
METHODS: dict[str, Make] = {
    TextualInversion.name: lambda parts, folder, model, told: TextualInversion(parts, folder, model, Inversion(**told)),
    DreamBoothLora.name: lambda parts, folder, model, told: DreamBoothLora(parts, folder, model, Lora(**told)),
}


def balance(similarity: float, text_match: float) -> float:
    """Harmonic mean, 0 where both are."""
    both = similarity + text_match
    return 2 * similarity * text_match / both if both else 0.0


def tried(method: Method, evaluator: StudioEvaluator, rows: list[Trial]) -> Figures:
    """Means over the rows, the balance of them, and steps and seconds a subject."""
    found: list[Figures] = []
    costs: list[tuple[int, float]] = []
    for _, group in groupby(rows, key=lambda row: row.individual):
        own = list(group)
        prepared = method.prepare(own[0])
        costs.append((prepared.steps, prepared.seconds))
        found += figures(evaluator, method.draw(own, prepared), own)
    means = {name: sum(row[name] for row in found) / len(found) for name in WATCHED}
    steps, seconds = (sum(values) / len(costs) for values in zip(*costs, strict=True))
    return means | {
        "balance": balance(means["similarity"], means["text_match"]),
        "steps": steps,
        "seconds": seconds,
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=sorted(METHODS))
    parser.add_argument("--out", type=Path, required=True, help="fits and tuning.jsonl, outside of git")
    parser.add_argument("--try", dest="told", type=json.loads, nargs="+", default=[{}], help="settings as JSON")
    parser.add_argument("--individuals", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=4)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """See the module."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    parts, evaluator, model = load_studio(), load_evaluator(), base_digest()
    rows = tuning_trials(options.individuals, options.prompts)
    for told in options.told:
        method = METHODS[options.method](parts, options.out, model, told)
        found = tried(method, evaluator, rows)
        row = {"method": method.name, "model": model, "pictures": len(rows), "settings": dict(method.settings)} | found
        with (options.out / "tuning.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, sort_keys=True) + "\n")
        log.info("%s %s", told, {name: round(found[name], 3) for name in (*WATCHED, "balance", "seconds")})


if __name__ == "__main__":
    main()
