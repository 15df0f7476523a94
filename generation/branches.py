"""Which rows does a step's batch hold? One guidance, generation and negative branch a picture, several pictures."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from generation.conditions import Condition, Vision, join, join_visions
from generation.denoising_state import Denoising
from generation.host import constant
from generation.influence import Extent, Influence
from generation.subject import Subject
from generation.visual_attention import AttentionPass


def groups(pictures: Sequence[Denoising]) -> list[list[Denoising]]:
    """Those that can share a forward: latents, conditions and formula of one kind."""
    found: dict[Hashable, list[Denoising]] = {}
    for d in pictures:
        kind = (d.latent.shape[1:], d.text.text.shape[1:], d.text.added is None, d.guidance, d.layers)
        found.setdefault(kind, []).append(d)
    return list(found.values())


def asking(pictures: Sequence[Denoising]) -> list[Denoising]:
    """Those of a group that look at the words in this step."""
    return [d for d in pictures if d.needs_mask or d.needs_text]


def slices(pictures: Sequence[Denoising]) -> list[slice]:
    """Each one's rows in a batch of them all."""
    return [slice(start, end) for start, end in pairwise(accumulate((d.rows for d in pictures), initial=0))]


def padded_words(pictures: Sequence[Denoising]) -> Tensor:
    """Everybody's words, (rows, s, n_t); s is the most words of any, others have empty ones."""
    words = [d.words for d in pictures]
    most = max(w.shape[1] for w in words)
    return torch.cat([F.pad(w, (0, 0, 0, most - w.shape[1])) for w in words])


def text_condition(pictures: Sequence[Denoising]) -> Condition:
    """The guidance branch's rows."""
    parts = [d.text for d in pictures]
    return pictures[0].keep("text", parts, lambda: join(parts))


@dataclass(frozen=True)
class Entry:
    """One reference acting in the rows of one branch; subject is None for a negative branch's blank one."""

    rows: range
    vision: Vision
    extent: Extent
    quantity: float
    subject: Subject | None = None


class Branches:
    """The generation rows of a group, then the negative rows of those that have such a branch in this step."""

    def __init__(self, pictures: Sequence[Denoising], masks: Sequence[Sequence[Tensor]]) -> None:
        self.pictures, self.masks = pictures, masks
        self.guided = [d for d in pictures if d.is_guided]
        self.rows = [*pictures, *self.guided]
        places = slices(self.rows)
        self.generated = places[: len(pictures)]
        self.negative = {id(d): place for d, place in zip(self.guided, places[len(pictures) :], strict=True)}
        self.slots = self._slots()

    @property
    def latent(self) -> Tensor:
        """(rows, c, h, w)."""
        return torch.cat([d.latent for d in self.rows])

    @property
    def kinds(self) -> list[Hashable]:
        """One a row: equal where the rows are the same before the first cross-attention."""
        branches = [0] * len(self.pictures) + [int(d.text.added is not None) for d in self.guided]
        return [(id(d), i, branch) for d, branch in zip(self.rows, branches, strict=True) for i in range(d.rows)]

    @property
    def condition(self) -> Condition:
        """Words of every row; joined anew only when pictures or branches come and go."""
        parts = [d.text for d in self.pictures] + [d.negative for d in self.guided if d.negative is not None]
        return self.pictures[0].keep("condition", parts, lambda: join(parts))

    @property
    def influence(self) -> Influence | None:
        """Of all references; made anew when a mask changes, its tokens joined anew only when the entries change."""
        entries = self.entries
        if not entries:
            return None
        visions, keep = [entry.vision for entry in entries], self.pictures[0].keep
        vision = keep("vision", visions, lambda: join_visions(visions))
        parts = [vision, *(entry.extent for entry in entries)]
        return keep("influence", parts, lambda: self._influence(vision))

    @property
    def entries(self) -> list[Entry]:
        """Slot by slot."""
        return [entry for slot in self.slots for entry in slot]

    def count(self, current: AttentionPass) -> None:
        """Hand each subject the count of its tokens that got in."""
        start = 0
        for entry in self.entries:
            end = start + len(entry.rows)
            if entry.subject is not None and current.counted is not None:
                entry.subject.count(current.counted[start:end], current.layers)
            start = end

    def _influence(self, vision: Vision) -> Influence:
        entries = self.entries
        rows = constant(tuple(row for entry in entries for row in entry.rows), vision.tokens.device, torch.long)
        quantities = tuple(entry.quantity for entry in entries for _ in entry.rows)
        ends = [0]
        for slot in self.slots:
            ends.append(ends[-1] + sum(len(entry.rows) for entry in slot))
        runs = tuple(slice(start, end) for start, end in pairwise(ends))
        extents = tuple(entry.extent for entry in entries)
        return Influence(vision, rows, torch.cat([e.mask for e in extents]), quantities, runs, extents)

    def _slots(self) -> list[list[Entry]]:
        """First subjects and blank references, second subjects, ...: no row twice in one slot."""
        slots: list[list[Entry]] = [[] for _ in range(max(len(d.subjects) for d in self.pictures))]
        for d, rows, masks in zip(self.pictures, self.generated, self.masks, strict=True):
            if d.influence == 0:
                continue
            extents = d.extents(masks)
            for slot, subject, extent in zip(slots, d.subjects, extents, strict=False):
                slot.append(Entry(range(rows.start, rows.stop), subject.vision, extent, subject.quantity, subject))
            slots[0] += self._blank(d, extents)
        return [slot for slot in slots if slot]

    def _blank(self, d: Denoising, extents: Sequence[Extent]) -> list[Entry]:
        """The blank reference under the union of the masks; the paper's formula has none."""
        if not d.is_guided or d.guidance == "paper" or d.negative is None or d.negative.seen is None:
            return []
        rows, quantity = self.negative[id(d)], max(subject.quantity for subject in d.subjects)
        return [Entry(range(rows.start, rows.stop), d.negative.seen, d.extent_of_all(extents), quantity)]
