"""From a spec and its references to a picture on its way: everything is checked and every encoder runs once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from generation.composition import bound_of
from generation.conditions import Condition, Vision
from generation.denoising import Denoising, Subject
from generation.explain import Note
from generation.guidance import warnings_for
from generation.masks import half_size
from generation.parts import Parts
from generation.profiles import Profile
from generation.reference_cache import ReferenceCache
from generation.reference_quality import usable
from generation.requests import DrawRequest
from generation.sampling import initial_latent, sampler_for
from generation.savings import savings_of
from generation.spec import GenerationSpec, InvalidSpec, SubjectSpec
from generation.word_shares import WordShares
from generation.words import WordTokens, normalise, prompt_words, word_tokens

MAX_REFERENCES = 4


@dataclass(frozen=True)
class Asked:
    """One subject as asked for: flattened references, the word's tokens and where it may be."""

    spec: SubjectSpec
    references: list[Image.Image]
    word: WordTokens
    bound: Tensor | None


class Preparation:
    """Prepares requests for one model; keeps only what the blank reference gave."""

    def __init__(self, profile: Profile, parts: Parts) -> None:
        self.profile, self.parts = profile, parts
        self._blank: Vision | None = None

    @property
    def device(self) -> torch.device:
        """Where the UNet is."""
        device: torch.device = self.parts.denoiser.unet.device
        return device

    def request(
        self,
        spec: GenerationSpec,
        references: Sequence[Image.Image],
        sketches: Sequence[Image.Image | None],
        cache: ReferenceCache | None,
    ) -> DrawRequest:
        """See `RealCustomPipeline.prepare`. Nothing is encoded before everything is checked."""
        size, prompt = self._size(spec), normalise(spec.prompt)
        warned = warnings_for(spec)
        groups, notes = _usable(spec.subjects, references)
        asked = self._asked(spec, prompt, groups, sketches, self._latent_size(size))
        notes += _cut_notes(asked[0].word) + [Note("no_early_stop", text) for text in warned]
        denoising = self._denoising(spec, prompt, asked, size, cache)
        images = [image for group in groups for image in group]
        return DrawRequest(spec, denoising, images, tuple(len(group) for group in groups), notes)

    def _size(self, spec: GenerationSpec) -> tuple[int, int]:
        """Height and width in pixels."""
        if spec.profile != self.profile.name:
            raise InvalidSpec(f"this pipeline draws {self.profile.name}, the spec asks for {spec.profile}")
        width, height = spec.width or self.profile.width, spec.height or self.profile.height
        if width % self.profile.multiple or height % self.profile.multiple or min(width, height) < 64:
            raise InvalidSpec(f"width and height must be multiples of {self.profile.multiple}, at least 64")
        return height, width

    def _latent_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // self.profile.multiple, size[1] // self.profile.multiple

    def _asked(
        self,
        spec: GenerationSpec,
        prompt: str,
        groups: Sequence[list[Image.Image]],
        sketches: Sequence[Image.Image | None],
        latent: tuple[int, int],
    ) -> list[Asked]:
        encoder, size = self.parts.text_encoder, half_size(*latent)
        if len(sketches) > len(groups):
            raise InvalidSpec(f"{len(sketches)} sketches were given for {len(groups)} subjects")
        given = [*sketches, *[None] * (len(groups) - len(sketches))]
        asked = [
            Asked(
                s, images, word_tokens(prompt, s.word, encoder.tokenizer, encoder.max_tokens), bound_of(s, sketch, size)
            )
            for s, images, sketch in zip(spec.subjects, groups, given, strict=True)
        ]
        _check_words_apart(asked)
        return asked

    def _denoising(
        self,
        spec: GenerationSpec,
        prompt: str,
        asked: Sequence[Asked],
        size: tuple[int, int],
        cache: ReferenceCache | None,
    ) -> Denoising:
        scale, text = self._scale(spec), self._read(prompt, size)
        guided = spec.guidance == "paper" or scale != 1
        length = text.text.shape[1]
        return Denoising(
            latent=self._noise(spec.seed, self._latent_size(size)),
            sampler=sampler_for(self.profile.sampler, spec.steps),
            subjects=[self._subject(spec, one, length, cache) for one in asked],
            text=text,
            negative=self._negative(spec, size) if guided else None,
            dials=spec.mask,
            guidance=spec.guidance,
            scale=scale,
            image_scale=self.profile.image_scale,
            layers=self.profile.mask_layers,
            savings=savings_of(spec.effort),
            word_shares=self._word_shares(prompt, length) if spec.explain else None,
        )

    def _subject(self, spec: GenerationSpec, asked: Asked, length: int, cache: ReferenceCache | None) -> Subject:
        own = asked.spec
        return Subject(
            word=self._indicator([asked.word.indices], length)[:, 0],
            vision=Vision(self._see(asked, cache)),
            quantity=spec.quantity if own.quantity is None else own.quantity,
            scope=own.scope,
            bound=None if asked.bound is None else asked.bound.to(self.device),
        )

    def _see(self, asked: Asked, cache: ReferenceCache | None) -> Tensor:
        """Projected visual tokens of the subject: those of several references side by side, (1, n, c)."""
        digests = asked.spec.reference_digests
        if cache is None or len(digests) != len(asked.references):
            return torch.cat([self._encode(image) for image in asked.references], dim=1)
        seen = [
            cache.tokens(self.profile.name, digest, partial(self._encode, image))
            for image, digest in zip(asked.references, digests, strict=True)
        ]
        return torch.cat(seen, dim=1)

    def _encode(self, image: Image.Image) -> Tensor:
        tokens: Tensor = self.parts.projector(self.parts.visual_encoder.encode([image]))
        return tokens

    def _negative(self, spec: GenerationSpec, size: tuple[int, int]) -> Condition:
        """The negative prompt and the blank reference, which is encoded once per pipeline."""
        if self._blank is None:
            self._blank = Vision(self.parts.projector(self.parts.visual_encoder.blank()))
        return replace(self._read(normalise(spec.negative_prompt), size), vision=self._blank.tokens, shared=self._blank)

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

    def _word_shares(self, prompt: str, length: int) -> WordShares:
        encoder = self.parts.text_encoder
        words = prompt_words(prompt, encoder.tokenizer, encoder.max_tokens)
        return WordShares([name for name, _ in words], self._indicator([indices for _, indices in words], length))

    def _indicator(self, words: Sequence[Sequence[int]], length: int) -> Tensor:
        """(1, words, length): 1 at each word's tokens."""
        indicator = torch.zeros(1, len(words), length)
        for place, indices in enumerate(words):
            indicator[0, place, list(indices)] = 1
        return indicator.to(self.device)

    def _noise(self, seed: int, size: tuple[int, int]) -> Tensor:
        return initial_latent((1, self.parts.denoiser.unet.config.in_channels, *size), seed, self.device)


