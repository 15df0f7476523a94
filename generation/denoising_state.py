"""Pictures on their way: what a denoising step reads and changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from generation.conditions import Condition, Vision
from generation.masks import QueryKey, bounded, combine, half_size, refined, select, spread, stack, strongest
from generation.sampling import Sampler
from generation.spec import Effort, Guidance, MaskDials
from generation.word_shares import WordShares

Made = TypeVar("Made")

FAST_GUIDE_EVERY = 2  # steps from one mask to the next
FAST_HALVED_FROM = 48  # latent positions on the shorter side
FAST_GUIDED_SHARE = 0.6  # of the steps have a negative branch


class NonFiniteLatent(ArithmeticError):
    """The latent holds NaN or infinity; the message names the step. Usually half precision overflowed."""

    def __init__(self, step: int, steps: int) -> None:
        super().__init__(
            f"the latent is not finite after step {step} of {steps}: draw in a wider dtype or with less guidance"
        )
        self.step = step


@dataclass
class Subject:
    """One real word and what it is narrowed to, in b pictures.

    word (b, n_t): 1 at its tokens. vision: b rows. quantity: share of visual tokens that gets in. scope: of its mask,
    None takes the dials'. bound (1, 1, h/2, w/2): in [0, 1], where it may be; None is everywhere.
    mask (b, 1, h/2, w/2): the latest; masks: one a step done. spreads (b,): `masks.spread` of each mask made.
    counted (b, n): how many layers let each visual token in, of `layers` asked; None where nobody asked.
    area: positions within the bound; 0 without one.
    """

    word: Tensor
    vision: Vision
    quantity: float = 1.0
    scope: float | None = None
    bound: Tensor | None = None
    mask: Tensor | None = None
    masks: list[Tensor] = field(default_factory=list)
    spreads: list[Tensor] = field(default_factory=list)
    counted: Tensor | None = None
    layers: int = 0
    area: int = 0

    def __post_init__(self) -> None:
        """The scope counts within the bound."""
        if self.bound is not None:
            self.area = int((self.bound > 0).sum())

    def count(self, tokens: Tensor | None, layers: int) -> None:
        """Add one step's count (b, n)."""
        if tokens is not None:
            tokens = tokens[:, : self.vision.tokens.shape[1]]
            self.counted = tokens if self.counted is None else self.counted + tokens
            self.layers += layers


@dataclass
class Denoising:
    """b pictures on their way, all at the same step.

    latent (b, c, h, w) float32. text: the text-only condition of b rows. negative: negative text and blank vision,
    b rows; None turns guidance off. influence: multiplies the mask; 0 shuts the references out. layers: which
    cross-attentions' maps make the mask, counted in order of execution; empty takes all. word_shares: keeps how much
    each word acts, where that is asked for. mask, masks: the union of the subjects', (b, 1, h/2, w/2), one a step done.
    error: why it cannot go on.
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
    effort: Effort = "exact"
    word_shares: WordShares | None = None
    step: int = 0
    masks: list[Tensor] = field(default_factory=list)
    error: NonFiniteLatent | None = None
    _kept: dict[str, tuple[list[object], Any]] = field(default_factory=dict, repr=False)

    def keep(self, name: str, parts: Sequence[object], make: Callable[[], Made]) -> Made:
        """What `make` gives, made anew only when one of its parts is another object than the last time."""
        before, made = self._kept.get(name, ([], None))
        if len(before) != len(parts) or any(a is not b for a, b in zip(before, parts, strict=True)):
            made = make()
            self._kept[name] = (list(parts), made)
        return cast(Made, made)

    def weighted(self, masks: Sequence[Tensor]) -> list[Tensor]:
        """The masks times the influence."""
        if self.influence == 1:
            return list(masks)
        return self.keep("weighted", masks, lambda: [mask * self.influence for mask in masks])

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
    def looks_coarsely(self) -> bool:
        """Whether the guidance branch looks at half the resolution. Small latents stay whole: at 16 x 16 half of a
        mask's positions would be others, and no time is saved."""
        return self.effort == "fast" and min(self.latent.shape[-2:]) >= FAST_HALVED_FROM

    @property
    def guide_latent(self) -> Tensor:
        """What the guidance branch looks at: where coarse, every other row and column, which keeps the noise as
        strong as the time says (a mean would weaken it)."""
        return self.latent[..., ::2, ::2] if self.looks_coarsely else self.latent

    @property
    def last_layer(self) -> int:
        """How many cross-attentions must run for the masks; 0 is all."""
        return max(self.layers) + 1 if self.layers else 0

    @property
    def needs_mask(self) -> bool:
        """Whether this step makes a new mask, or the last one is kept: frozen, or too fresh for fast effort."""
        stop = self.dials.stop_step
        if self.subjects[0].mask is None:
            return True
        if self.effort == "fast" and self.step % FAST_GUIDE_EVERY:
            return False
        return stop is None or self.step < stop

    @property
    def needs_text(self) -> bool:
        """Whether the guidance formula needs the text-only prediction."""
        return self.guidance == "paper"

    @property
    def is_guided(self) -> bool:
        """Whether this step has a negative branch."""
        if self.negative is None:
            return False
        return self.effort == "exact" or self.step < FAST_GUIDED_SHARE * self.steps

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

    def advance(self, masks: Sequence[Tensor], prediction: Tensor) -> None:
        """Take the step. A latent that is not finite is left as `error`."""
        for subject, mask in zip(self.subjects, masks, strict=True):
            subject.mask = mask
            subject.masks.append(mask)
        self.masks.append(union(masks))
        self.latent = self.sampler.step(self.step, prediction, self.latent)
        self.step += 1
        if not torch.isfinite(self.latent).all():
            self.error = NonFiniteLatent(self.step, self.steps)


def union(masks: Sequence[Tensor]) -> Tensor:
    """Of masks that do not meet, (b, 1, h, w) each."""
    return masks[0] if len(masks) == 1 else torch.stack(list(masks)).sum(dim=0)
