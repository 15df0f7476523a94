"""Stage text-to-image: UNet and text encoder learn, together, to turn noise and a caption into a latent."""

from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler
from torch import Tensor, nn
from transformers import CLIPTokenizer

from generation.studio.architecture import Widths, build_scheduler, build_text_encoder, build_unet
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.batches import drawings_at, generator_at, pictures_of
from generation.studio.localising import localisation_loss, watch
from generation.studio.tokenizer import MAX_LENGTH, build_tokenizer
from generation.studio.world.render import Drawing

TEXT_DROPOUT = 0.1
#: Time steps are 1000 * u ** 0.7, u uniform: a product's colours and outline are settled in the noisier half.
TIME_EXPONENT = 0.7
#: Weight of the loss that ties the kind's word to the product's place.
LOCALISATION = 0.02


class TextToImage(nn.Module):
    """The two networks trained jointly, and the fixed parts their loss needs."""

    def __init__(self, widths: Widths, autoencoder: StudioAutoencoder) -> None:
        super().__init__()
        self.tokenizer: CLIPTokenizer = build_tokenizer()
        self.scheduler: DDIMScheduler = build_scheduler()
        self.unet = build_unet(widths)
        self.text_encoder = build_text_encoder(widths, self.tokenizer)
        self.text_encoder.set_attn_implementation("eager")
        self.word_maps = watch(self.unet)
        self.autoencoder = autoencoder.requires_grad_(False)

    def token_ids(self, captions: list[str]) -> Tensor:
        """(n, 32) token ids, padded and cut."""
        encoded = self.tokenizer(
            captions, padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
        )
        ids: Tensor = encoded.input_ids
        return ids

    def text(self, captions: list[str]) -> Tensor:
        """(n, 32, width) features of the captions."""
        hidden: Tensor = self.text_encoder(self.token_ids(captions)).last_hidden_state
        return hidden


def word_marks(model: TextToImage, ids: Tensor, drawings: list[Drawing]) -> Tensor:
    """(b, 32): 1 at the token of each drawing's kind."""
    kinds = [model.tokenizer.convert_tokens_to_ids(f"{drawing.individual.kind}</w>") for drawing in drawings]
    return (ids == torch.tensor(kinds)[:, None]).float()


def subject_coverage(drawings: list[Drawing]) -> Tensor:
    """(b, 1, 128, 128) in 0..1 of drawings made with their masks."""
    masks = [torch.from_numpy(drawing.mask.copy()) for drawing in drawings if drawing.mask is not None]
    return torch.stack(masks)[:, None].float() / 255


@dataclass(frozen=True)
class Noised:
    """What the UNet is asked: noisy latents (b, c, 16, 16) at time steps (b,); and the velocity it should answer."""

    latents: Tensor
    times: Tensor
    velocity: Tensor


def noised(model: TextToImage, drawings: list[Drawing], generator: torch.Generator) -> Noised:
    """Noise on the drawings' latents, with its v-prediction target (Salimans & Ho 2022, arXiv:2202.00512)."""
    latents = model.autoencoder.encode(pictures_of(drawings)).latents
    noise = torch.randn(latents.shape, generator=generator)
    times = (1000 * torch.rand(len(drawings), generator=generator) ** TIME_EXPONENT).long()
    scheduler = model.scheduler
    return Noised(scheduler.add_noise(latents, noise, times), times, scheduler.get_velocity(latents, noise, times))


def loss_at(model: TextToImage, seed: int, step: int, batch: int) -> Tensor:
    """Squared error of the velocity plus the localisation loss, a scalar."""
    drawings, generator = drawings_at(seed, step, batch, mask=True), generator_at(seed, step)
    keep = torch.rand(batch, generator=generator) >= TEXT_DROPOUT
    captions = [drawing.caption if kept else "" for drawing, kept in zip(drawings, keep.tolist(), strict=True)]
    asked, ids = noised(model, drawings, generator), model.token_ids(captions)
    model.word_maps.word, model.word_maps.maps = word_marks(model, ids, drawings), []
    with torch.autocast("cpu", torch.bfloat16):
        text = model.text_encoder(ids).last_hidden_state
        predicted = model.unet(asked.latents, asked.times, text).sample
    model.word_maps.word = None
    error: Tensor = predicted.float() - asked.velocity
    place = localisation_loss(model.word_maps.maps, subject_coverage(drawings), keep.float())
    return error.square().mean() + LOCALISATION * place


@torch.inference_mode()
def sample(model: TextToImage, captions: list[str], *, seed: int, steps: int = 25, guidance: float = 4.0) -> Tensor:
    """Latents (n, c, 16, 16) drawn for the captions with DDIM and classifier-free guidance."""
    count = len(captions)
    text = torch.cat([model.text([""] * count), model.text(captions)])
    latents = torch.randn(count, model.unet.config.in_channels, 16, 16, generator=torch.Generator().manual_seed(seed))
    model.scheduler.set_timesteps(steps)
    for time in model.scheduler.timesteps:
        both = model.unet(torch.cat([latents, latents]), time, text).sample
        without, given = both.chunk(2)
        latents = model.scheduler.step(without + guidance * (given - without), time, latents).prev_sample
    return latents
