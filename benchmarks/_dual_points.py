"""What `./run bench dual` compares, and in which order, so that what is missing when time is up is missed least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

from generation.evaluation.baselines.adapter import adapters
from generation.evaluation.baselines.inversion import TextualInversion
from generation.evaluation.baselines.lora import DreamBoothLora
from generation.evaluation.baselines.settings import Fitting, Inversion, Lora
from generation.evaluation.cells import Cell
from generation.evaluation.comparison import Comparison
from generation.evaluation.methods import Method, Ours, Truth
from generation.evaluation.plan import Planned
from generation.published import WeightsMismatch
from generation.spec import MaskDials
from generation.studio.drawing import How
from generation.studio.loading import load_studio

#: Acts everywhere: the mask is made once and is 1.
EVERYWHERE: Final = MaskDials(scope=1.0, binary=True, stop_step=1)
OURS, PLAIN, NO_MASK = "ours", "words alone", "ours, no mask guidance"
ADAPTER, INVERSION, DREAMBOOTH = "IP-Adapter", "Textual Inversion", "DreamBooth-LoRA"
TRUTH, TOLD = "drawn by the world itself", "words alone that tell the looks"
INFLUENCES: Final = (0.25, 0.5, 0.75, 1.25, 1.5)
SCOPES, QUANTITIES, STOPS = (0.15, 0.25, 0.4), (0.4, 0.8, 1.0), (4, 8, 25)
#: Of the steps that were tuned: less learnt is less alike, and obeys more.
SHARES: Final = (1.0, 0.5, 0.25)
#: The scale at which IP-Adapter is set beside ours on all individuals.
BEST_SCALE: Final = 1.0
#: Individuals of the sweeps and of what is learnt for each one.
FEW: Final = 10


@dataclass(frozen=True)
class Entry:
    """One row of a table. curve: whose curve it is a spot of, `spot` its number there. shown: among the pictures."""

    label: str
    method: Method
    curve: str = ""
    spot: str = ""
    shown: bool = False


def main_entries(comparison: Comparison, adapter: Sequence[Entry]) -> list[Entry]:
    """On all individuals: the bound of control, ours whole and with a part left out, IP-Adapter at its best scale."""
    parts = comparison.parts
    left_out = {
        "ours, no scoring": How(scored=False),
        "ours, binary masks": How(dials=MaskDials(binary=True)),
    }
    return [
        Entry(PLAIN, comparison.plain),
        Entry(OURS, Ours("ours", parts), OURS, "1"),
        Entry(NO_MASK, Ours("ours", parts, How(dials=EVERYWHERE)), NO_MASK, "1"),
        *(Entry(label, Ours("ours", parts, how)) for label, how in left_out.items()),
        *(entry for entry in adapter if entry.spot == f"{BEST_SCALE:g}"),
    ]


def sweep_entries(comparison: Comparison, others: Sequence[Entry]) -> list[Entry]:
    """On FEW individuals: the evaluator's own bounds, the others at every setting, and how much the reference acts."""
    parts = comparison.parts
    made = [Entry(TRUTH, Truth()), Entry(TOLD, Ours("words alone", parts, comparison.plain.how, told=True))]
    for influence in INFLUENCES:
        made.append(_turned(comparison, OURS, influence, How(influence=influence)))
        if influence < 1:
            made.append(_turned(comparison, NO_MASK, influence, How(influence=influence, dials=EVERYWHERE)))
    return [*made, *others]


def dial_entries(comparison: Comparison) -> list[Entry]:
    """On FEW individuals: scope x quantity, and how early the mask is frozen."""
    dials = [How(dials=MaskDials(scope=s), quantity=q) for s, q in product(SCOPES, QUANTITIES) if (s, q) != (0.25, 0.8)]
    made = [
        Entry(f"scope {how.dials.scope:g}, quantity {how.quantity:g}", Ours("ours", comparison.parts, how))
        for how in dials
    ]
    frozen = [How(dials=MaskDials(stop_step=stop)) for stop in STOPS]
    return made + [
        Entry(f"mask frozen after {how.dials.stop_step} steps", Ours("ours", comparison.parts, how)) for how in frozen
    ]


def adapter_entries(comparison: Comparison) -> list[Entry]:
    """IP-Adapter at every scale; none where its weights aren't there or belong to another base."""
    try:
        made = adapters(comparison.parts, comparison.model)
    except (FileNotFoundError, WeightsMismatch):
        return []
    return [Entry(f"{ADAPTER}, scale {one.scale:g}", one, ADAPTER, f"{one.scale:g}") for one in made]


def fitted_entries(comparison: Comparison, folder: Path) -> list[Entry]:
    """What is learnt for each of FEW individuals, stopped early and as tuned; each on a base of its own."""
    made: list[Entry] = []
    for share in SHARES:
        inversion, lora = Inversion(), Lora()
        inversion = replace(inversion, steps=round(share * inversion.steps))
        lora = replace(lora, steps=round(share * lora.steps))
        made += [
            _fitted(INVERSION, TextualInversion(load_studio(), folder, comparison.model, inversion), inversion, share),
            _fitted(DREAMBOOTH, DreamBoothLora(load_studio(), folder, comparison.model, lora), lora, share),
        ]
    return made


def _fitted(label: str, method: Method, setting: Fitting, share: float) -> Entry:
    return Entry(f"{label}, {setting.steps} steps", method, label, str(setting.steps), shown=share == 1)


def _turned(comparison: Comparison, label: str, influence: float, how: How) -> Entry:
    return Entry(f"{label}, influence {influence:g}", Ours("ours", comparison.parts, how), label, f"{influence:g}")


def in_rounds(
    comparison: Comparison, entries: Sequence[Entry], plans: Sequence[Planned], size: int
) -> list[list[Cell]]:
    """`size` prompts of every individual and entry, then the next ones: stopped anywhere, all have as much."""
    places: dict[tuple[str, str], int] = {}
    for plan in plans:
        known = sum(key[0] == plan.individual for key in places)
        places.setdefault((plan.individual, plan.prompt), known)
    rounds = []
    for start in range(0, max(places.values()) + 1, size):
        now = [p for p in plans if start <= places[p.individual, p.prompt] < start + size]
        rounds.append([cell for entry in entries for cell in comparison.cells(entry.method, now)])
    return rounds
