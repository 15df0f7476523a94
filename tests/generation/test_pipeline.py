"""Does a request go from words and a reference to a picture, the same one every time, and fail in plain words?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from generation.denoising import NonFiniteLatent
from generation.explain import film_strip
from generation.masks import half_size
from generation.pipeline import RealCustomPipeline, pixel_digest
from generation.reference_quality import UnusableReference
from generation.spec import InvalidSpec, MaskDials
from generation.words import WordBeyondLimit, WordNotInPrompt
from governance import intake
from tests.generation import dummy


@pytest.fixture(scope="module")
def pipe() -> RealCustomPipeline:
    return dummy.pipeline()


def test_step_by_step_gives_a_picture_with_its_story(pipe: RealCustomPipeline) -> None:
    request = pipe.prepare(dummy.spec(), [dummy.reference()])
    assert (request.step, request.steps, request.done) == (0, 4, False)
    seen = [pipe.step(request).step for _ in range(4)]
    result = pipe.finish(request)
    assert seen == [1, 2, 3, 4]
    assert result.image.size == (128, 128)
    assert result.image.mode == "RGB"
    assert result.masks.shape == (4, *half_size(16, 16))
    assert result.mask_area == [0.25] * 4
    assert result.pixel_digest == pixel_digest(result.image) == intake.pixel_digest(result.image)
    assert set(result.seconds) == {"prepare", "draw", "decode"}
    assert result.environment["sha256 unet"] == "0" * 64
    assert result.warnings == []


def test_the_mask_is_frozen_after_its_stop_step(pipe: RealCustomPipeline) -> None:
    masks = pipe.draw(dummy.spec(), [dummy.reference()]).masks
    assert not np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[1], masks[3])


def test_a_profile_chooses_whose_maps_make_the_mask() -> None:
    every, last = dummy.pipeline(), dummy.pipeline()
    last.profile = replace(dummy.PROFILE, mask_layers=(5,))
    first_masks = [p.draw(dummy.spec(), [dummy.reference()]).masks[0] for p in (every, last)]
    assert not np.array_equal(*first_masks)


def test_same_seed_same_pixels_whatever_is_drawn_in_between(pipe: RealCustomPipeline) -> None:
    first, other = (
        pipe.prepare(dummy.spec(), [dummy.reference()]),
        pipe.prepare(dummy.spec(seed=8), [dummy.reference()]),
    )
    while not first.done:
        pipe.step(first)
        pipe.step(other)
    alone = pipe.draw(dummy.spec(), [dummy.reference()])
    assert pipe.finish(first).pixel_digest == alone.pixel_digest
    assert pipe.finish(other).pixel_digest != alone.pixel_digest


def test_the_reference_and_the_prompt_matter(pipe: RealCustomPipeline) -> None:
    digests = {
        pipe.draw(dummy.spec(), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(), [dummy.reference().rotate(90).resize((100, 100))]).pixel_digest,
        pipe.draw(dummy.spec(prompt="a bottle in the snow"), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(quantity=0.3), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(negative_prompt="snow"), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(guidance="paper"), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(guidance_scale=1), [dummy.reference()]).pixel_digest,
        pipe.draw(dummy.spec(), [dummy.reference(), dummy.reference().rotate(90)]).pixel_digest,
    }
    assert len(digests) == 8


def test_without_influence_the_reference_does_not_matter(pipe: RealCustomPipeline) -> None:
    digests = set()
    for reference in (dummy.reference(), dummy.reference().rotate(180)):
        request = pipe.prepare(dummy.spec(), [reference], influence=0.0)
        while not request.done:
            pipe.step(request)
        digests.add(pipe.finish(request).pixel_digest)
    assert len(digests) == 1


def test_encoders_run_once_a_request_and_the_blank_once_a_pipeline() -> None:
    pipe = dummy.pipeline()
    encoder = pipe.parts.visual_encoder.model
    pipe.draw(dummy.spec(), [dummy.reference()])
    assert encoder.forwards == 2
    pipe.draw(dummy.spec(), [dummy.reference()])
    assert encoder.forwards == 3


def test_paper_guidance_says_that_freezing_saves_nothing(pipe: RealCustomPipeline) -> None:
    assert pipe.draw(dummy.spec(guidance="paper"), [dummy.reference()]).warnings == ["no_early_stop"]


def test_other_sizes_are_drawn_and_odd_latents_too(pipe: RealCustomPipeline) -> None:
    result = pipe.draw(dummy.spec(width=136, height=72), [dummy.reference()])
    assert result.image.size == (136, 72)
    assert result.masks.shape[1:] == (5, 9)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
def test_references_of_any_colour_mode_serve(pipe: RealCustomPipeline, mode: str) -> None:
    assert pipe.draw(dummy.spec(steps=1, mask=MaskDials(stop_step=1)), [dummy.reference().convert(mode)]).image.size


def test_transparency_counts_as_white_paper(pipe: RealCustomPipeline) -> None:
    clear = dummy.reference().convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    with pytest.raises(UnusableReference, match="one flat colour"):
        pipe.prepare(dummy.spec(), [clear])


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (Image.new("RGB", (200, 200), "red"), "one flat colour: use a picture that shows the subject"),
        (dummy.reference().resize((20, 20)), "20 x 20 pixels: use one of at least 64"),
        (dummy.reference().resize((500, 63)), "500 x 63 pixels"),
    ],
)
def test_unusable_references_say_what_to_use(pipe: RealCustomPipeline, image: Image.Image, sentence: str) -> None:
    with pytest.raises(UnusableReference, match=sentence):
        pipe.prepare(dummy.spec(), [image])


def test_too_few_and_too_many_references_are_refused(pipe: RealCustomPipeline) -> None:
    for count in (0, 5):
        with pytest.raises(InvalidSpec, match=f"not {count}"):
            pipe.prepare(dummy.spec(), [dummy.reference()] * count)


def test_a_word_outside_the_prompt_is_refused_by_name(pipe: RealCustomPipeline) -> None:
    with pytest.raises(WordNotInPrompt, match=r"“mug” is not a word of the prompt; .* bottle, on, the, beach"):
        pipe.prepare(dummy.spec(word="mug"), [dummy.reference()])


def test_a_prompt_too_long_says_what_is_cut(pipe: RealCustomPipeline) -> None:
    long = "a bottle on the beach " + "and sand " * 20
    request = pipe.prepare(dummy.spec(prompt=long), [dummy.reference()])
    assert [n.code for n in request.notes] == ["prompt_cut"]
    assert "sand and sand" in request.notes[0].sentence
    with pytest.raises(WordBeyondLimit):
        pipe.prepare(dummy.spec(prompt=long + "mug", word="mug"), [dummy.reference()])


@pytest.mark.parametrize("changes", [{"width": 100}, {"height": 32}, {"profile": "sdxl-realcustom"}])
def test_what_the_model_cannot_draw_is_refused(pipe: RealCustomPipeline, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSpec):
        pipe.prepare(dummy.spec(**changes), [dummy.reference()])


def test_a_latent_that_is_not_finite_names_its_step(pipe: RealCustomPipeline) -> None:
    request = pipe.prepare(dummy.spec(), [dummy.reference()])
    pipe.step(request)
    request.denoising.latent = torch.full((1, dummy.CHANNELS, 16, 16), float("nan"))
    pipe.step(request)  # the host reads a step's number when the next one is asked for
    with pytest.raises(NonFiniteLatent, match="after step 2 of 4"):
        pipe.step(request)


def test_a_last_latent_that_is_not_finite_is_found_at_once(pipe: RealCustomPipeline) -> None:
    request = pipe.prepare(dummy.spec(), [dummy.reference()])
    for _ in range(3):
        pipe.step(request)
    request.denoising.latent = torch.full((1, dummy.CHANNELS, 16, 16), float("nan"))
    with pytest.raises(NonFiniteLatent, match="after step 4 of 4"):
        pipe.step(request)


def test_an_unfinished_request_is_no_picture_and_a_finished_one_has_no_step(pipe: RealCustomPipeline) -> None:
    request = pipe.prepare(dummy.spec(steps=1, mask=MaskDials(stop_step=1)), [dummy.reference()])
    with pytest.raises(ValueError, match="1 steps are left"):
        pipe.finish(request)
    pipe.step(request)
    with pytest.raises(ValueError, match="all 1 steps are done"):
        pipe.step(request)


@pytest.mark.parametrize(("scope", "warnings"), [(0.01, ["collapse"]), (0.9, ["leak"]), (0.3, [])])
def test_masks_too_wide_or_too_narrow_are_warned_about(
    pipe: RealCustomPipeline, scope: float, warnings: list[str]
) -> None:
    mask = MaskDials(scope=scope, binary=True, stop_step=2)
    assert pipe.draw(dummy.spec(mask=mask), [dummy.reference()]).warnings == warnings


def test_the_film_strip_shows_the_picture_and_where_it_was_touched(pipe: RealCustomPipeline) -> None:
    result = pipe.draw(dummy.spec(steps=12, mask=MaskDials(stop_step=6)), [dummy.reference()])
    strip = film_strip(result.image, result.masks, side=128)
    assert strip.size == (9 * 132 + 4, 128 + 22)
    assert np.array_equal(np.asarray(strip)[4:132, 4:132], np.asarray(result.image))
    frame = np.asarray(strip, dtype=int)[4:132, 136:264]
    assert np.abs(frame - np.asarray(result.image, dtype=int)).max() > 20


def test_without_a_scoring_module_all_tokens_get_in() -> None:
    pipe = dummy.pipeline(scoring=False)
    digests = {pipe.draw(dummy.spec(quantity=q), [dummy.reference()]).pixel_digest for q in (0.3, 1.0)}
    assert len(digests) == 1
