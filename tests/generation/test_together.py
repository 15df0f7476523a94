"""Do several subjects, bounds and several pictures at once come out as asked, none disturbing another?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from generation.pipeline import DrawRequest, RealCustomPipeline
from generation.reference_cache import ReferenceCache
from generation.spec import Box, GenerationSpec, InvalidSpec, MaskDials, SubjectSpec
from generation.tracing import Explanation
from tests.generation import dummy
from tests.generation.test_attention import Shapes, probability_matrices

PROMPT = "a bottle and a red mug on the beach"
LEFT, RIGHT = Box(left=0, top=0, right=0.5, bottom=1), Box(left=0.5, top=0, right=1, bottom=1)


@pytest.fixture(scope="module")
def pipe() -> RealCustomPipeline:
    return dummy.pipeline()


def mug() -> Image.Image:
    return dummy.reference().rotate(90)


def two(**changes: object) -> GenerationSpec:
    """Bottle and mug; `mug` changes the mug's subject."""
    other = {"word": "mug", "reference_digests": ("1" * 64,)} | dict(changes.pop("mug", {}))  # type: ignore[call-overload]
    return dummy.spec(prompt=PROMPT, others=(SubjectSpec(**other),), **changes)


def drawn(pipe: RealCustomPipeline, requests: Sequence[DrawRequest]) -> list[torch.Tensor]:
    """Final latents of requests that share every step they can."""
    while wanted := [request for request in requests if not request.done]:
        pipe.step_together(wanted)
    return [request.denoising.latent for request in requests]


SPECS = [
    dummy.spec(seed=1),
    dummy.spec(seed=2, steps=6, mask=MaskDials(stop_step=3, scope=0.5, norm="max_norm"), quantity=0.3),
    two(seed=3, mug={"quantity": 0.5, "scope": 0.1}),
    dummy.spec(seed=4, guidance="paper"),
    dummy.spec(seed=5, guidance_scale=1),
    dummy.spec(seed=6, effort="fast", steps=5),
    dummy.spec(seed=7, width=136, height=72),
    dummy.spec(seed=8, mask=MaskDials(stop_step=2, refine=True), explain=True),
]


def references(spec: GenerationSpec) -> list[Image.Image]:
    return [dummy.reference(), mug()][: len(spec.subjects)]


@pytest.mark.parametrize("scoring", [True, False])
def test_mixed_requests_together_are_what_they_are_alone(scoring: bool) -> None:
    pipe = dummy.pipeline(scoring=scoring)
    pipe.step(pipe.prepare(SPECS[0], references(SPECS[0])))  # the shared prefix is found by watching a forward
    together = [pipe.prepare(spec, references(spec)) for spec in SPECS]
    pipe.step(together[0])  # one is ahead of the others
    latents = drawn(pipe, together)
    for spec, request, latent in zip(SPECS, together, latents, strict=True):
        alone = drawn(pipe, [pipe.prepare(spec, references(spec))])[0]
        assert float((latent - alone).abs().max() / alone.abs().max()) <= 1e-3, spec
        assert request.company > 0


def test_a_reference_of_more_tokens_beside_one_of_fewer(pipe: RealCustomPipeline) -> None:
    many, few = dummy.spec(seed=1), dummy.spec(seed=2, quantity=0.2)
    both = [pipe.prepare(many, [dummy.reference(), mug()]), pipe.prepare(few, [mug()])]
    latents = drawn(pipe, both)
    for spec, images, latent in ((many, [dummy.reference(), mug()], latents[0]), (few, [mug()], latents[1])):
        alone = drawn(pipe, [pipe.prepare(spec, images)])[0]
        assert float((latent - alone).abs().max() / alone.abs().max()) <= 1e-3


