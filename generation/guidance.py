"""How the branches' predictions become one.

release: eps = eps(neg) + w (eps(t,i) - eps(neg)), where neg sees the negative prompt and a blank reference under the
same mask. The text-only branch is needed for the mask alone, so it can be skipped once the mask is frozen.
paper: eps = eps(0) + w_t (eps(t) - eps(0)) + w_i (eps(t,i) - eps(t)). The text-only prediction enters every step, so
freezing the mask saves no forward.
"""

from __future__ import annotations

from torch import Tensor

from generation.spec import GenerationSpec, InvalidSpec

PAPER_NOTE = (
    "paper guidance needs the text-only branch in every step: the mask is frozen after step {stop}, "
    "but no time is saved; choose release guidance for that"
)


def two_term(negative: Tensor, generated: Tensor, scale: float) -> Tensor:
    """The release's formula; all tensors (b, c, h, w)."""
    return negative + scale * (generated - negative)


def three_term(blank: Tensor, text: Tensor, generated: Tensor, text_scale: float, image_scale: float) -> Tensor:
    """The paper's formula; all tensors (b, c, h, w)."""
    return blank + text_scale * (text - blank) + image_scale * (generated - text)


def warnings_for(spec: GenerationSpec) -> list[str]:
    """What a reader of the spec would otherwise believe. Raises InvalidSpec for what contradicts itself."""
    if spec.guidance == "paper" and spec.effort == "fast":
        raise InvalidSpec(
            "fast effort leaves branches out that paper guidance needs in every step: choose release guidance for it"
        )
    if spec.guidance == "paper" and spec.mask.stop_step is not None:
        return [PAPER_NOTE.format(stop=spec.mask.stop_step)]
    return []
