"""Do the processors do what the formula says, with no more memory and no more work than it needs?"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from generation import influence
from generation.attention import (
    AttentionPass,
    Condition,
    UnsupportedUNet,
    attach,
    load_visual_state_dict,
    visual_parameters,
    visual_state_dict,
)
from generation.denoising import Denoiser
from generation.projector import SmallProjector, VisualFeatures
from generation.spec import MaskDials
from generation.visual_attention import attend_with_columns
from tests.generation import dummy

TOKENS = dummy.TOKENS
LATENT = torch.randn(1, dummy.CHANNELS, 16, 16, generator=torch.Generator().manual_seed(1))


def text(seed: int = 0, rows: int = 1) -> Tensor:
    return torch.randn(rows, TOKENS, dummy.WIDTH, generator=torch.Generator().manual_seed(seed))


def vision(seed: int = 9, rows: int = 1) -> Tensor:
    return torch.randn(rows, 16, dummy.WIDTH, generator=torch.Generator().manual_seed(seed))


class Shapes(TorchDispatchMode):
    """Records the shape of every tensor any operation returns."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[int, ...]] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor):
                self.seen.add(tuple(tensor.shape))
        return result


def probability_matrices(shapes: set[tuple[int, ...]], tokens: int) -> list[tuple[int, ...]]:
    """Shapes that end in positions x text tokens: positions of a layer are 256 or 64 here."""
    return [s for s in shapes if len(s) >= 2 and s[-1] == tokens and s[-2] in (256, 64)]


def test_no_matrix_of_positions_by_words_is_ever_allocated() -> None:
    pipe = dummy.pipeline()
    request = pipe.prepare(dummy.spec(), [dummy.reference()])
    with Shapes() as shapes:
        pipe.step(request)
    assert (1, 2, 256, 8 + 8) in shapes.seen, "the column rides along with the values, so the fused kernel was asked"
    assert not probability_matrices(shapes.seen, TOKENS)


def test_the_recorder_would_see_such_a_matrix() -> None:
    with Shapes() as shapes:
        (torch.randn(1, 2, 256, 8) @ torch.randn(1, 2, 8, TOKENS)).softmax(-1)
    assert probability_matrices(shapes.seen, TOKENS)


@pytest.mark.parametrize("count", [1, 3, 9])
def test_columns_are_the_words_shares_of_attention(count: int) -> None:
    q, k, v = (torch.randn(2, 4, n, 16) for n in (50, 77, 77))
    words = (torch.rand(2, count, 77) < 0.05).float()
    out, columns = attend_with_columns(q, k, v, words)
    probabilities = (q @ k.transpose(-1, -2) / 4).softmax(-1)
    assert torch.allclose(out, probabilities @ v, atol=1e-5)
    wanted = torch.einsum("bhpn,bsn->bhsp", probabilities, words)
    assert torch.allclose(columns, wanted, atol=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (15, 9), (17, 12)])
