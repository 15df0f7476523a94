"""Encode, denoise step by step, decode: one request as an object that can be advanced, watched and dropped."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from generation.attention import Condition
from generation.denoising import Denoiser, Denoising
from generation.encoders import TextEncoder, VisualEncoder, to_image
from generation.evaluation.judge import Judge
from generation.explain import Note, mask_notes
from generation.guidance import warnings_for
from generation.masks import kept_share
from generation.profiles import Profile
from generation.projector import Projector
from generation.sampling import initial_latent, sampler_for
from generation.spec import GenerationSpec, InvalidSpec
from generation.usable_reference import usable
from generation.words import WordTokens, normalise, word_tokens

MAX_REFERENCES = 4


@dataclass
class DrawRequest:
    """One picture on its way. `step` of `steps` are done; its state is its own, so requests may take turns.

    references: flattened RGB, as the model sees them.
    """

    spec: GenerationSpec
    denoising: Denoising
    references: list[Image.Image] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """Steps done."""
        return self.denoising.step

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.denoising.steps

    @property
    def done(self) -> bool:
        """Whether `finish` may be called."""
        return self.denoising.done

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds wall time to `seconds[stage]`."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


@dataclass(frozen=True)
class DrawResult:
    """A finished picture and what a person may ask about it.

    image: RGB. pixel_digest: of it, see `pixel_digest`. masks: (steps, h, w) float32, the guidance
    mask of each step at half the latent's resolution. mask_area: share of positions kept, one a step, in [0, 1].
    notes: what to know, each with a stable code. scores: in [0, 1], see `generation.evaluation.judge`; empty where the
    model has no judge. environment: what is needed to draw it again. seconds: by stage.
    """

    image: Image.Image
    pixel_digest: str
    masks: NDArray[np.float32]
    mask_area: list[float]
    notes: list[Note]
    scores: dict[str, float]
    environment: dict[str, str]
    seconds: dict[str, float]

    @property
    def warnings(self) -> list[str]:
        """The notes' codes."""
        return [note.code for note in self.notes]


@dataclass(frozen=True)
class Parts:
    """The trained parts of one model.

    digests: SHA-256 (hex) of its weight files, by part. judge: scores its pictures.
    """

    denoiser: Denoiser
    autoencoder: Any
    text_encoder: TextEncoder
    visual_encoder: VisualEncoder
    projector: Projector
    digests: dict[str, str] = field(default_factory=dict)
    judge: Judge | None = None


