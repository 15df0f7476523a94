"""The drawn world: one seed, one picture; nobody trains on the held-out."""

import random
import subprocess
import sys

import numpy as np
import pytest

from generation.studio import samples, vocabulary
from generation.studio.world import brush
from generation.studio.world.accessories import ACCESSORY_PAINTERS
from generation.studio.world.captions import caption_for, plain_caption_for
from generation.studio.world.figure import KIND_SHAPES
from generation.studio.world.individual import COLOUR_RGB, Individual, draw_individual
from generation.studio.world.layout import PLAIN, Layout, held_out_pairs
from generation.studio.world.render import draw_picture, paint_picture, paint_reference
from generation.studio.world.scenes import SCENE_PAINTERS

KINDS = vocabulary.tokens(vocabulary.KINDS)
SCENES = vocabulary.tokens(vocabulary.SCENES)
PLAIN_BOTTLE = Individual("bottle", (0.5, 0.5, 0.5), "red", "white", "plain", "none")


def _striped(pattern: str) -> Individual:
    return Individual("bag", (0.5, 0.5, 0.5), "red", "white", pattern, "none")


def test_every_word_of_the_vocabulary_can_be_drawn():
    assert set(KINDS) == set(KIND_SHAPES)
    assert set(SCENES) == set(SCENE_PAINTERS) == set(vocabulary.SCENE_PHRASES)
    assert len(KINDS) >= 16 and len(SCENES) >= 16
    assert set(vocabulary.tokens(vocabulary.COLOURS)) == set(COLOUR_RGB)
    assert {"plain", *brush.PATTERN_PAINTERS} == set(vocabulary.tokens(vocabulary.PATTERNS))
    assert set(ACCESSORY_PAINTERS) == set(vocabulary.ACCESSORY_PHRASES)
    assert {"none", *ACCESSORY_PAINTERS} == set(vocabulary.tokens(vocabulary.ACCESSORIES))
    assert {"none", *brush.EMBLEM_SHAPES} == set(vocabulary.tokens(vocabulary.EMBLEMS))


