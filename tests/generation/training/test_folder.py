"""Are pairs shuffled, cropped and repeated as their number says, whoever prepares them?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from generation.training.dataset import Record, inspect_folder
from generation.training.feed import Feed
from generation.training.folder import FolderPairs, cut_of, filled
from generation.training.pairs import Pair, pictures_of, size_ids
from tests.generation.training import tiny


def source(folder: Path, seed: int = 0, cut: float = 0.5) -> FolderPairs:
    return FolderPairs(inspect_folder(folder, 64).records, 64, 64, seed=seed, cut=cut)


def test_every_epoch_holds_every_record_once_in_another_order(tmp_path: Path) -> None:
    pairs = source(tiny.write_pairs(tmp_path, 6))
    epochs = [[pairs.pair(epoch * 6 + place).caption for place in range(6)] for epoch in range(3)]
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def same(a: Pair, b: Pair) -> bool:
    pictures = a.picture.tobytes() == b.picture.tobytes() and a.reference.tobytes() == b.reference.tobytes()
    return pictures and (a.caption, a.corner) == (b.caption, b.corner)


def test_a_number_always_gives_the_same_pair_in_any_order(tmp_path: Path) -> None:
    folder = tiny.write_pairs(tmp_path, 5)
    forwards, backwards = source(folder), source(folder)
    ahead = [forwards.pair(number) for number in range(12)]
    back = [backwards.pair(number) for number in reversed(range(12))][::-1]
    assert all(same(a, b) for a, b in zip(ahead, back, strict=True))
    assert not all(same(a, source(folder, seed=1).pair(number)) for number, a in enumerate(ahead))


def test_worker_processes_prepare_the_very_same_pairs(tmp_path: Path) -> None:
    pairs = source(tiny.write_pairs(tmp_path, 5))
    alone, helped = Feed(pairs, 2), Feed(pairs, 2, workers=1)
    for micro in (3, 4, 1):  # onwards, then back as after a resume
        for a, b in zip(alone.pairs(micro), helped.pairs(micro), strict=True):
            assert same(a, b)


def test_processes_share_the_rows_of_a_step() -> None:
    feeds = [Feed(None, 3, rank=rank, processes=2) for rank in (0, 1)]  # type: ignore[arg-type]
    rows = [row for micro in range(4) for feed in feeds for row in feed.rows(micro)]
    assert rows == list(range(24))


def test_the_picture_fills_the_models_size_without_distortion() -> None:
    wide = Image.fromarray(np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (100, 1, 3)))
    picture, (top, left) = filled(wide, (64, 64), (0.5, 0.5))
    assert picture.size == (64, 64)
    assert (top, left) == (0, 32)
    columns = np.asarray(picture)[:, :, 0].astype(float)
    assert abs(columns[32, 32] - 100) < 3
    assert abs((columns[0, 63] - columns[0, 0]) - 200 * 63 / 128) < 5


def test_original_size_and_corner_are_told_as_sdxl_reads_them(tmp_path: Path) -> None:
    Image.new("RGB", (300, 150), "red").save(tmp_path / "wide.png")
    pairs = FolderPairs((Record(tmp_path / "wide.png", "a wall"),), 64, 64, seed=3)
    pair = pairs.pair(0)
    ids = size_ids([pair])[0].tolist()
    assert ids[:2] == [150, 300]
    assert ids[2] == 0
    assert 0 <= ids[3] <= 64
    assert ids[4:] == [64, 64]


def test_references_are_the_picture_its_cuts_or_what_the_record_names(tmp_path: Path) -> None:
    folder = tiny.write_pairs(tmp_path, 1)
    whole, cut = source(folder, cut=0.0).pair(0), source(folder, cut=1.0).pair(0)
    original = Image.open(folder / "000.png").convert("RGB")
    assert whole.reference.tobytes() == original.tobytes()
    assert cut.reference.width * cut.reference.height < 128 * 128
    other = Image.new("RGB", (70, 70), "blue")
    other.save(folder / "other.png")
    named = FolderPairs((Record(folder / "000.png", "a mug", "", folder / "other.png"),), 64, 64, seed=0)
    assert named.pair(0).reference.tobytes() == other.tobytes()


def test_half_of_the_cuts_are_mirrored() -> None:
    image = Image.fromarray(np.tile(np.arange(100, dtype=np.uint8)[None, :, None], (100, 1, 3)))
    straight = np.asarray(cut_of(image, [0.2, 0.5, 0.5, 0.9]))
    mirrored = np.asarray(cut_of(image, [0.2, 0.5, 0.5, 0.1]))
    assert np.array_equal(straight[:, ::-1], mirrored)
    assert straight[0, -1, 0] > straight[0, 0, 0]


def test_pictures_become_values_between_minus_one_and_one() -> None:
    pair = Pair(Image.new("RGB", (8, 4), (0, 255, 255)), "", Image.new("RGB", (8, 4)))
    pixels = pictures_of([pair])
    assert pixels.shape == (1, 3, 4, 8)
    assert (pixels[0, :, 0, 0].tolist()) == [-1, 1, 1]
