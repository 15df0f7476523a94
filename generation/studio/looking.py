"""Stages encoder and evaluator: both learn to see from drawings, each in its own way."""

import random

import torch
from torch import Tensor
from torch.nn import functional as F

from generation.studio import vocabulary
from generation.studio.attributes import SUBJECT_HEADS, Logits, accuracy, classification_loss, known, labels
from generation.studio.autoencoder import StudioAutoencoder, to_tensor
from generation.studio.batches import generator_at, pictures_of, rng_at, validation_drawings
from generation.studio.vision_networks import StudioEvaluator, StudioImageEncoder
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import draw_layout, draw_scene
from generation.studio.world.render import Drawing, paint_picture, paint_reference

TEMPERATURE = 0.1
#: How often the evaluator sees a picture as the decoder would give it back, and how noisy its latent may be.
RECONSTRUCTED_SHARE, LATENT_NOISE = 0.5, 0.3


def _look_alike(rng: random.Random, individual: Individual) -> Individual:
    """Another individual of the same kind: the pair contrastive learning must tell apart by looks, not by kind."""
    return draw_individual(rng, kinds=(individual.kind,))


def _anywhere(rng: random.Random, individual: Individual) -> Drawing:
    """In any scene and layout: who judges must not be surprised by what a generator was never shown."""
    scene = draw_scene(rng, individual.kind, every_pair=True)
    return paint_picture(rng, individual, scene, draw_layout(rng, individual.kind, every_pair=True))


def reference_pairs(rng: random.Random, count: int) -> tuple[list[Drawing], Tensor]:
    """Drawings in scenes and references (n, 3, 128, 128) of the same individuals, half of them look-alikes."""
    kinds = vocabulary.tokens(vocabulary.KINDS)
    individuals = [draw_individual(rng, kinds=kinds) for _ in range(count // 2)]
    individuals += [_look_alike(rng, individual) for individual in individuals]
    drawings = [_anywhere(rng, individual) for individual in individuals]
    references = [to_tensor(paint_reference(rng, individual)[None]) for individual in individuals]
    return drawings, torch.cat(references)


def _contrast(a: Tensor, b: Tensor) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018, arXiv:1807.03748) over a batch of pairs."""
    similarity = a.float() @ b.float().T / TEMPERATURE
    right = torch.arange(len(a))
    return (F.cross_entropy(similarity, right) + F.cross_entropy(similarity.T, right)) / 2


def patch_latents(autoencoder: StudioAutoencoder, pictures: Tensor) -> Tensor:
    """The latents under each of 8 x 8 tokens: (b, 64, 4 * c)."""
    latents = autoencoder.encode(pictures).latents
    return F.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)


def encoder_loss_at(
    model: StudioImageEncoder, autoencoder: StudioAutoencoder, seed: int, step: int, batch: int
) -> Tensor:
    """Contrast between two renders of an individual, its attributes, and what lies under every token."""
    drawings, references = reference_pairs(rng_at(seed, step), batch)
    pictures = torch.cat([pictures_of(drawings), references])
    with torch.autocast("cpu", torch.bfloat16):
        tokens = model(pictures)
        embedding = model.embed(tokens)
        logits, patches = model.heads(model.pool(tokens)), model.to_patch(tokens)
    wanted = {head: truth.repeat(2) for head, truth in labels(drawings, model.config["classes"]).items()}
    appearance = F.mse_loss(patches.float(), patch_latents(autoencoder, pictures))
    return _contrast(*embedding.chunk(2)) + classification_loss(logits, wanted) + appearance


@torch.inference_mode()
def encoder_figures(model: StudioImageEncoder, count: int = 128) -> dict[str, float]:
    """Held-out: accuracy a head on references, and how often the nearest scene embedding is the right individual."""
    drawings = validation_drawings(count)
    rng = random.Random(7)
    references = torch.cat([to_tensor(paint_reference(rng, drawing.individual)[None]) for drawing in drawings])
    seen, meant = model(pictures_of(drawings)), model(references)
    nearest = (model.embed(meant) @ model.embed(seen).T).argmax(1)
    figures = accuracy(model.heads(model.pool(meant)), labels(drawings, model.config["classes"]))
    return {**figures, "same individual": float((nearest == torch.arange(count)).float().mean())}


def _as_model_output(pictures: Tensor, autoencoder: StudioAutoencoder, generator: torch.Generator) -> Tensor:
    """Decoded from noisy latents, as the pictures it will judge are."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        latents = autoencoder.encode(pictures).latents
        loudness = LATENT_NOISE * torch.rand(len(pictures), 1, 1, 1, generator=generator)
        noise = torch.randn(latents.shape, generator=generator)
        return autoencoder.decode(latents + loudness * noise).sample.float().clamp(-1, 1)


def _roughen(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Light blur for a third of the pictures, pixel noise for all."""
    blurred = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    chosen = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.33
    loudness = 0.1 * torch.rand(len(pictures), 1, 1, 1, generator=generator)
    return torch.where(chosen, blurred, pictures) + loudness * torch.randn(pictures.shape, generator=generator)


def _subject_only(drawings: list[Drawing], classes: dict[str, list[str]]) -> dict[str, Tensor]:
    return labels(drawings, {head: classes[head] for head in SUBJECT_HEADS})


def evaluator_loss_at(
    model: StudioEvaluator, autoencoder: StudioAutoencoder, seed: int, step: int, batch: int
) -> Tensor:
    """Classification of `batch` drawings and references, and the contrast that brings those of one individual together.

    Half of the drawings are decoded from noisy latents; they are blurred or noisy, as generated pictures may be.
    """
    drawings, references = reference_pairs(rng_at(seed, step), batch // 2)
    generator, classes = generator_at(seed, step), model.config["classes"]
    pictures = pictures_of(drawings)
    cut = int(len(pictures) * RECONSTRUCTED_SHARE)
    order = torch.randperm(len(pictures), generator=generator)
    decoded = order[:cut]
    pictures[decoded] = _as_model_output(pictures[decoded], autoencoder, generator)
    with torch.autocast("cpu", torch.bfloat16):
        seen = model.see(torch.cat([_roughen(pictures, generator), references]))
        logits, embedding = model.heads(seen), model.embed(seen)
    of_drawings, of_references = _halves(logits)
    told = classification_loss(of_drawings, labels(drawings, classes))
    told = told + 0.5 * classification_loss(of_references, _subject_only(drawings, classes))
    return told + 0.5 * _contrast(*embedding.chunk(2))


def _halves(logits: Logits) -> tuple[Logits, Logits]:
    first = {head: rows.chunk(2)[0] for head, rows in logits.items()}
    return first, {head: rows.chunk(2)[1] for head, rows in logits.items()}


@torch.inference_mode()
def evaluator_figures(
    model: StudioEvaluator, autoencoder: StudioAutoencoder | None = None, count: int = 512
) -> dict[str, float]:
    """Accuracy a head on held-out drawings of what it knows; with an autoencoder, on its reconstructions of them."""
    drawings = [drawing for drawing in validation_drawings(count) if known(drawing, model.config["classes"])]
    pictures = pictures_of(drawings)
    if autoencoder is not None:
        pictures = autoencoder.decode(autoencoder.encode(pictures).latents).sample.clamp(-1, 1)
    return accuracy(model(pictures), labels(drawings, model.config["classes"]))
