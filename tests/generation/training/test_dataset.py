"""Which records of a folder can be learnt from? Bad ones are named, left out, and fatal only where all are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from generation.training.dataset import UnusableData, inspect_folder
from tests.generation.training import tiny


def test_captions_beside_pictures_are_read(tmp_path: Path) -> None:
    found = inspect_folder(tiny.write_pairs(tmp_path, 3), 64)
    assert [r.picture.name for r in found.records] == ["000.png", "001.png", "002.png"]
    assert found.records[0].caption == (tmp_path / "000.txt").read_text()
    assert found.rejected == ()


def test_metadata_wins_and_names_word_and_reference(tmp_path: Path) -> None:
    tiny.write_pairs(tmp_path, 2)
    entry = {"file_name": "000.png", "text": "a  red mug", "word": "mug", "reference": "001.png"}
    tiny.write_metadata(tmp_path, [entry, {"file_name": "001.png", "caption": "a blue mug"}])
    first, second = inspect_folder(tmp_path, 64).records
    assert (first.caption, first.word, first.reference) == ("a red mug", "mug", tmp_path / "001.png")
    assert (second.caption, second.word, second.reference) == ("a blue mug", "", None)


def bomb(path: Path) -> None:
    """A PNG header of 20,000 x 20,000 pixels and next to nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


def test_every_bad_record_is_left_out_with_its_reason(tmp_path: Path) -> None:
    tiny.write_pairs(tmp_path / "in", 2)
    folder = tmp_path / "in"
    (folder / "nonsense.jpg").write_bytes(b"no picture")
    whole = (folder / "000.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (20, 200)).save(folder / "thin.png")
    Image.new("RGB", (90, 90)).save(tmp_path / "secret.png")
    bomb(folder / "bomb.png")
    entries = [{"file_name": name, "text": "a mug"} for name in ("nonsense.jpg", "cut.png", "thin.png", "bomb.png")]
    entries += [
        {"file_name": "gone.png", "text": "a mug"},
        {"file_name": "../secret.png", "text": "a mug"},
        {"file_name": "000.png", "text": " "},
        {"file_name": "000.png", "text": "mug " * 900},
        {"file_name": "000.png", "text": "a mug", "word": "car"},
        {"text": "a mug"},
        {"file_name": "001.png", "text": "a good mug"},
    ]
    tiny.write_metadata(folder, entries)
    with (folder / "metadata.jsonl").open("a") as lines:
        lines.write("\n{not json\n")
    found = inspect_folder(folder, 64)
    assert [r.caption for r in found.records] == ["a good mug"]
    assert [r.code for r in found.rejected] == [
        "unreadable", "unreadable", "small", "bomb", "missing", "outside", "no_caption", "long_caption", "word",
        "metadata", "metadata",
    ]  # fmt: skip
    assert found.reasons()["unreadable"] == 2
    assert "20 x 200" in found.rejected[2].reason
    assert "choose one of its words: a, mug" in found.rejected[8].reason
    assert found.rejected[-1].name == "metadata.jsonl:12"


def test_a_picture_without_caption_is_named(tmp_path: Path) -> None:
    tiny.write_pairs(tmp_path, 2)
    (tmp_path / "001.txt").unlink()
    (rejected,) = inspect_folder(tmp_path, 64).rejected
    assert (rejected.name, rejected.code) == ("001.png", "no_caption")


@pytest.mark.parametrize(("count", "side", "sentence"), [(0, 64, "has no pictures"), (2, 500, "2 small")])
def test_a_folder_without_one_good_record_is_refused(tmp_path: Path, count: int, side: int, sentence: str) -> None:
    with pytest.raises(UnusableData, match=sentence):
        inspect_folder(tiny.write_pairs(tmp_path, count), side)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableData, match="nowhere is no folder"):
        inspect_folder(tmp_path / "nowhere", 64)


def test_a_veto_leaves_a_picture_out(tmp_path: Path) -> None:
    folder = tiny.write_pairs(tmp_path, 3)
    found = inspect_folder(folder, 64, veto=lambda path: "it says no" if path.name == "001.png" else "")
    assert [r.picture.name for r in found.records] == ["000.png", "002.png"]
    assert [(r.code, r.reason) for r in found.rejected] == [("forbidden", "it says no")]


def test_the_digest_changes_with_a_caption(tmp_path: Path) -> None:
    folder = tiny.write_pairs(tmp_path, 2)
    before = inspect_folder(folder, 64).digest()
    assert inspect_folder(folder, 64).digest() == before
    (folder / "000.txt").write_text("another caption")
    assert inspect_folder(folder, 64).digest() != before