def test_the_same_seed_draws_the_same_picture_in_another_process():
    code = (
        "import hashlib; from generation.studio.world.render import draw_picture as d;"
        "print(hashlib.sha256(b''.join(d(s).picture.tobytes() for s in range(8))).hexdigest())"
    )
    first, second = (subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout
    assert not np.array_equal(draw_picture(1).picture, draw_picture(2).picture)


def test_no_training_seed_draws_a_held_out_individual():
    assert not any(draw_picture(seed).individual.held_out for seed in range(150))
    assert all(draw_picture(seed, held_out=True).individual.held_out for seed in range(50))


def test_about_a_tenth_of_all_individuals_is_held_out():
    rng = random.Random(3)
    drawn = [Individual("mug", (round(rng.random(), 2),) * 3, "red", "blue", "plain", "none") for _ in range(1000)]
    assert 0.02 < np.mean([individual.held_out for individual in drawn]) < 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_fills_the_picture_without_leaving_it(kind):
    rng = random.Random(kind)
    for _ in range(12):
        drawing = paint_picture(rng, draw_individual(rng, kinds=(kind,)), "studio", PLAIN, mask=True)
        rows, columns = np.nonzero(drawing.mask > 127)
        assert max(np.ptp(rows), np.ptp(columns)) > 0.5 * 128
        assert rows.min() > 0 and columns.min() > 0 and rows.max() < 127 and columns.max() < 127


def test_the_mask_is_where_the_product_is():
    plain = paint_picture(random.Random(1), PLAIN_BOTTLE, "night", PLAIN, mask=True)
    inside = plain.picture[plain.mask == 255].mean(0)
    outside = plain.picture[plain.mask == 0].mean(0)
    assert inside[0] > 150 > outside[0]


def test_scenes_can_be_told_apart_by_their_colours_alone():
    means = {s: paint_picture(random.Random(1), PLAIN_BOTTLE, s, PLAIN, size=16).picture.astype(int) for s in SCENES}
    for one in SCENES:
        assert all(np.abs(means[one] - means[other]).mean() > 5 for other in SCENES if other != one)


@pytest.mark.parametrize("pattern", list(brush.PATTERN_PAINTERS))
def test_a_pattern_changes_the_product(pattern):
    plain, patterned = (paint_reference(random.Random(1), _striped(p)).astype(int) for p in ("plain", pattern))
    assert np.abs(plain - patterned).mean() > 5


def test_a_reference_shows_the_main_colour_on_a_quiet_wall():
    picture = paint_reference(random.Random(2), PLAIN_BOTTLE)
    corner = picture[:12, :12].reshape(-1, 3)
    assert np.ptp(corner, axis=0).max() == 0
    distance = np.abs(picture.astype(int) - COLOUR_RGB["red"]).sum(-1)
    assert (distance < 60).mean() > 0.08


def test_captions_name_the_kind_and_plain_captions_nothing_of_the_looks():
    rng = random.Random(5)
    individual = Individual("mug", (0.1, 0.2, 0.3), "purple", "yellow", "striped", "star")
    captions = [caption_for(rng, individual, "beach", PLAIN) for _ in range(300)]
    assert all("mug" in caption for caption in captions)
    assert 0.6 < np.mean(["striped mug" in caption for caption in captions]) < 0.9
    assert any("a purple and yellow striped mug with a star on the beach" in caption for caption in captions)
    plain = [plain_caption_for(rng, individual, "beach", PLAIN) for _ in range(100)]
    assert not any(word in caption for caption in plain for word in ("purple", "yellow", "striped", "star"))


def test_captions_tell_side_size_and_accessory_whenever_there_is_one():
    rng = random.Random(6)
    individual = Individual("mug", (0.1, 0.2, 0.3), "purple", "yellow", "plain", "none")
    for caption_of in (caption_for, plain_caption_for):
        told = [caption_of(rng, individual, "beach", Layout("left", "small", "books")) for _ in range(50)]
        assert all("small" in t and "beside a stack of books" in t and ", on the left" in t for t in told)
        untold = [caption_of(rng, individual, "beach", PLAIN) for _ in range(50)]
        assert not any(
            word in t for t in untold for word in ("on the left", "on the right", "small", "large", "beside")
        )


def _middle(mask):
    return np.nonzero(mask > 127)[1].mean() / 128


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_stands_on_the_side_it_is_said_to(kind):
    rng = random.Random(kind)
    for _ in range(4):
        individual = draw_individual(rng, kinds=(kind,))
        masks = [paint_picture(rng, individual, "snow", Layout(p), mask=True).mask for p in ("left", "centre", "right")]
        left, centre, right = (_middle(mask) for mask in masks)
        assert left < 0.38 and left + 0.03 < centre < right - 0.03 and right > 0.62


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_as_large_as_it_is_said_to_be_and_never_tiny(kind):
    rng = random.Random(kind)
    individual = draw_individual(rng, kinds=(kind,))
    layouts = [Layout(size=size) for size in ("small", "medium", "large")]
    masks = [paint_picture(rng, individual, "snow", layout, mask=True).mask for layout in layouts]
    small, medium, large = (np.sqrt((mask > 127).sum()) for mask in masks)
    assert small * 1.2 < medium and medium * 1.1 < large
    assert max(np.ptp(axis) for axis in np.nonzero(masks[0] > 127)) >= 0.39 * 128


@pytest.mark.parametrize("accessory", list(vocabulary.ACCESSORY_PHRASES))
def test_an_accessory_is_seen_and_the_mask_stays_the_subjects(accessory):
    layouts = Layout(accessory=accessory), PLAIN
    drawn, bare = (paint_picture(random.Random(3), PLAIN_BOTTLE, "studio", lay, mask=True) for lay in layouts)
    outside = (drawn.mask == 0) & (bare.mask == 0)
    changed = (np.abs(drawn.picture.astype(int) - bare.picture).sum(-1) > 60) & outside
    rows, columns = np.nonzero(changed)
    assert max(np.ptp(rows), np.ptp(columns)) >= 18
    assert 0.9 < (drawn.mask > 127).sum() / (bare.mask > 127).sum() < 1.2


def test_no_training_picture_shows_a_held_out_pair_and_judges_see_them_all():
    pairs = set(held_out_pairs())
    assert len(pairs) >= 20
    drawings = [draw_picture(seed, size=8) for seed in range(1500)]
    shown = {(d.individual.kind, word) for d in drawings for word in (d.scene, d.layout.accessory)}
    assert not pairs & shown
    judged = [draw_picture(seed, size=8, every_pair=True) for seed in range(1500)]
    assert pairs & {(d.individual.kind, word) for d in judged for word in (d.scene, d.layout.accessory)}


def test_pictures_have_about_the_share_of_accessories_and_sides_they_should():
    layouts = [draw_picture(seed, size=8).layout for seed in range(1500)]
    assert 0.35 < np.mean([layout.accessory != "none" for layout in layouts]) < 0.45
    assert 0.3 < np.mean([layout.position != "centre" for layout in layouts]) < 0.4


def test_samples_are_png_of_512_pixels_and_of_known_kinds():
    taught = set(vocabulary.tokens(vocabulary.KINDS))
    assert {sample.individual.kind for sample in samples.SAMPLES} <= taught
    png = samples.sample_png(samples.SAMPLES[0])
    assert png.startswith(b"\x89PNG") and png == samples.sample_png(samples.SAMPLES[0])
    assert int.from_bytes(png[16:20], "big") == int.from_bytes(png[20:24], "big") == 512


def test_the_vocabulary_needs_neither_torch_nor_skia():
    code = "import sys, generation.studio.vocabulary; assert not {'torch', 'skia', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
