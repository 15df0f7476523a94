"""DreamBooth (Ruiz et al. 2023, arXiv:2208.12242) with low-rank updates (Hu et al. 2022, arXiv:2106.09685).

The UNet's attention learns that a rare word before the kind's means this individual: "a large brand mug in the snow".
Pictures of the kind that the base draws itself keep it from forgetting what the kind's word means (prior preservation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from generation.evaluation.baselines.fitting import Fitted, Lesson
from generation.evaluation.baselines.settings import Lora
from generation.evaluation.baselines.velocity import decode, draw_latents, noised, squared_error
from generation.evaluation.baselines.views import views
from generation.evaluation.methods import Prepared
from generation.sampling import initial_latent
from generation.studio.batches import generator_at
from generation.studio.drawing import CHANNELS, SIDE, Trial, initial_noise, text_states
from generation.studio.loading import StudioParts
from generation.studio.world.captions import OPENINGS, subject_phrase

try:
    from peft import LoraConfig
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("DreamBooth-LoRA needs peft: pip install -e '.[baselines]'") from error

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]


def named(prompt: str, kind: str, word: str) -> str:
    """The prompt with the rare word before the kind's."""
    before, after = prompt.replace(f"an {kind}", f"a {kind}").split(kind, 1)
    return f"{before}{word} {kind}{after}"


@dataclass(frozen=True)
class Examples:
    """Latents of the subject's views (v, c, 16, 16) and of the kind (p, c, 16, 16) with their texts.

    own_text: one for each opening of a caption, (o, n, c); prior_text: one for each picture of the kind, (p, n, c).
    """

    own: Tensor
    own_text: Tensor
    prior: Tensor
    prior_text: Tensor


@torch.no_grad()
def examples_of(parts: StudioParts, row: Trial, setting: Lora) -> Examples:
    """The kind's pictures are the base's own, told in the subject's words without the rare one, as in the paper."""
    kind, phrase = row.individual.kind, subject_phrase(row.individual)
    seen = views(row.reference, setting.views, generator_at(setting.seed, 0))
    told = [f"{OPENINGS[place % len(OPENINGS)]} {phrase}" for place in range(setting.prior)]
    prior_text, empty = text_states(parts, told), text_states(parts, [""] * setting.prior)
    noise = torch.cat([initial_latent((1, CHANNELS, SIDE, SIDE), place, "cpu") for place in range(setting.prior)])
    return Examples(
        parts.autoencoder.encode(seen).latents,
        text_states(parts, [named(f"{opening} {phrase}", kind, setting.word) for opening in OPENINGS]),
        draw_latents(parts.unet, noise, prior_text, empty, steps=setting.prior_steps),
        prior_text,
    )


class Updated(nn.Module):
    """A copy of the UNet with low-rank updates, the only ones that are learnt; at first they change nothing."""

    def __init__(self, parts: StudioParts, setting: Lora) -> None:
        super().__init__()
        self.setting, self.scheduler = setting, parts.scheduler
        self.unet = deepcopy(parts.unet).requires_grad_(False)
        config = LoraConfig(r=setting.rank, lora_alpha=setting.alpha, target_modules=ATTENTION)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setting.seed)
            self.unet.add_adapter(config)

    def forward(self, examples: Examples, generator: torch.Generator) -> Tensor:
        """The loss of one step, a scalar: of the subject's views, and of the kind's pictures."""
        setting = self.setting
        own = torch.randint(len(examples.own), (setting.batch,), generator=generator)
        prior = torch.randint(len(examples.prior), (setting.prior_batch,), generator=generator)
        words = torch.randint(len(examples.own_text), (setting.batch,), generator=generator)
        latents = torch.cat([examples.own[own], examples.prior[prior]])
        asked = noised(self.scheduler, latents, setting.time_exponent, generator)
        errors = squared_error(self.unet, asked, torch.cat([examples.own_text[words], examples.prior_text[prior]]))
        return errors[: setting.batch].mean() + setting.prior_weight * errors[setting.batch :].mean()

    @torch.no_grad()
    def put(self, state: Mapping[str, Tensor]) -> None:
        """Updates learnt before. Raises ValueError for those of another rank or network."""
        own = {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}
        if own.keys() != state.keys():
            raise ValueError("these updates are of another network: learn them again")
        if any(parameter.shape != state[name].shape for name, parameter in own.items()):
            raise ValueError("these updates are of another rank: learn them again")
        for name, parameter in own.items():
            parameter.copy_(state[name])


class DreamBoothLora(Fitted[Lora]):
    """See the module."""

    name = "dreambooth-lora"

    def __init__(self, parts: StudioParts, folder: Path, model: str, setting: Lora | None = None) -> None:
        """See Fitted; setting: the tuned one, where none is given."""
        super().__init__(parts, folder, model, setting or Lora())

    def _begin(self, row: Trial) -> Lesson:
        setting = self.setting
        module, examples = Updated(self.parts, setting), examples_of(self.parts, row, setting)

        def loss_at(step: int) -> Tensor:
            loss: Tensor = module(examples, generator_at(setting.seed + 1, step))
            return loss

        return module, loss_at

    @torch.no_grad()
    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """See Method."""
        module = Updated(self.parts, self.setting)
        module.put(prepared.state)
        told = [named(row.prompt, row.individual.kind, self.setting.word) for row in rows]
        text, empty = text_states(self.parts, told), text_states(self.parts, [""] * len(rows))
        return decode(self.parts.autoencoder, draw_latents(module.unet, initial_noise(rows), text, empty))