def test_each_subject_acts_under_a_mask_of_its_own(pipe: RealCustomPipeline) -> None:
    result = pipe.draw(two(mug={"scope": 0.1}), [dummy.reference(), mug()])
    assert result.subject_masks.shape == (2, 4, 8, 8)
    bottle, cup = result.subject_masks > 0
    assert not (bottle & cup).any(), "where masks meet, the stronger word wins"
    assert np.array_equal(result.masks > 0, bottle | cup)
    assert [int(m.sum()) for m in (bottle[-1], cup[-1])] == [16, 6]
    assert pipe.draw(two(), [dummy.reference(), mug()]).pixel_digest != result.pixel_digest
    swapped = pipe.draw(two(mug={"scope": 0.1}), [mug(), dummy.reference()])
    assert swapped.pixel_digest != result.pixel_digest


def test_one_guidance_branch_serves_all_subjects(pipe: RealCustomPipeline) -> None:
    items = []
    hook = pipe.parts.denoiser.unet.register_forward_pre_hook(lambda _, args: items.append(len(args[0])))
    pipe.step(pipe.prepare(two(), [dummy.reference(), mug()]))
    hook.remove()
    assert items == [1, 2]


@pytest.mark.parametrize("select", ["top_k", "threshold"])
@pytest.mark.parametrize("norm", ["max_norm", "min_max_norm", "min_max_per_channel"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_box_keeps_its_subject_inside(pipe: RealCustomPipeline, select: str, norm: str, binary: bool) -> None:
    dials = MaskDials(scope=0.5, select=select, norm=norm, binary=binary, stop_step=1)  # type: ignore[arg-type]
    spec = two(box=LEFT, mask=dials, steps=1, mug={"box": RIGHT})
    bottle, cup = pipe.draw(spec, [dummy.reference(), mug()]).subject_masks[:, 0]
    assert bottle[:, 4:].max() == cup[:, :4].max() == 0
    assert (bottle[:, :4].max(), cup[:, 4:].max()) == pytest.approx((1, 1), abs=1e-4)
    if select == "top_k":
        assert 15 <= int((bottle > 0).sum()) <= 16, "the scope counts within the box"


@pytest.mark.parametrize(("scope", "warnings"), [(0.02, ["collapse"]), (0.5, []), (1.0, [])])
def test_a_small_box_is_no_collapse_and_a_full_one_no_leak(
    pipe: RealCustomPipeline, scope: float, warnings: list[str]
) -> None:
    box = Box(left=0, top=0, right=0.5, bottom=0.5) if scope < 1 else Box(left=0, top=0, right=1, bottom=1)
    dials = MaskDials(scope=scope, stop_step=1, binary=True)
    size = {} if scope > 0.1 else {"width": 256, "height": 256}
    result = pipe.draw(dummy.spec(box=box, mask=dials, steps=1, **size), [dummy.reference()])
    assert result.warnings == warnings


def sketch() -> Image.Image:
    image = Image.new("L", (64, 64), 0)
    ImageDraw.Draw(image).ellipse((2, 34, 28, 60), fill=255)
    return image


def test_a_sketch_bounds_in_any_shape_and_both_together(pipe: RealCustomPipeline) -> None:
    spec = dummy.spec(sketch_digest="2" * 64, mask=MaskDials(scope=1.0, stop_step=2))
    mask = pipe.draw(spec, [dummy.reference()], sketches=[sketch()]).masks[-1]
    white = np.asarray(sketch().resize((8, 8), Image.Resampling.BOX)) > 12
    assert 8 < int((mask > 0).sum()) <= int(white.sum())
    assert not mask[~white].any()
    low = dummy.spec(sketch_digest="2" * 64, box=Box(left=0, top=0.75, right=1, bottom=1))
    mask = pipe.draw(low, [dummy.reference()], sketches=[sketch()]).masks[-1]
    assert not mask[:6].any()
    assert mask[6:].any()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"box": Box(left=0, top=0, right=0.01, bottom=0.01)}, "“bottle” has no place: .* 8 x 8 positions"),
        ({"box": RIGHT, "sketch_digest": "2" * 64}, "make them larger, or let them overlap"),
        ({"effort": "fast", "guidance": "paper"}, "fast effort .* release guidance"),
    ],
)
def test_what_cannot_be_met_is_refused(pipe: RealCustomPipeline, changes: dict[str, object], sentence: str) -> None:
    spec = dummy.spec(**changes)
    with pytest.raises(InvalidSpec, match=sentence):
        pipe.prepare(spec, [dummy.reference()], sketches=[sketch()] if spec.sketch_digest else [])


