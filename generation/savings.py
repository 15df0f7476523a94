"""Which work of a picture is left out? Exact effort leaves nothing out that changes it; fast effort, three things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generation.spec import Effort


@dataclass(frozen=True, kw_only=True)
class Savings:
    """What one picture does without; the defaults do without nothing.

    guide_every: steps from one look of the guidance branch to the next.
    guided_share: of the steps have a negative branch; the last ones go without.
    own_from: from this step on the guidance branch does not look at all. The mask comes from the words' attention in
    the generation branch one step before, which costs no forward; None always asks the guidance branch.
    """

    guide_every: int = 1
    guided_share: float = 1.0
    own_from: int | None = None


NOTHING: Final = Savings()
FAST: Final = Savings(guide_every=2, guided_share=0.6, own_from=1)


def savings_of(effort: Effort) -> Savings:
    """What an effort leaves out."""
    return FAST if effort == "fast" else NOTHING
