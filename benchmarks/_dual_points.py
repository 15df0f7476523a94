"""The rows of `./run bench dual`: every method at every setting, for one training of the visual branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

from generation.evaluation.baselines.adapter import VIEWS_BRANCH, VIEWS_WEIGHTS, WEIGHTS, adapters
from generation.evaluation.baselines.branches import branch_digest, with_branch
from generation.evaluation.baselines.inversion import TextualInversion
from generation.evaluation.baselines.lora import DreamBoothLora
from generation.evaluation.baselines.settings import Inversion, Lora
from generation.evaluation.comparison import Comparison
from generation.evaluation.methods import Method, Ours, Truth
from generation.published import WeightsMismatch
from generation.spec import MaskDials
from generation.studio.drawing import How
from generation.studio.loading import StudioParts
from generation.studio.weights import VISUAL_BRANCH
from generation.studio.weights import WEIGHTS as RELEASE

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


@dataclass(frozen=True)
class Entry:
    """One row of a table. curve: whose curve it is a spot of, `spot` its number there. shown: among the pictures."""

    label: str
    method: Method
    curve: str = ""
    spot: str = ""
    shown: bool = False


@dataclass(frozen=True)
class Taught:
    """The model with one training of its visual branch, the branch's digest, and IP-Adapter's file taught alike."""

    parts: StudioParts
    branch: str
    adapter: Path

    def ours(self, how: How | None = None) -> Ours:
        """With this branch."""
        return Ours("ours", self.parts, how or How(), branch=self.branch)


def taught_by_pairs(parts: StudioParts) -> Taught:
    """Text-image pairs alone: as it ships."""
    return Taught(parts, branch_digest(RELEASE / VISUAL_BRANCH), WEIGHTS)


def taught_by_views(parts: StudioParts, model: str, branch: Path = VIEWS_BRANCH) -> Taught | None:
    """Other views of each individual; None where nobody trained that on this base."""
    try:
        return Taught(with_branch(parts, branch, model), branch_digest(branch), VIEWS_WEIGHTS)
    except (FileNotFoundError, WeightsMismatch):
        return None


def main_entries(comparison: Comparison, taught: Taught, adapter: Sequence[Entry]) -> list[Entry]:
    """On all individuals: the bound of control, ours whole and with a part left out, IP-Adapter at its best scale."""
    return [
        Entry(PLAIN, comparison.plain),
        Entry(OURS, taught.ours(), OURS, "1", shown=True),
        Entry(NO_MASK, taught.ours(How(dials=EVERYWHERE)), NO_MASK, "1", shown=True),
        Entry("ours, no scoring", taught.ours(How(scored=False))),
        Entry("ours, binary masks", taught.ours(How(dials=MaskDials(binary=True)))),
        *(entry for entry in adapter if entry.shown),
    ]


def turned_entries(taught: Taught) -> list[Entry]:
    """How much the reference acts, under the mask and everywhere; as much as in `main_entries` is not repeated."""
    made = []
    for influence in INFLUENCES:
        for label, how in ((OURS, How(influence=influence)), (NO_MASK, How(influence=influence, dials=EVERYWHERE))):
            spot = f"{influence:g}"
            made.append(Entry(f"{label}, influence {spot}", taught.ours(how), label, spot))
    return made


def adapter_entries(comparison: Comparison, taught: Taught) -> list[Entry]:
    """IP-Adapter at every scale; none where its weights aren't there or belong to another base."""
    try:
        made = adapters(taught.parts, comparison.model, file=taught.adapter)
    except (FileNotFoundError, WeightsMismatch):
        return []
    return [
        Entry(f"{ADAPTER}, scale {one.scale:g}", one, ADAPTER, f"{one.scale:g}", shown=one.scale == BEST_SCALE)
        for one in made
    ]


def bound_entries(comparison: Comparison) -> list[Entry]:
    """What can be expected at most, and without any reference."""
    told = Ours(comparison.plain.name, comparison.parts, comparison.plain.how, told=True)
    return [Entry(TRUTH, Truth()), Entry(TOLD, told)]


def dial_entries(taught: Taught) -> list[Entry]:
    """Scope x quantity, and how early the mask is frozen."""
    dials = [How(dials=MaskDials(scope=s), quantity=q) for s, q in product(SCOPES, QUANTITIES) if (s, q) != (0.25, 0.8)]
    made = [Entry(f"scope {how.dials.scope:g}, quantity {how.quantity:g}", taught.ours(how)) for how in dials]
    frozen = [How(dials=MaskDials(stop_step=stop)) for stop in STOPS]
    return made + [Entry(f"mask frozen after {how.dials.stop_step} steps", taught.ours(how)) for how in frozen]


def fitted_entries(comparison: Comparison, folder: Path) -> list[Entry]:
    """What is learnt for each individual, stopped early and as tuned; each on its own copy of the base."""
    made: list[Entry] = []
    for share in SHARES:
        inversion, lora = Inversion(), Lora()
        lora = replace(lora, steps=round(share * lora.steps))
        made += [
            inversion_entry(comparison, folder, round(share * inversion.steps), shown=share == 1),
            _fitted(DREAMBOOTH, DreamBoothLora(comparison.parts, folder, comparison.model, lora), shown=share == 1),
        ]
    return made


def inversion_entry(comparison: Comparison, folder: Path, steps: int, *, shown: bool = False) -> Entry:
    """Textual Inversion of so many steps."""
    setting = replace(Inversion(), steps=steps)
    method = TextualInversion(comparison.parts, folder, comparison.model, setting)
    return _fitted(INVERSION, method, shown=shown)


def _fitted(label: str, method: TextualInversion | DreamBoothLora, *, shown: bool) -> Entry:
    steps = str(method.setting.steps)
    return Entry(f"{label}, {steps} steps", method, label, steps, shown)
