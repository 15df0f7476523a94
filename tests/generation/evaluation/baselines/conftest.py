"""A tiny untrained studio model and one individual: enough to learn one picture by heart."""

import random

import pytest
import torch

from generation.attention import attach
from generation.projector import SmallProjector
from generation.studio.architecture import Widths, build_scheduler, build_text_encoder, build_unet
from generation.studio.autoencoder import StudioAutoencoder, to_tensor
from generation.studio.batches import pictures_of, validation_drawings
from generation.studio.drawing import Trial
from generation.studio.loading import StudioParts
from generation.studio.tokenizer import build_tokenizer
from generation.studio.vision_networks import StudioImageEncoder
from generation.studio.world.individual import Individual
from generation.studio.world.render import paint_reference

TINY = Widths(unet=(16, 32, 32), text=32)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def parts():
    torch.manual_seed(0)
    tokenizer, autoencoder = build_tokenizer(), StudioAutoencoder(widths=(16, 16, 16), blocks=1)
    drawn = (pictures_of(validation_drawings(40)) + 1) * 127.5
    autoencoder.fit_components(drawn.to(torch.uint8).permute(0, 2, 3, 1).numpy())
    unet, encoder = build_unet(TINY), StudioImageEncoder(widths=(16, 24, 32), layers=1, attention_heads=2)
    projector = SmallProjector(32, TINY.text)
    attention = attach(unet, projector, scoring=True)
    return StudioParts(
        unet=unet.eval(),
        autoencoder=autoencoder.eval(),
        text_encoder=build_text_encoder(TINY, tokenizer).eval(),
        tokenizer=tokenizer,
        scheduler=build_scheduler(),
        image_encoder=encoder.eval(),
        projector=projector,
        attention=attention,
    )


@pytest.fixture(scope="session")
def row():
    who = Individual("umbrella", (0.5, 0.5, 0.5), "red", "white", "plain", "none")
    return Trial(who, "snow", to_tensor(paint_reference(random.Random(0), who)[None]), seed=3)
