"""Pictures on their way: what a denoising step reads and changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from generation.conditions import Condition
from generation.host import Late
from generation.influence import Extent
from generation.masks import (
    QueryKey,
    bounded,
    combine,
    half_size,
    kept_positions,
    refined,
    select,
    spread,
    stack,
    strongest,
)
from generation.sampling import Sampler
from generation.savings import NOTHING, Savings
from generation.spec import Guidance, MaskDials
from generation.subject import Subject
from generation.word_shares import WordShares

Made = TypeVar("Made")


class NonFiniteLatent(ArithmeticError):
    """The latent holds NaN or infinity; the message names the step. Usually half precision overflowed."""

    def __init__(self, step: int, steps: int) -> None:
        super().__init__(
            f"the latent is not finite after step {step} of {steps}: draw in a wider dtype or with less guidance"
        )
        self.step = step


@dataclass
class Denoising:
    """b pictures on their way, all at the same step.

    latent (b, c, h, w) float32. text: the text-only condition of b rows. negative: negative text and blank vision,
    b rows; None turns guidance off. influence: multiplies the mask; 0 shuts the references out. layers: which
    cross-attentions' maps make the mask, counted in order of execution; empty takes all. savings: what is left out.
    word_shares: keeps how much each word acts, where that is asked for. masks: the union of the subjects',
    (b, 1, h/2, w/2), one a step done. error: why it cannot go on.
    times (steps,): of every step, on the latent's device.
    """

    latent: Tensor
    sampler: Sampler
    subjects: Sequence[Subject]
    text: Condition
    negative: Condition | None
    dials: MaskDials = field(default_factory=MaskDials)
    guidance: Guidance = "release"
    scale: float = 3.5
    image_scale: float = 12.5
    influence: float = 1.0
    layers: tuple[int, ...] = ()
    savings: Savings = NOTHING
    word_shares: WordShares | None = None
    step: int = 0
    masks: list[Tensor] = field(default_factory=list)
    error: NonFiniteLatent | None = None
    times: Tensor = field(init=False, repr=False)
    _kept: dict[str, tuple[list[object], Any]] = field(default_factory=dict, repr=False)
    _finite: list[Late] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Bring the times to the device once."""
        self.times = torch.tensor(self.sampler.timesteps, device=self.latent.device)

    def keep(self, name: str, parts: Sequence[object], make: Callable[[], Made]) -> Made:
        """What `make` gives, made anew only when one of its parts is another object than the last time."""
        before, made = self._kept.get(name, ([], None))
        if len(before) != len(parts) or any(a is not b for a, b in zip(before, parts, strict=True)):
            made = make()
            self._kept[name] = (list(parts), made)
        return cast(Made, made)

    def extents(self, masks: Sequence[Tensor]) -> list[Extent]:
        """The masks times the influence, with what the host knows of them: the more, the longer they stand."""
        return [self._extent(place, mask) for place, mask in enumerate(masks)]

    def extent_of_all(self, extents: Sequence[Extent]) -> Extent:
        """Of their union, which is where a blank reference acts."""
        if len(extents) == 1:
            return extents[0]
        masks, most = [extent.mask for extent in extents], sum(extent.most for extent in extents)
        return self._lasting("all", masks, lambda: Extent(union(masks), most, self.step))

    def _extent(self, place: int, mask: Tensor) -> Extent:
        subject = self.subjects[place]
        most = subject.area or mask.shape[-2] * mask.shape[-1]
        if self.dials.select == "top_k":
            most = kept_positions(self.dials.scope if subject.scope is None else subject.scope, most)
        return self._lasting(str(place), [mask], lambda: Extent(self._weighted(mask), most, self.step))

    def _weighted(self, mask: Tensor) -> Tensor:
        return mask if self.influence == 1 else mask * self.influence

    def _lasting(self, name: str, masks: Sequence[Tensor], make: Callable[[], Extent]) -> Extent:
        """One that stood in an earlier step knows by now what it asked the device then."""
        extent = self.keep(f"extent {name}", masks, make)
        if extent.step == self.step:
            return extent
        return self.keep(f"settled extent {name}", [extent], extent.settled)

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return len(self.sampler.timesteps)

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return self.step >= self.steps

    @property
    def rows(self) -> int:
        """How many pictures."""
        return len(self.latent)

    @property
    def timestep(self) -> int:
        """Of the step to come."""
        return self.sampler.timesteps[self.step]

    @property
    def last_layer(self) -> int:
        """How many cross-attentions must run for the masks; 0 is all."""
        return max(self.layers) + 1 if self.layers else 0

    @property
    def needs_mask(self) -> bool:
        """Whether this step asks the guidance branch for a mask, or takes the one it has: frozen, fresh or own."""
        if self.subjects[0].mask is None:
            return True
        if self.step % self.savings.guide_every or (self._own_from is not None and self.step >= self._own_from):
            return False
        return self._moves(self.step)

    @property
    def leaves_mask(self) -> bool:
        """Whether this step's generation branch makes the mask of the next one."""
        coming = self.step + 1
        own = self._own_from is not None and coming >= self._own_from
        return own and coming < self.steps and self._moves(coming)

    @property
    def _own_from(self) -> int | None:
        """Refinement spreads the guidance branch's maps along its own self-attention: it always asks that branch."""
        return None if self.dials.refine else self.savings.own_from

    def _moves(self, step: int) -> bool:
        stop = self.dials.stop_step
        return stop is None or step < stop

    @property
    def needs_text(self) -> bool:
        """Whether the guidance formula needs the text-only prediction."""
        return self.guidance == "paper"

    @property
    def is_guided(self) -> bool:
        """Whether this step has a negative branch."""
        if self.negative is None:
            return False
        return self.step < self.savings.guided_share * self.steps

    @property
    def words(self) -> Tensor:
        """(b, s, n_t): the subjects' words, then those of the prompt where their shares are kept."""
        words = torch.stack([subject.word for subject in self.subjects], dim=1)
        if self.word_shares is None:
            return words
        return torch.cat([words, self.word_shares.words.to(words).expand(self.rows, -1, -1)], dim=1)

    def new_masks(self, maps: Sequence[Tensor], attentions: Sequence[QueryKey]) -> list[Tensor]:
        """The words' maps (b, s, h, w), one a layer -> the subjects' masks, (b, 1, h/2, w/2) each."""
        chosen = [maps[i] for i in self.layers] if self.layers else list(maps)
        size = half_size(*self.latent.shape[-2:])
        found = [self._normalised(s, [m[:, i] for m in chosen], size, attentions) for i, s in enumerate(self.subjects)]
        masks = self._selected(found)
        if self.word_shares is not None:
            self.word_shares.add([m[:, len(self.subjects) :] for m in chosen], union(masks))
        return masks

    def _normalised(
        self, subject: Subject, maps: list[Tensor], size: tuple[int, int], attentions: Sequence[QueryKey]
    ) -> Tensor:
        mask = combine(stack(maps, size), self.dials.norm)
        if self.dials.refine:
            mask = refined(mask, attentions, self.dials.norm)
        subject.spreads.append(spread(mask))
        return mask if subject.bound is None else bounded(mask, subject.bound)

    def _selected(self, normalised: list[Tensor]) -> list[Tensor]:
        """Where masks meet, the stronger word wins before positions are kept, so that each keeps its own number."""
        wins: Sequence[Tensor | None] = strongest(normalised) if len(normalised) > 1 else [None]
        return [
            self._select(subject, mask, won) for subject, mask, won in zip(self.subjects, normalised, wins, strict=True)
        ]

    def _select(self, subject: Subject, mask: Tensor, won: Tensor | None) -> Tensor:
        dials = self.dials if subject.scope is None else replace(self.dials, scope=subject.scope)
        inside = None if subject.bound is None else subject.bound > 0
        both = won if inside is None else inside if won is None else inside & won
        return select(mask, dials, both, subject.area)

    def advance(self, masks: Sequence[Tensor], prediction: Tensor, coming: Sequence[Tensor] | None = None) -> None:
        """Take the step under `masks`; `coming` are the next one's, where it doesn't make its own.

        A latent that is not finite is left as `error`: of the last step at once, of any other one step later, when its
        number has come to the host without anybody waiting.
        """
        for subject, mask, following in zip(self.subjects, masks, coming or masks, strict=True):
            subject.mask = following
            subject.masks.append(mask)
        self.masks.append(union(masks))
        self.latent = self.sampler.step(self.step, prediction, self.latent)
        self.step += 1
        self._finite.append(Late(torch.isfinite(self.latent).all()))
        while self.error is None and len(self._finite) > (not self.done):
            if not self._finite.pop(0).read():
                self.error = NonFiniteLatent(self.step - len(self._finite), self.steps)


def union(masks: Sequence[Tensor]) -> Tensor:
    """Of masks that do not meet, (b, 1, h, w) each."""
    return masks[0] if len(masks) == 1 else torch.stack(list(masks)).sum(dim=0)