class RealCustomPipeline:
    """Draws with one model on one device; keeps nothing of a request but what the request holds."""

    def __init__(self, profile: Profile, parts: Parts) -> None:
        self.profile = profile
        self.parts = parts
        self._blank: Tensor | None = None

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
    ) -> DrawResult:
        """Draw at once; `on_step` sees the request after each step and may raise to stop."""
        request = self.prepare(spec, references)
        while not request.done:
            self.step(request)
            if on_step is not None:
                on_step(request)
        return self.finish(request)

    @torch.inference_mode()
    def prepare(
        self, spec: GenerationSpec, references: Sequence[Image.Image], *, influence: float = 1.0
    ) -> DrawRequest:
        """Run every encoder once. `influence` multiplies the mask: 0 shuts the reference out, for comparison.

        Raises InvalidSpec, UnusableReference, WordNotInPrompt or WordBeyondLimit before anything is drawn.
        """
        start = time.perf_counter()
        width, height = self._size(spec)
        images, notes = _usable(references)
        prompt = normalise(spec.prompt)
        encoder = self.parts.text_encoder
        word = word_tokens(prompt, spec.word, encoder.tokenizer, encoder.max_tokens)
        notes += _cut_notes(word) + [Note("no_early_stop", text) for text in warnings_for(spec)]
        denoising = self._denoising(spec, prompt, word, self._see(images), (height, width))
        denoising.influence = influence
        request = DrawRequest(spec, denoising, images, notes)
        request.seconds["prepare"] = time.perf_counter() - start
        return request

    def step(self, request: DrawRequest) -> DrawRequest:
        """Advance by one step and return the request as its own progress. Raises NonFiniteLatent."""
        with request.timed("draw"):
            self.parts.denoiser.step(request.denoising)
        return request

    @torch.inference_mode()
    def finish(self, request: DrawRequest) -> DrawResult:
        """Decode. Raises ValueError while steps are left."""
        if not request.done:
            raise ValueError(f"{request.steps - request.step} steps are left: step the request until it is done")
        d = request.denoising
        with request.timed("decode"):
            image = self._decode(d.latent if d.sampler.clean is None else d.sampler.clean)
        masks = torch.stack([m[0, 0] for m in d.masks]).cpu()
        area = [float(kept_share(m)[0]) for m in d.masks]
        return DrawResult(
            image=image,
            pixel_digest=pixel_digest(image),
            masks=masks.numpy(),
            mask_area=area,
            notes=request.notes + mask_notes(area),
            scores=self._judged(image, request),
            environment=self.environment(request),
            seconds=dict(request.seconds),
        )

    def _judged(self, image: Image.Image, request: DrawRequest) -> dict[str, float]:
        if self.parts.judge is None:
            return {}
        with request.timed("judge"):
            return self.parts.judge.scores(image, request.references[0], request.spec.prompt)

    def environment(self, request: DrawRequest) -> dict[str, str]:
        """Model, sampler, libraries and machine: with the same spec and environment the pixels come out the same."""
        unet = self.parts.denoiser.unet
        return {
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
        } | {f"sha256 {part}": digest for part, digest in self.parts.digests.items()}

    def _size(self, spec: GenerationSpec) -> tuple[int, int]:
        if spec.profile != self.profile.name:
            raise InvalidSpec(f"this pipeline draws {self.profile.name}, the spec asks for {spec.profile}")
        width, height = spec.width or self.profile.width, spec.height or self.profile.height
        if width % self.profile.multiple or height % self.profile.multiple or min(width, height) < 64:
            raise InvalidSpec(f"width and height must be multiples of {self.profile.multiple}, at least 64")
        return width, height

    def _see(self, images: Sequence[Image.Image]) -> Tensor:
        """Projected visual tokens of the subject: those of several references side by side, (1, n, c)."""
        tokens = [self.parts.projector(self.parts.visual_encoder.encode([image])) for image in images]
        return torch.cat(tokens, dim=1)

    def _see_nothing(self, like: Tensor) -> Tensor:
        """Tokens of the blank reference, as many as `like` has; encoded once per pipeline."""
        if self._blank is None:
            self._blank = self.parts.projector(self.parts.visual_encoder.blank())
        return self._blank.repeat(1, like.shape[1] // self._blank.shape[1], 1)

    def _denoising(
        self, spec: GenerationSpec, prompt: str, word: WordTokens, vision: Tensor, size: tuple[int, int]
    ) -> Denoising:
        scale = self._scale(spec)
        text, negative = self._read(prompt, size), self._read(normalise(spec.negative_prompt), size)
        guided = spec.guidance == "paper" or scale != 1
        return Denoising(
            latent=self._noise(spec.seed, size),
            sampler=sampler_for(self.profile.sampler, spec.steps),
            word=self._indicator(word, text.text.shape[1]),
            text=text,
            generation=Condition(text.text, vision, text.added),
            negative=Condition(negative.text, self._see_nothing(vision), negative.added) if guided else None,
            dials=spec.mask,
            guidance=spec.guidance,
            scale=scale,
            image_scale=self.profile.image_scale,
            quantity=spec.quantity,
            layers=self.profile.mask_layers,
        )

    def _scale(self, spec: GenerationSpec) -> float:
        if spec.guidance_scale is not None:
            return spec.guidance_scale
        return self.profile.guidance_scale if spec.guidance == "release" else self.profile.text_scale

    def _read(self, prompt: str, size: tuple[int, int]) -> Condition:
        features = self.parts.text_encoder.encode([prompt])
        if features.pooled is None:
            return Condition(features.tokens)
        height, width = size
        time_ids = torch.tensor([[width, height, 0, 0, width, height]], dtype=torch.float32, device=self.device)
        return Condition(features.tokens, added={"text_embeds": features.pooled, "time_ids": time_ids})

    def _indicator(self, word: WordTokens, length: int) -> Tensor:
        indicator = torch.zeros(1, length, device=self.device)
        indicator[0, list(word.indices)] = 1
        return indicator

    def _noise(self, seed: int, size: tuple[int, int]) -> Tensor:
        channels = self.parts.denoiser.unet.config.in_channels
        shape = (1, channels, size[0] // self.profile.multiple, size[1] // self.profile.multiple)
        return initial_latent(shape, seed, self.device)

    def _decode(self, latent: Tensor) -> Image.Image:
        autoencoder = self.parts.autoencoder
        scaled = latent / getattr(autoencoder.config, "scaling_factor", 1.0)
        return to_image(autoencoder.decode(scaled.to(autoencoder.dtype)).sample[0])


def pixel_digest(image: Image.Image) -> str:
    """SHA-256 (hex) over "WxH:RGB:" and the RGB bytes row by row, before watermark and stamp."""
    header = f"{image.width}x{image.height}:RGB:".encode()
    return hashlib.sha256(header + image.convert("RGB").tobytes()).hexdigest()


def _usable(references: Sequence[Image.Image]) -> tuple[list[Image.Image], list[Note]]:
    if not 1 <= len(references) <= MAX_REFERENCES:
        raise InvalidSpec(f"give 1 to {MAX_REFERENCES} references of the subject, not {len(references)}")
    checked = [usable(reference) for reference in references]
    notes = [note for _, found in checked for note in found]
    return [image for image, _ in checked], notes


def _cut_notes(word: WordTokens) -> list[Note]:
    if not word.cut:
        return []
    return [Note("prompt_cut", f"the model does not read the end of the prompt: “{word.cut}”")]
