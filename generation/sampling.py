"""From prediction to next latent: stock diffusers schedulers, set up as each model was trained to be sampled."""

from __future__ import annotations

import numpy as np
import torch
from diffusers import DDIMScheduler, DPMSolverSinglestepScheduler
from torch import Tensor

from generation.profiles import SamplerName

TRAIN_STEPS = 1000


class Sampler:
    """One request's walk down its timesteps; holds the solver's history, so it belongs to one request.

    timesteps: one int a step, from noisy to clean. clean: the latest prediction of the clean latent (x0).
    """

    def __init__(self, scheduler: DDIMScheduler | DPMSolverSinglestepScheduler) -> None:
        self._scheduler = scheduler
        self.timesteps: list[int] = [int(t) for t in scheduler.timesteps]
        self.clean: Tensor | None = None

    @property
    def betas(self) -> Tensor:
        """The noise schedule the model was trained with, (TRAIN_STEPS,)."""
        betas: Tensor = self._scheduler.betas
        return betas

    def describe(self) -> str:
        """Name and settings, for a report that must allow the same picture to be drawn again."""
        config = self._scheduler.config
        name = type(self._scheduler).__name__
        return f"{name}({config.prediction_type}, {config.beta_schedule}, {len(self.timesteps)} steps)"

    def step(self, index: int, prediction: Tensor, latent: Tensor) -> Tensor:
        """The next latent after step `index`; prediction and latent (b, c, h, w), float32. Updates `clean`."""
        out = self._scheduler.step(prediction, self.timesteps[index], latent)
        if isinstance(self._scheduler, DDIMScheduler):
            self.clean = out.pred_original_sample
        else:
            self.clean = self._scheduler.model_outputs[-1]
        following: Tensor = out.prev_sample
        return following


def published_timesteps(steps: int) -> list[int]:
    """999, then equal strides down, rounded half to even; diffusers' own trailing formula differs for some counts."""
    return [int(t) for t in np.arange(TRAIN_STEPS - 1, -1, -TRAIN_STEPS / steps).round()[:steps]]


def published_sampler(steps: int) -> Sampler:
    """DPM-Solver++ (arXiv:2211.01095), single-step, order 2, midpoint, as the released weights are sampled.

    The first two steps are of order 1, then orders 2 and 1 alternate; the last step goes to timestep 0 rather than
    to a noise-free latent, so the picture is the last step's `clean`, not its latent.
    """
    scheduler = DPMSolverSinglestepScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        lower_order_final=True,
        final_sigmas_type="sigma_min",
    )
    scheduler.set_timesteps(timesteps=published_timesteps(steps))
    scheduler.order_list = ([1] + [1, 2] * steps)[:steps]
    return Sampler(scheduler)


def trailing_sampler(steps: int) -> Sampler:
    """DDIM (arXiv:2010.02502) on v-prediction with zero terminal SNR and trailing timesteps (arXiv:2305.08891)."""
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )
    scheduler.set_timesteps(steps)
    return Sampler(scheduler)


def sampler_for(name: SamplerName, steps: int) -> Sampler:
    """A fresh sampler of one request."""
    return {"published": published_sampler, "trailing": trailing_sampler}[name](steps)


def initial_latent(shape: tuple[int, ...], seed: int, device: torch.device | str) -> Tensor:
    """Standard normal noise, drawn on the CPU so that a seed means the same on every device. float32."""
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(device)
