"""Does a model that runs faster or smaller still draw the same?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from generation.pipeline import RealCustomPipeline
from generation.spec import MaskDials
from generation.tuned import CompilerMissing, compile_blocks, tuned
from generation.tuning import Tuning
from generation.words import WordNotInPrompt
from tests.generation import dummy
from tests.generation.test_together import drawn, references, two


def latents(pipe: RealCustomPipeline) -> list[torch.Tensor]:
    specs = [dummy.spec(), two(seed=3), dummy.spec(seed=4, mask=MaskDials(stop_step=2, refine=True), explain=True)]
    return [drawn(pipe, [pipe.prepare(spec, references(spec))])[0] for spec in specs]


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What was compiled is forgotten before and after."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


@pytest.mark.usefixtures("forgotten")
def test_compiled_blocks_draw_the_same_and_break_only_at_cross_attention() -> None:
    wanted = latents(dummy.pipeline())
    pipe = tuned(dummy.pipeline(), Tuning(compiled=True))
    found = latents(pipe)
    for a, b in zip(found, wanted, strict=True):
        assert float((a - b).abs().max() / b.abs().max()) <= 1e-4
    counters = torch._dynamo.utils.counters
    assert counters["stats"]["unique_graphs"] > 0, "something was compiled"
    assert counters["stats"]["unique_graphs"] <= 16, "two halves of a block, of two widths, of few batches"
    assert sum(counters["graph_break"].values()) <= 8
    assert pipe.environment(pipe.prepare(dummy.spec(), [dummy.reference()]))["compiled"] == "on"


def test_without_a_compiler_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(CompilerMissing, match="install g"):
        compile_blocks(dummy.pipeline().parts)


def test_another_memory_layout_draws_the_same() -> None:
    wanted = latents(dummy.pipeline())
    pipe = tuned(dummy.pipeline(), Tuning(channels_last=True))
    assert pipe.parts.denoiser.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    for a, b in zip(latents(pipe), wanted, strict=True):
        assert float((a - b).abs().max() / b.abs().max()) <= 1e-4


def test_half_precision_is_the_unets_and_the_encoders() -> None:
    pipe = tuned(dummy.pipeline(), Tuning(precision="bfloat16"))
    parts = pipe.parts
    assert {parts.denoiser.unet.dtype, parts.text_encoder.model.dtype} == {torch.bfloat16}  # type: ignore[attr-defined]
    assert parts.autoencoder.conv.weight.dtype == torch.float32
    result = pipe.draw(dummy.spec(), [dummy.reference()])
    assert result.environment["dtype"] == "bfloat16"


class Journey:
    """Where a network was sent, in order."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.devices: list[str] = []
        self._to = network.to
        network.to = self._sent  # type: ignore[method-assign, assignment]

    def _sent(self, device: torch.device) -> None:
        self.devices.append(device.type)
        self._to(device)


def test_encoders_and_autoencoder_rest_while_others_work() -> None:
    pipe = dummy.pipeline()
    journeys = {
        "text": Journey(pipe.parts.text_encoder.model),  # type: ignore[attr-defined]
        "image": Journey(pipe.parts.visual_encoder.model),  # type: ignore[attr-defined]
        "autoencoder": Journey(pipe.parts.autoencoder),
    }
    wanted = dummy.pipeline().draw(dummy.spec(), [dummy.reference()])
    resting = tuned(pipe, Tuning(offload=True))
    assert resting.parts.resting is not None
    resting.parts.resting.device = torch.device("cpu")
    result = resting.draw(dummy.spec(), [dummy.reference()])
    assert result.pixel_digest == wanted.pixel_digest
    assert {name: len(journey.devices) for name, journey in journeys.items()} == dict.fromkeys(journeys, 3)


def test_networks_come_to_rest_even_where_their_work_fails() -> None:
    pipe = tuned(dummy.pipeline(), Tuning(offload=True))
    journey = Journey(pipe.parts.text_encoder.model)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="empty"):
        pipe.draw(dummy.spec(prompt=" "), [dummy.reference()])
    with pytest.raises(WordNotInPrompt):
        pipe.draw(dummy.spec(word="zebra"), [dummy.reference()])
    assert journey.devices[-1:] == ["cpu"]


@pytest.mark.parametrize(
    ("env", "sentence"),
    [({"IMPRIMATUR_PRECISION": "half"}, "float32 or bfloat16"), ({"IMPRIMATUR_COMPILE": "maybe"}, "1 or 0")],
)
def test_a_setting_that_means_nothing_is_refused(env: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Tuning.from_environment(env)


def test_settings_are_read() -> None:
    env = {"IMPRIMATUR_PRECISION": "bfloat16", "IMPRIMATUR_OFFLOAD": "1", "IMPRIMATUR_COMPILE": "no"}
    assert Tuning.from_environment(env) == Tuning(precision="bfloat16", offload=True)