def _usable(
    subjects: Sequence[SubjectSpec], references: Sequence[Image.Image]
) -> tuple[list[list[Image.Image]], list[Note]]:
    """The references of each subject, flattened, and what there is to say about them."""
    groups = _by_subject(subjects, references)
    for subject, group in zip(subjects, groups, strict=True):
        if not 1 <= len(group) <= MAX_REFERENCES:
            raise InvalidSpec(f"give 1 to {MAX_REFERENCES} references of “{subject.word}”, not {len(group)}")
    checked = [[usable(reference) for reference in group] for group in groups]
    notes = [note for group in checked for _, found in group for note in found]
    return [[image for image, _ in group] for group in checked], notes


def _by_subject(subjects: Sequence[SubjectSpec], references: Sequence[Image.Image]) -> list[list[Image.Image]]:
    """A single subject has them all; several share them out as their digests do."""
    if len(subjects) == 1:
        return [list(references)]
    counts = [len(subject.reference_digests) for subject in subjects]
    if sum(counts) != len(references):
        raise InvalidSpec(f"the subjects name {sum(counts)} references in all, but {len(references)} were given")
    left = iter(references)
    return [[next(left) for _ in range(count)] for count in counts]


def _check_words_apart(asked: Sequence[Asked]) -> None:
    for place, one in enumerate(asked):
        for other in asked[:place]:
            if set(one.word.indices) & set(other.word.indices):
                raise InvalidSpec(
                    f"“{other.spec.word}” and “{one.spec.word}” stand on the same words of the prompt: "
                    "give each subject words of its own"
                )


def _cut_notes(word: WordTokens) -> list[Note]:
    if not word.cut:
        return []
    return [Note("prompt_cut", f"the model does not read the end of the prompt: “{word.cut}”")]