def test_without_a_reference_it_is_the_stock_unet(size: tuple[int, int]) -> None:
    latent = torch.randn(1, dummy.CHANNELS, *size)
    stock, ours = dummy.unet(), dummy.unet()
    denoiser = Denoiser(ours, attach(ours))
    with torch.inference_mode():
        wanted = stock(latent, 500, encoder_hidden_states=text()).sample
        plain = ours(latent, 500, encoder_hidden_states=text()).sample
        word = torch.zeros(1, TOKENS)
        word[0, 2] = 1
        looked, maps = denoiser.look(latent, 500, Condition(text()), word)
    assert torch.allclose(plain, wanted, atol=1e-6)
    assert looked is not None
    assert torch.allclose(looked, wanted, atol=1e-5)
    half = tuple((n + 1) // 2 for n in size)
    assert [tuple(m.shape[1:]) for m in maps] == [size, half, half, half, half, size, size]


def test_a_mask_of_zeros_shuts_the_reference_out_and_ones_let_it_in() -> None:
    net = dummy.unet()
    denoiser = Denoiser(net, attach(net))
    both, mask = Condition(text(), vision()), torch.ones(1, 1, 8, 8)
    with torch.inference_mode():
        alone = denoiser.predict(LATENT, 500, Condition(text()))
        shut = denoiser.predict(LATENT, 500, both, mask=mask * 0)
        opened, everywhere = denoiser.predict(LATENT, 500, both, mask=mask), denoiser.predict(LATENT, 500, both)
    assert torch.allclose(shut, alone, atol=1e-6)
    assert torch.allclose(opened, everywhere, atol=1e-6)
    assert not torch.allclose(opened, alone, atol=1e-3)


def test_keys_and_values_of_constant_conditions_are_made_once_a_request() -> None:
    pipe = dummy.pipeline()
    layers = pipe.parts.denoiser.attention.layers
    calls = {"vision": 0, "text": 0}

    def count(name: str) -> Any:
        def hook(*_: Any) -> None:
            calls[name] += 1

        return hook

    for attn in layers:
        attn.to_k_vision.register_forward_hook(count("vision"))
        attn.to_k.register_forward_hook(count("text"))
    pipe.draw(dummy.spec(), [dummy.reference()])
    assert calls == {"vision": 2 * len(layers), "text": 2 * len(layers)}  # reference and blank; prompt and negative
    pipe.draw(dummy.spec(seed=8), [dummy.reference()])
    assert calls == {"vision": 3 * len(layers), "text": 4 * len(layers)}, "the blank's stay with the pipeline"


def test_places_are_found_once_for_each_mask_and_size_of_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[int, int]] = []

    def places_of(weight: Tensor, longest: int) -> influence.Places:
        found.append((weight.shape[1], longest))
        return wanted(weight, longest)

    wanted = influence.places_of
    monkeypatch.setattr(influence, "places_of", places_of)
    dummy.pipeline().draw(dummy.spec(steps=6, mask=MaskDials(stop_step=2)), [dummy.reference()])
    sizes = [size for size, _ in found]
    assert sorted(sizes) == [64] * 3 + [256] * 3, "two masks, the second one again when it is known; two sizes"
    assert {longest for size, longest in found if size == 64} == {16}
    assert [longest for size, longest in found if size == 256][:2] == [256, 256], "nobody waits for the count"
    assert found[-1][1] < 256 or found[-2][1] < 256, "it is known a step later"


def test_unet_items_of_25_steps_frozen_at_12_are_62() -> None:
    pipe = dummy.pipeline()
    items = 0

    def count(_: Any, args: tuple[Tensor, ...]) -> None:
        nonlocal items
        items += args[0].shape[0]

    pipe.parts.denoiser.unet.register_forward_pre_hook(count)
    pipe.draw(dummy.spec(steps=25, mask=MaskDials(stop_step=12)), [dummy.reference()])
    assert items == 62


def test_training_reaches_every_visual_weight_and_nothing_else() -> None:
    net = dummy.unet()
    projector = SmallProjector(dummy.VISION, dummy.WIDTH)
    attention = attach(net, projector, scoring=True)
    net.requires_grad_(False)
    for parameter in visual_parameters(net):
        parameter.requires_grad_(True)
    features = VisualFeatures(torch.randn(2, 16, dummy.VISION))
    condition = Condition(text(rows=2), projector(features))
    times = torch.tensor([900, 100])
    with attention.running(AttentionPass(condition, 16, 16, time=times / 1000, quantity=0.5)):
        out = net(LATENT.repeat(2, 1, 1, 1), times, encoder_hidden_states=condition.text).sample
    out.square().mean().backward()
    trained = {n for n, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert trained == set(visual_state_dict(net))


def test_the_visual_branch_alone_loads_strictly() -> None:
    source, target = dummy.unet(0), dummy.unet(0)
    for net in (source, target):
        attach(net, SmallProjector(dummy.VISION, dummy.WIDTH), scoring=True)
    state = visual_state_dict(source)
    load_visual_state_dict(target, state)
    assert all(torch.equal(a, b) for a, b in zip(visual_state_dict(target).values(), state.values(), strict=True))
    name = next(iter(state))
    with pytest.raises(KeyError, match="missing"):
        load_visual_state_dict(target, {k: v for k, v in state.items() if k != name})
    with pytest.raises(KeyError, match="unexpected"):
        load_visual_state_dict(target, state | {"down_blocks.9.to_k_vision.weight": torch.zeros(1)})


def test_one_forward_at_a_time() -> None:
    net = dummy.unet()
    attention = attach(net)
    current = AttentionPass(Condition(text()), 16, 16)
    with (
        attention.running(current),
        pytest.raises(RuntimeError, match="batch the requests"),
        attention.running(current),
    ):
        pass


def test_positions_that_are_no_halving_are_an_error() -> None:
    with pytest.raises(UnsupportedUNet, match="no halving"):
        AttentionPass(Condition(text()), 16, 16).size(100)
