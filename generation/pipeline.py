"""Encode, denoise step by step, decode: one request as an object that can be advanced, watched and dropped."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import diffusers
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from generation.denoising import Subject
from generation.encoders import to_image
from generation.mask_notes import mask_notes
from generation.masks import kept_share
from generation.parts import Parts
from generation.preparing import MAX_REFERENCES, Preparation
from generation.profiles import Profile
from generation.reference_cache import ReferenceCache
from generation.requests import DrawRequest, DrawResult, pixel_digest, timed_together
from generation.spec import GenerationSpec
from generation.tracing import Explanation, Grids, token_grids

__all__ = ["MAX_REFERENCES", "DrawRequest", "DrawResult", "Parts", "RealCustomPipeline", "pixel_digest"]


class RealCustomPipeline:
    """Draws with one model on one device; keeps nothing of a request but what the request holds."""

    def __init__(self, profile: Profile, parts: Parts) -> None:
        self.profile = profile
        self.parts = parts
        self._preparation: Preparation | None = None

    @property
    def device(self) -> torch.device:
        """Where the UNet is."""
        device: torch.device = self.parts.denoiser.unet.device
        return device

    def draw(
        self,
        spec: GenerationSpec,
        references: Sequence[Image.Image],
        on_step: Callable[[DrawRequest], None] | None = None,
        *,
        sketches: Sequence[Image.Image | None] = (),
        cache: ReferenceCache | None = None,
    ) -> DrawResult:
        """Draw at once; `on_step` sees the request after each step and may raise to stop. The rest: see `prepare`."""
        request = self.prepare(spec, references, sketches=sketches, cache=cache)
        while not request.done:
            self.step(request)
            if on_step is not None:
                on_step(request)
        return self.finish(request)

    @torch.inference_mode()
    def prepare(
        self,
        spec: GenerationSpec,
        references: Sequence[Image.Image],
        *,
        sketches: Sequence[Image.Image | None] = (),
        cache: ReferenceCache | None = None,
        influence: float = 1.0,
    ) -> DrawRequest:
        """Run every encoder once.

        references: of the first subject, then of the second, ..., as many of each as its digests say; a single subject
        has them all. sketches: one a subject, None for none; greyscale, white where it may be. cache: this tenant's.
        influence: multiplies the masks; 0 shuts the references out, for comparison.
        Raises InvalidSpec, UnusableReference, WordNotInPrompt or WordBeyondLimit before anything is drawn.
        """
        start = time.perf_counter()
        if self._preparation is None or self._preparation.profile is not self.profile:
            self._preparation = Preparation(self.profile, self.parts)
        with self.parts.at_work("prepare"):
            request = self._preparation.request(spec, references, sketches, cache)
        request.denoising.influence = influence
        request.seconds["prepare"] = time.perf_counter() - start
        return request

    def step(self, request: DrawRequest) -> DrawRequest:
        """Advance by one step and return the request as its own progress. Raises NonFiniteLatent."""
        self.step_together([request])
        return request

    def step_together(self, requests: Sequence[DrawRequest]) -> None:
        """Advance each by one step of its own, in one batch. Each comes out as if alone, but for rounding (1e-3).

        Raises NonFiniteLatent after all have advanced; `request.denoising.error` says whose latent it is.
        """
        with timed_together(requests, "draw"):
            self.parts.denoiser.step(*(request.denoising for request in requests))
        for request in requests:
            request.company = max(request.company, len(requests) - 1)

    @torch.inference_mode()
    def finish(self, request: DrawRequest) -> DrawResult:
        """Decode. Raises ValueError while steps are left."""
        if not request.done:
            raise ValueError(f"{request.steps - request.step} steps are left: step the request until it is done")
        d = request.denoising
        with request.timed("decode"), self.parts.at_work("decode"):
            image = self._decode(d.latent if d.sampler.clean is None else d.sampler.clean)
        masks = _film(d.masks)
        scores = self._judged(image, request, masks[-1])
        return DrawResult(
            image=image,
            pixel_digest=pixel_digest(image),
            masks=masks,
            mask_area=[float(kept_share(m)[0]) for m in d.masks],
            notes=request.notes + mask_notes(request.spec.subjects, d.subjects),
            scores=scores,
            likenesses=self._likenesses(image, request, scores),
            environment=self.environment(request),
            seconds=dict(request.seconds),
            subject_masks=np.stack([_film(subject.masks) for subject in d.subjects]),
            explanation=_explanation(request),
        )

    def _judged(self, image: Image.Image, request: DrawRequest, mask: NDArray[np.float32]) -> dict[str, float]:
        if self.parts.judge is None:
            return {}
        with request.timed("judge"), self.parts.at_work("judge"):
            return self.parts.judge.scores(image, request.references, request.spec.prompt, mask)

    def _likenesses(self, image: Image.Image, request: DrawRequest, scores: Mapping[str, float]) -> list[list[float]]:
        """A mean over references hides the one that the picture does not look like: each is asked about alone."""
        judge = self.parts.judge
        if judge is None or "similarity" not in scores:
            return []
        alone = [scores["similarity"]]
        if len(request.references) > 1:
            with request.timed("judge"), self.parts.at_work("judge"):
                prompt = request.spec.prompt
                alone = [judge.scores(image, [reference], prompt)["similarity"] for reference in request.references]
        left = iter(alone)
        return [list(islice(left, count)) for count in request.counts]

    def environment(self, request: DrawRequest) -> dict[str, str]:
        """Model, sampler, libraries and machine: with the same spec and environment the pixels come out the same.

        Unless it names company: pictures that share a batch are rounded differently.
        """
        unet = self.parts.denoiser.unet
        alone = {
            "profile": self.profile.name,
            "sampler": request.denoising.sampler.describe(),
            "device": str(self.device),
            "dtype": str(unet.dtype).removeprefix("torch."),
            "threads": str(torch.get_num_threads()),
            "cpu": torch.backends.cpu.get_cpu_capability(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
            "transformers": transformers.__version__,
            **self.parts.environment,
        } | {f"sha256 {part}": digest for part, digest in self.parts.digests.items()}
        return alone | ({"company": str(request.company)} if request.company else {})

    def _decode(self, latent: Tensor) -> Image.Image:
        autoencoder = self.parts.autoencoder
        scaled = latent / getattr(autoencoder.config, "scaling_factor", 1.0)
        return to_image(autoencoder.decode(scaled.to(autoencoder.dtype)).sample[0])


def _film(masks: Sequence[Tensor]) -> NDArray[np.float32]:
    """(steps, h, w)."""
    return np.asarray(torch.stack([mask[0, 0] for mask in masks]).cpu().numpy())


def _explanation(request: DrawRequest) -> Explanation | None:
    shares = request.denoising.word_shares
    if shares is None:
        return None
    inside, outside = shares.shares()
    counted = zip(request.denoising.subjects, request.counts, strict=True)
    return Explanation(shares.names, inside, outside, tuple(_tokens(s, count) for s, count in counted))


def _tokens(subject: Subject, references: int) -> Grids:
    """Share of steps and layers in which each token got in; without a scoring module all did."""
    if subject.counted is None:
        return token_grids([1.0] * subject.vision.tokens.shape[1], references)
    return token_grids((subject.counted[0] / subject.layers).tolist(), references)
