"""Textual Inversion (Gal et al. 2022, arXiv:2208.01618): one new word's embedding is learnt, all else is frozen.

The new word begins as the kind's and stands in its place: "a large S* in the snow".
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

from generation.evaluation.baselines.fitting import Fitted, Lesson
from generation.evaluation.baselines.settings import Inversion
from generation.evaluation.baselines.velocity import Asked, decode, draw_latents, noised, squared_error
from generation.evaluation.baselines.views import views
from generation.evaluation.methods import Prepared
from generation.studio.batches import generator_at
from generation.studio.drawing import Trial, initial_noise, text_states
from generation.studio.loading import StudioParts
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.world.captions import OPENINGS, subject_phrase

WORD = "word.vector"


class NewWord(nn.Module):
    """An embedding table with one row more, the only one that is learnt."""

    def __init__(self, table: nn.Embedding, like: int) -> None:
        super().__init__()
        self.table = table.requires_grad_(False)
        self.number = table.num_embeddings
        self.vector = nn.Parameter(table.weight[like].detach().clone())

    def forward(self, ids: Tensor) -> Tensor:
        """(b, n) -> (b, n, c)."""
        new = ids == self.number
        known: Tensor = self.table(ids.masked_fill(new, 0))
        return torch.where(new[..., None], self.vector, known)


class Inverted(nn.Module):
    """A text encoder that knows the new word, before the frozen UNet."""

    def __init__(self, parts: StudioParts, kind: str) -> None:
        super().__init__()
        self.tokenizer = parts.tokenizer
        self.kind = int(parts.tokenizer.convert_tokens_to_ids(f"{kind}</w>"))
        encoder = deepcopy(parts.text_encoder).requires_grad_(False)
        self.word = NewWord(encoder.get_input_embeddings(), self.kind)
        encoder.set_input_embeddings(self.word)
        self.encoder = encoder
        self.unet = deepcopy(parts.unet).requires_grad_(False)

    def read(self, prompts: Sequence[str]) -> Tensor:
        """(b, 32, c), the new word in the kind's place."""
        ids: Tensor = self.tokenizer(
            list(prompts), padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
        ).input_ids
        hidden: Tensor = self.encoder(ids.masked_fill(ids == self.kind, self.word.number)).last_hidden_state
        return hidden

    def forward(self, asked: Asked, captions: Sequence[str]) -> Tensor:
        """The loss, a scalar."""
        return squared_error(self.unet, asked, self.read(captions)).mean()


class TextualInversion(Fitted[Inversion]):
    """See the module."""

    name = "textual-inversion"

    def __init__(self, parts: StudioParts, folder: Path, model: str, setting: Inversion | None = None) -> None:
        """See Fitted; setting: the tuned one, where none is given."""
        super().__init__(parts, folder, model, setting or Inversion())

    def _begin(self, row: Trial) -> Lesson:
        setting, module = self.setting, Inverted(self.parts, row.individual.kind)
        captions = [f"{opening} {subject_phrase(row.individual)}" for opening in OPENINGS]
        with torch.no_grad():
            pictures = views(row.reference, setting.views, generator_at(setting.seed, 0))
            latents = self.parts.autoencoder.encode(pictures).latents

        def loss_at(step: int) -> Tensor:
            generator = generator_at(setting.seed + 1, step)
            chosen = torch.randint(len(latents), (setting.batch,), generator=generator)
            told = torch.randint(len(captions), (setting.batch,), generator=generator).tolist()
            asked = noised(self.parts.scheduler, latents[chosen], setting.time_exponent, generator)
            loss: Tensor = module(asked, [captions[place] for place in told])
            return loss

        return module, loss_at

    @torch.no_grad()
    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """See Method."""
        module = Inverted(self.parts, rows[0].individual.kind)
        module.word.vector.copy_(prepared.state[WORD])
        text = module.read([row.prompt for row in rows])
        empty = text_states(self.parts, [""] * len(rows))
        return decode(self.parts.autoencoder, draw_latents(self.parts.unet, initial_noise(rows), text, empty))