def test_pictures_and_subjects_must_fit_together(pipe: RealCustomPipeline) -> None:
    with pytest.raises(InvalidSpec, match="name 2 references in all, but 1 were given"):
        pipe.prepare(two(), [dummy.reference()])
    with pytest.raises(InvalidSpec, match="stand on the same words"):
        pipe.prepare(two(mug={"word": "bottle"}), [dummy.reference(), mug()])
    with pytest.raises(InvalidSpec, match="needs both its picture and its digest"):
        pipe.prepare(dummy.spec(), [dummy.reference()], sketches=[sketch()])
    with pytest.raises(InvalidSpec, match="2 sketches were given for 1 subjects"):
        pipe.prepare(dummy.spec(), [dummy.reference()], sketches=[None, None])


def test_refinement_changes_the_mask_and_needs_no_square_matrix(pipe: RealCustomPipeline) -> None:
    plain = pipe.draw(dummy.spec(), [dummy.reference()])
    request = pipe.prepare(dummy.spec(mask=MaskDials(stop_step=2, refine=True)), [dummy.reference()])
    with Shapes() as shapes:
        pipe.step(request)
    assert not [s for s in shapes.seen if s[-2:] in {(64, 64), (256, 256)}]
    assert int((request.denoising.masks[0] > 0).sum()) == 16
    assert not np.array_equal(request.denoising.masks[0][0, 0].numpy(), plain.masks[0])


def test_an_explanation_names_every_word_and_every_token(pipe: RealCustomPipeline) -> None:
    request = pipe.prepare(two(explain=True, quantity=0.5), [dummy.reference(), mug()])
    with Shapes() as shapes:
        pipe.step(request)
    assert not probability_matrices(shapes.seen, dummy.TOKENS)
    drawn(pipe, [request])
    found = pipe.finish(request).explanation
    assert found is not None
    assert found.words == ("a", "bottle", "and", "a", "red", "mug", "on", "the", "beach")
    assert sum(found.inside) == pytest.approx(1, abs=1e-5)
    assert sum(found.outside) == pytest.approx(1, abs=1e-5)
    assert [grids.shape for grids in found.tokens] == [(1, 4, 4), (1, 4, 4)]
    assert found.tokens[0].mean() == pytest.approx(0.5, abs=1e-5), "half of the tokens got in at every step and layer"
    back = Explanation.from_json(found.to_json())
    assert back.words == found.words
    assert np.allclose(back.tokens[1], found.tokens[1], atol=1e-3)


def test_explaining_changes_nothing_and_nobody_pays_for_it_unasked(pipe: RealCustomPipeline) -> None:
    plain, told = (pipe.prepare(dummy.spec(explain=explain), [dummy.reference()]) for explain in (False, True))
    a, b = drawn(pipe, [plain])[0], drawn(pipe, [told])[0]
    assert float((a - b).abs().max()) <= 1e-4
    assert pipe.finish(plain).explanation is None


def test_half_precision_takes_every_path() -> None:
    pipe = dummy.pipeline()
    parts = pipe.parts
    for module in (parts.denoiser.unet, parts.projector, parts.text_encoder.model, parts.visual_encoder.model):  # type: ignore[attr-defined]
        module.to(torch.bfloat16)
    spec = two(mask=MaskDials(stop_step=2, refine=True), explain=True, box=LEFT, mug={"quantity": 0.3})
    latents = drawn(pipe, [pipe.prepare(spec, [dummy.reference(), mug()]), pipe.prepare(dummy.spec(), [mug()])])
    assert all(latent.dtype == torch.float32 and latent.isfinite().all() for latent in latents)


