"""Each per-subject method learns on the shipped model: its loss falls, and its pictures move towards the reference."""

import random
from dataclasses import replace

import pytest
import torch

from generation.evaluation.baselines.inversion import Inverted, TextualInversion
from generation.evaluation.baselines.lora import ATTENTION, DreamBoothLora, Updated, examples_of, named
from generation.evaluation.baselines.settings import Inversion, Lora
from generation.evaluation.methods import Prepared
from generation.studio.autoencoder import to_tensor
from generation.studio.batches import generator_at
from generation.studio.drawing import text_states
from generation.studio.loading import load_studio
from generation.studio.world.individual import Individual
from generation.studio.world.render import paint_reference

LORA = Lora(steps=30, learning_rate=1e-2, prior=2, prior_steps=4, prior_batch=1, time_exponent=0.1, views=1, warmup=1)
INVERSION = Inversion(steps=30, learning_rate=5e-2, time_exponent=0.1, views=1, warmup=1)


@pytest.fixture(scope="module")
def shipped():
    return load_studio()


def _colour(pictures):
    """(n, 3) of the middle, where the subject stands."""
    return pictures[:, :, 40:88, 40:88].mean((2, 3))


@pytest.fixture(scope="module")
def purple(row):
    """Nothing that the base draws by itself."""
    who = Individual("bag", (0.5, 0.5, 0.5), "purple", "white", "plain", "none")
    return replace(row, individual=who, reference=to_tensor(paint_reference(random.Random(1), who)[None]))


def _learn(method, row):
    """What is left of the loss after learning, on the same draws, and of the distance in colour to the reference."""
    module, loss_at = method._begin(row)
    begun = Prepared({name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad})
    prepared = method.prepare(row)
    with torch.no_grad():
        before = sum(loss_at(step).item() for step in range(4))
        _fill(module, prepared)
        after = sum(loss_at(step).item() for step in range(4))
    wanted = _colour(row.reference)
    first, last = ((_colour(method.draw([row], state)) - wanted).norm() for state in (begun, prepared))
    return after / before, float(last / first)


def _fill(module, prepared):
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            parameter.copy_(prepared.state[name])


def test_low_rank_updates_learn_the_subject(shipped, purple, tmp_path):
    left, distance = _learn(DreamBoothLora(shipped, tmp_path, "shipped", LORA), replace(purple, scene="studio"))
    assert left < 0.9
    assert distance < 0.9


def test_a_new_word_learns_the_subject(shipped, purple, tmp_path):
    left, distance = _learn(TextualInversion(shipped, tmp_path, "shipped", INVERSION), replace(purple, scene="studio"))
    assert left < 0.95
    assert distance < 0.9


def test_before_learning_both_draw_what_the_base_draws(parts, row):
    prompts, noise = ["a small umbrella in the snow", "an umbrella"], torch.randn(2, 16, 16, 16)
    inverted, updated, text = Inverted(parts, "umbrella"), Updated(parts, Lora()), text_states(parts, prompts)
    times = torch.tensor([500, 900])
    assert torch.allclose(inverted.read(prompts), text, atol=1e-6)
    drawn = (unet(noise, times, text).sample for unet in (parts.unet, updated.unet))
    assert torch.allclose(*drawn, atol=1e-5)


def test_every_attention_of_the_unet_is_updated_and_nothing_else(parts):
    learnt = [name for name, parameter in Updated(parts, Lora()).named_parameters() if parameter.requires_grad]
    attentions = [name for name, _ in parts.unet.named_modules() if name.endswith(("attn1", "attn2"))]
    assert len(learnt) == 2 * len(ATTENTION) * len(attentions)
    assert all(any(f"{name}.{part}.lora" in path for name in attentions for part in ATTENTION) for path in learnt)


def test_the_rare_word_comes_before_the_kind():
    assert named("a small mug in the snow", "mug", "sks") == "a small sks mug in the snow"
    assert named("an umbrella at night", "umbrella", "sks") == "a sks umbrella at night"


def test_the_prior_is_drawn_by_the_base_without_a_look_at_the_subject(parts, row):
    setting = Lora(prior=3, prior_steps=2, views=2)
    own, other = (examples_of(parts, r, setting) for r in (row, replace(row, reference=-row.reference)))
    assert own.prior.shape == (3, 16, 16, 16)
    assert torch.equal(own.prior, other.prior)
    assert not torch.equal(own.own, other.own)
    assert len(own.prior_text) == 3


def test_updates_of_another_rank_or_network_are_refused(parts):
    two, four = Updated(parts, Lora(rank=2)), Updated(parts, Lora(rank=4))
    state = {name: parameter for name, parameter in four.named_parameters() if parameter.requires_grad}
    with pytest.raises(ValueError, match="rank"):
        two.put(state)
    with pytest.raises(ValueError, match="network"):
        two.put(dict(list(state.items())[1:]))


def test_the_loss_of_a_step_follows_from_its_number(parts, row):
    module, examples = Updated(parts, LORA), examples_of(parts, row, LORA)
    losses = [module(examples, generator_at(1, step)).item() for step in (1, 2, 1)]
    assert losses[0] == losses[2] != losses[1]
