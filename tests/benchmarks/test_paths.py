"""Do the ways set side by side do what their names say? A narrow model with random weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from benchmarks._paths import NARROW, Paths, made_as, recipes
from benchmarks._scoring import RandomScoring
from generation.scoring import keep_best
from tests.generation.full_size import STEPS

SMALL = NARROW | {"sample_size": 16, "cross_attention_dim": 768}


@pytest.fixture(scope="module")
def paths() -> Iterator[Paths]:
    with torch.inference_mode():
        torch.manual_seed(0)
        yield Paths(SMALL, "cpu")


def test_every_picture_takes_all_its_steps() -> None:
    plan = recipes()
    assert sum(plan["plain guidance"].values()) == sum(plan["IP-Adapter"].values()) == STEPS
    assert sum(plan["ours, exact"].values()) == sum(plan["ours, fast"].values()) == STEPS
    assert len(plan["ours, fast"]) > len(plan["ours, exact"])


def test_every_forward_of_every_way_is_there_and_runs(paths: Paths) -> None:
    named = {name for recipe in recipes().values() for name in recipe}
    assert set(paths.forwards) == named
    for forward in paths.forwards.values():
        forward()
        forward()


def test_the_adapter_draws_with_the_weights_of_plain_guidance_and_sees_its_picture(paths: Paths) -> None:
    assert paths.plain.conv_in.weight.data_ptr() == paths.adapter.conv_in.weight.data_ptr()
    latent, text = torch.randn(2, 4, 16, 16), torch.randn(2, 77, 768)
    plain = paths.plain(latent, 500, encoder_hidden_states=text).sample
    seen = []
    for embeds in (torch.zeros(2, 1, 1024), torch.ones(2, 1, 1024)):
        added = {"image_embeds": [embeds]}
        seen.append(paths.adapter(latent, 500, encoder_hidden_states=text, added_cond_kwargs=added).sample)
    assert not torch.allclose(seen[0], seen[1])
    assert not torch.allclose(plain, seen[1])


def test_the_fewest_unet_items_are_those_of_a_frozen_mask(paths: Paths) -> None:
    rows: list[int] = []
    hook = paths.size.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    items = 0
    for name, count in recipes()["ours, exact"].items():
        rows.clear()
        paths.forwards[name]()
        items += count * sum(rows)
    hook.remove()
    assert items == 62


def test_new_tensors_are_as_narrow_as_asked_only_inside() -> None:
    with made_as(torch.bfloat16):
        assert torch.zeros(1).dtype == torch.bfloat16
    assert torch.zeros(1).dtype == torch.float32


def test_tokens_chosen_at_random_weigh_alike_and_change() -> None:
    scoring = RandomScoring(0)
    tokens = torch.zeros(2, 20, 4)
    first, second = (scoring(tokens, tokens, tokens, torch.ones(2)) for _ in range(2))
    index, weight, dropped = keep_best(first, (0.5, 0.5), (20, 20))
    assert index.shape == (2, 10)
    assert dropped is None
    assert torch.allclose(weight, torch.ones_like(weight), atol=1e-3)
    assert not torch.equal(index, keep_best(second, (0.5, 0.5), (20, 20))[0])
