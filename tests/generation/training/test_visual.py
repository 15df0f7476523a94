"""Does only the visual branch learn, from silence, on every kind of base, and as the base's own target says?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from generation.attention import AttentionPass, Condition, visual_parameters
from generation.studio.drawn_pairs import DrawnPairs
from generation.training.base import Question
from generation.training.bases import BaseUnavailable, Ground, load_ground, sd15_ground
from generation.training.draws import Draws, Recipe, draws_at
from generation.training.masking import mask_for, place_mask, word_marks
from generation.training.pairs import Pair, coverage_of, pictures_of, size_ids
from generation.training.visual import VisualBranch
from tests.generation.training import tiny

NAMES = ("sd15", "sdxl-realcustom", "studio")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ground]:
    return {name: tiny.ground(name, tmp_path_factory.mktemp(name)) for name in NAMES}


def branch_on(ground: Ground) -> VisualBranch:
    torch.manual_seed(5)
    for module in ground.projector.modules():
        if isinstance(module, nn.Linear | nn.LayerNorm):
            module.reset_parameters()
    return VisualBranch(ground.base, ground.projector)


def pairs_for(ground: Ground, count: int = 4) -> list[Pair]:
    side = ground.profile.width
    drawn = [DrawnPairs(0).pair(number) for number in range(count)]
    return [replace(pair, picture=pair.picture.resize((side, side))) for pair in drawn]


def draws_for(ground: Ground, count: int = 4, **recipe: float) -> Draws:
    side, channels = ground.profile.width // 8, int(ground.base.unet.config["in_channels"])
    plain = Recipe(text_dropout=0, reference_dropout=0, quantity=(0.8, 0.8))
    return draws_at(replace(plain, **recipe), 0, step=0, rows=range(count), latent=(channels, side, side))


def frozen_parts(ground: Ground) -> dict[str, nn.Module]:
    base = ground.base
    parts = {"unet": base.unet, "autoencoder": base.autoencoder}
    for holder in (base.text_encoder, base.visual_encoder):
        for name, value in vars(holder).items():
            models = value if isinstance(value, tuple) else (value,)
            parts |= {
                f"{type(holder).__name__}.{name}.{i}": m for i, m in enumerate(models) if isinstance(m, nn.Module)
            }
    return parts


def frozen_bytes(ground: Ground, branch: VisualBranch) -> dict[str, bytes]:
    own = {id(p) for p in visual_parameters(branch.base.unet)}
    parts = frozen_parts(ground)
    tensors = {f"{part}.{n}": p for part, m in parts.items() for n, p in m.named_parameters() if id(p) not in own}
    return {name: tensor.detach().numpy().tobytes() for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_branch_learns_and_every_other_byte_stays(grounds: dict[str, Ground], name: str) -> None:
    ground = grounds[name]
    branch, pairs, draws = branch_on(ground), pairs_for(ground), draws_for(ground)
    assert len(frozen_parts(ground)) == {"sd15": 4, "sdxl-realcustom": 6, "studio": 4}[name]
    before = frozen_bytes(ground, branch)
    trained = [p for p in branch.parameters() if p.requires_grad]
    assert {id(p) for p in trained} == {id(p) for p in visual_parameters(branch.base.unet)}
    first = branch(pairs, draws)
    optimizer = torch.optim.AdamW(trained, 3e-3)
    for _ in range(15):
        optimizer.zero_grad()
        branch(pairs, draws).backward()
        optimizer.step()
    assert branch(pairs, draws).item() < 0.95 * first.item()
    assert frozen_bytes(ground, branch) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_first_step_draws_what_the_base_draws(grounds: dict[str, Ground], name: str) -> None:
    ground = grounds[name]
    branch, pairs, draws = branch_on(ground), pairs_for(ground), draws_for(ground)
    base = ground.base
    with torch.no_grad():
        latents = base.latents(pictures_of(pairs), draws.encoding)
        noisy, wanted = base.noised(latents, draws.noise, draws.times)
        text = base.read([pair.caption for pair in pairs], size_ids(pairs))
        with branch.attention.running(AttentionPass(text, *noisy.shape[-2:])):
            plain = base.answer(Question(noisy, draws.times, text))
        assert torch.allclose(branch(pairs, draws), (plain - wanted).square().mean(), rtol=1e-5)


def test_every_visual_parameter_hears_of_the_error(grounds: dict[str, Ground]) -> None:
    ground = grounds["sd15"]
    branch, pairs = branch_on(ground), pairs_for(ground)
    for layer in branch.attention.layers:
        nn.init.normal_(layer.to_v_vision.weight, std=0.1)  # silent values hide the others at first
    branch(pairs, draws_for(ground)).backward()
    silent = [n for n, p in branch.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert silent == []


def test_the_target_is_noise_or_velocity_as_the_base_says(tmp_path: Path) -> None:
    for prediction in ("epsilon", "v_prediction"):
        folder = tiny.write_sd15(tmp_path / prediction, prediction=prediction)
        base = sd15_ground(folder, "cpu", torch.float32, tiny.PROFILES["sd15"]).base
        latents, noise, times = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8), torch.tensor([100, 900])
        noisy, wanted = base.noised(latents, noise, times)
        a = base.scheduler.alphas_cumprod[times].view(-1, 1, 1, 1)
        assert torch.allclose(noisy, a.sqrt() * latents + (1 - a).sqrt() * noise, atol=1e-5)
        velocity = a.sqrt() * noise - (1 - a).sqrt() * latents
        assert torch.allclose(wanted, noise if prediction == "epsilon" else velocity, atol=1e-5)


def test_a_base_that_predicts_the_picture_itself_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_sd15(tmp_path, prediction="sample")
    with pytest.raises(ValueError, match="predicts “sample”"):
        sd15_ground(folder, "cpu", torch.float32, tiny.PROFILES["sd15"])


def test_dropped_rows_see_no_words_and_a_blank_reference(grounds: dict[str, Ground]) -> None:
    ground = grounds["sdxl-realcustom"]
    branch, pairs = branch_on(ground), pairs_for(ground, 2)
    for layer in branch.attention.layers:
        nn.init.normal_(layer.to_v_vision.weight, std=0.1)
    dropped = replace(draws_for(ground, 2), words=torch.zeros(2), references=torch.zeros(2))
    black = Image.new("RGB", (56, 56))
    nothing = [replace(pair, caption="", reference=black) for pair in pairs]
    with torch.no_grad():
        assert torch.allclose(branch(pairs, dropped), branch(nothing, draws_for(ground, 2)), rtol=1e-5)
        assert not torch.allclose(branch(pairs, dropped), branch(pairs, draws_for(ground, 2)), rtol=1e-3)


def test_a_reference_changes_the_answer_once_values_are_not_silent(grounds: dict[str, Ground]) -> None:
    ground = grounds["sd15"]
    branch, pairs, draws = branch_on(ground), pairs_for(ground, 2), draws_for(ground, 2)
    other = [replace(pair, reference=pair.reference.rotate(90)) for pair in pairs]
    with torch.no_grad():
        assert torch.equal(branch(pairs, draws), branch(other, draws))
        for layer in branch.attention.layers:
            nn.init.normal_(layer.to_v_vision.weight, std=0.1)
        assert not torch.equal(branch(pairs, draws), branch(other, draws))


def question_on(ground: Ground, pairs: list[Pair], draws: Draws) -> Question:
    base = ground.base
    noisy, _ = base.noised(base.latents(pictures_of(pairs), draws.encoding), draws.noise, draws.times)
    return Question(noisy, draws.times, base.read([pair.caption for pair in pairs], size_ids(pairs)))


def masked(ground: Ground, pairs: list[Pair], draws: Draws) -> Tensor | None:
    branch = branch_on(ground)
    return mask_for(branch.base, branch.attention, pairs, draws, question_on(ground, pairs, draws))


def test_masks_are_none_the_subjects_place_or_the_words_own(grounds: dict[str, Ground]) -> None:
    ground = grounds["studio"]
    pairs, draws = pairs_for(ground, 4), replace(draws_for(ground), scope=0.25)
    assert masked(ground, pairs, draws) is None
    coverage = coverage_of(pairs)
    assert coverage is not None
    place = place_mask(coverage, 0.25, (8, 8))
    perfect = masked(ground, pairs, replace(draws, mask="perfect"))
    assert perfect is not None
    assert torch.equal(perfect, place)
    own = masked(ground, pairs, replace(draws, mask="own", times=torch.full((4,), 500)))
    assert own is not None
    assert ((own > 0).flatten(1).sum(1) <= 16).all()
    assert own[place > 0].mean() > 2 * own[place == 0].mean()  # the trained base finds its own words


def test_rows_without_a_word_fall_back_on_the_place_or_on_everywhere(grounds: dict[str, Ground]) -> None:
    ground = grounds["studio"]
    pairs, draws = pairs_for(ground, 2), replace(draws_for(ground, 2), mask="own", words=torch.tensor([1.0, 0.0]))
    coverage = coverage_of(pairs)
    assert coverage is not None
    mask = masked(ground, pairs, draws)
    assert mask is not None
    assert torch.equal(mask[1], place_mask(coverage, draws.scope, (8, 8))[1])
    unknown = [replace(pair, subject=None) for pair in pairs]
    everywhere = masked(ground, unknown, draws)
    assert everywhere is not None
    assert (everywhere[1] == 1).all()
    assert masked(ground, [replace(pair, word="") for pair in unknown], draws) is None


def test_the_words_tokens_are_marked(grounds: dict[str, Ground]) -> None:
    base = grounds["studio"].base
    white = Image.new("RGB", (8, 8))
    pairs = [
        Pair(white, "a mug in the snow", white, "mug"),
        Pair(white, "a mug", white, "car"),
        Pair(white, "a", white),
    ]
    marks = word_marks(base, pairs, torch.ones(3), 32)
    assert marks.sum(1).tolist() == [1, 0, 0]
    assert marks[0, 2] == 1


def test_sdxl_is_told_sizes_and_the_pooled_words(grounds: dict[str, Ground]) -> None:
    base = grounds["sdxl-realcustom"].base
    pairs = [replace(pair, original=(300, 400), corner=(0, 7)) for pair in pairs_for(grounds["sdxl-realcustom"], 1)]
    condition: Condition = base.read(["a mug"], size_ids(pairs))
    assert condition.added is not None
    assert condition.added["time_ids"].tolist() == [[300, 400, 0, 7, tiny.SIDE, tiny.SIDE]]
    assert condition.added["text_embeds"].shape == (1, tiny.SECOND)
    assert condition.text.shape[-1] == tiny.TEXT + tiny.SECOND


@pytest.mark.parametrize(("name", "folder", "sentence"), [
    ("sd15", None, "name its folder with --base"),
    ("sd15", "empty", "lacks unet, vae, text_encoder, tokenizer, clip"),
    ("sdxl-realcustom", "empty", "lacks vae, .*realcustom"),
])  # fmt: skip
def test_a_base_that_is_not_there_is_named(tmp_path: Path, name: str, folder: str | None, sentence: str) -> None:
    with pytest.raises(BaseUnavailable, match=sentence):
        load_ground(tiny.PROFILES[name], tmp_path / folder if folder else None)
