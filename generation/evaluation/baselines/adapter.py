"""IP-Adapter (Ye et al. 2023, arXiv:2308.06721): decoupled cross-attention, and nothing that says where or how much.

    out = softmax(Q K_t' / sqrt(d)) V_t  +  scale * softmax(Q K_i' / sqrt(d)) V_i

in every cross-attention, at every place, with the whole reference. Image encoder, projector and base are the same as
ours, so that what differs is the method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from generation.evaluation.baselines.branches import branch_digest, with_branch
from generation.evaluation.methods import Prepared
from generation.spec import MaskDials
from generation.studio.drawing import How, Trial, draw_as
from generation.studio.loading import StudioParts

WEIGHTS: Final = Path(__file__).parent / "ip-adapter.safetensors"
#: Both learnt from other views of the individual: a whole branch of ours, and IP-Adapter begun from it.
VIEWS_BRANCH: Final = Path(__file__).parent / "views-branch.safetensors"
VIEWS_WEIGHTS: Final = Path(__file__).parent / "views-ip-adapter.safetensors"
SCALES: Final = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
#: The reference acts in every place; a mask that never changes need not be looked for again.
EVERYWHERE: Final = MaskDials(scope=1.0, binary=True, stop_step=1)


@dataclass(frozen=True)
class IpAdapter:
    """See the module. parts: of `with_branch`; weights: its `branch_digest`."""

    parts: StudioParts
    weights: str
    scale: float = 1.0
    name: str = "ip-adapter"
    per_subject: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """See Method."""
        return {"weights": self.weights} | self.how.as_json()

    @property
    def how(self) -> How:
        """Nothing of ours is left but the attention."""
        return How(influence=self.scale, dials=EVERYWHERE, quantity=1.0, scored=False)

    def prepare(self, row: Trial) -> Prepared:
        """Nothing is learnt at test time."""
        del row
        return Prepared()

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """See Method."""
        del prepared
        return draw_as(self.parts, rows, self.how)


def adapters(parts: StudioParts, model: str, scales: Sequence[float] = SCALES, file: Path = WEIGHTS) -> list[IpAdapter]:
    """One for each scale. Raises WeightsMismatch, or FileNotFoundError where nobody trained it."""
    own, digest = with_branch(parts, file, model), branch_digest(file)
    return [IpAdapter(own, digest, scale) for scale in scales]