def test_without_scoring_every_token_got_in() -> None:
    pipe = dummy.pipeline(scoring=False)
    found = pipe.draw(dummy.spec(explain=True), [dummy.reference(), mug()]).explanation
    assert found is not None
    assert found.tokens[0].shape == (2, 4, 4)
    assert found.tokens[0].min() == 1


def test_the_second_picture_of_a_reference_runs_no_encoder() -> None:
    pipe, cache = dummy.pipeline(), ReferenceCache(size=1)
    encoder = pipe.parts.visual_encoder.model  # type: ignore[attr-defined]
    first = pipe.draw(dummy.spec(), [dummy.reference()], cache=cache)
    seen = encoder.forwards
    assert pipe.draw(dummy.spec(), [dummy.reference()], cache=cache).pixel_digest == first.pixel_digest
    assert encoder.forwards == seen
    pipe.draw(dummy.spec(reference_digests=("1" * 64,)), [mug()], cache=cache)
    assert (encoder.forwards, len(cache)) == (seen + 1, 1)
    assert cache.forget(["1" * 64]) == 1
    assert len(cache) == 0


def test_what_is_forgotten_while_it_is_encoded_is_not_kept() -> None:
    cache = ReferenceCache()

    def encode() -> torch.Tensor:
        cache.forget(["d"])
        return torch.zeros(1)

    cache.tokens("studio", "d", encode)
    assert len(cache) == 0


def rows_of(pipe: RealCustomPipeline, **changes: object) -> list[int]:
    """Rows of each of the UNet's forwards."""
    rows: list[int] = []
    hook = pipe.parts.denoiser.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    pipe.draw(dummy.spec(**changes), [dummy.reference()])
    hook.remove()
    return rows


def test_fast_effort_asks_for_less(pipe: RealCustomPipeline) -> None:
    dials = MaskDials(stop_step=4)
    assert rows_of(pipe, effort="fast", steps=5, mask=dials) == [1, 2, 2, 2, 1, 1]
    refined = MaskDials(stop_step=4, refine=True)
    assert rows_of(pipe, effort="fast", steps=5, mask=refined) == [1, 2, 2, 1, 2, 1, 1], "every second step"


def test_the_generation_branch_makes_masks_of_its_own(pipe: RealCustomPipeline) -> None:
    spec = dummy.spec(effort="fast", steps=6, mask=MaskDials(stop_step=4))
    fast = pipe.draw(spec, [dummy.reference()])
    exact = pipe.draw(dummy.spec(steps=6, mask=MaskDials(stop_step=4)), [dummy.reference()])
    kept = fast.masks > 0
    assert np.array_equal(fast.masks[0], exact.masks[0]), "the guidance branch begins"
    assert [int(mask.sum()) for mask in kept] == [16] * 6
    assert not any(np.array_equal(a, b) for a, b in pairwise(fast.masks[:4])), "each step's is its own"
    assert all(np.array_equal(mask, fast.masks[3]) for mask in fast.masks[4:]), "frozen all the same"


def test_masks_of_its_own_stay_apart_and_inside_their_boxes(pipe: RealCustomPipeline) -> None:
    spec = two(effort="fast", box=LEFT, mug={"box": RIGHT}, explain=True, mask=MaskDials(stop_step=None))
    result = pipe.draw(spec, [dummy.reference(), mug()])
    bottle, cup = result.subject_masks
    assert bottle[:, :, 4:].max() == cup[:, :, :4].max() == 0
    assert bottle.reshape(4, -1).max(axis=1) == pytest.approx(1, abs=1e-4)
    assert result.explanation is not None
    assert sum(result.explanation.inside) == pytest.approx(1, abs=1e-5)
