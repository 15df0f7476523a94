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

from safetensors import safe_open
from torch import Tensor

from generation.attention import load_visual_state_dict, visual_state_dict
from generation.downloads import file_sha256
from generation.evaluation.baselines.adapter_training import is_adapters, own_copy
from generation.evaluation.methods import Prepared
from generation.published import WeightsMismatch
from generation.spec import MaskDials
from generation.studio.drawing import How, Trial, draw_as
from generation.studio.loading import StudioParts

WEIGHTS: Final = Path(__file__).parent / "ip-adapter.safetensors"
SCALES: Final = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
#: The reference acts in every place; a mask that never changes need not be looked for again.
EVERYWHERE: Final = MaskDials(scope=1.0, binary=True, stop_step=1)


def with_adapter(parts: StudioParts, file: Path, model: str) -> StudioParts:
    """A copy of the model whose visual half is the adapter's. Raises WeightsMismatch for one of another base."""
    with safe_open(file, framework="pt") as stored:
        if (stored.metadata() or {}).get("model") != model:
            raise WeightsMismatch(f"{file} was trained on another base: train it again with adapter_training")
        learnt = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118
    own = own_copy(parts)
    kept = {name: tensor for name, tensor in visual_state_dict(own.unet).items() if not is_adapters(name)}
    load_visual_state_dict(own.unet, kept | learnt)
    return own


@dataclass(frozen=True)
class IpAdapter:
    """See the module. parts: of `with_adapter`; weights: SHA-256 (hex) of its file."""

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
    own, digest = with_adapter(parts, file, model), file_sha256(file)
    return [IpAdapter(own, digest, scale) for scale in scales]
