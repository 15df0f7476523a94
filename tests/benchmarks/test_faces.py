"""A few pictures of `./run bench faces`: what is counted adds up, and nothing is measured twice."""

from pathlib import Path

import pytest
from imprimatur.library import faces as detector

from benchmarks import faces
from benchmarks._notes import Notes
from generation.studio.samples import SAMPLES, sample_png


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(faces, "PEOPLE", 4)
    monkeypatch.setattr(faces, "THINGS", 2)
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "mika.png").write_bytes(sample_png(SAMPLES[5], size=300))
    monkeypatch.setattr(faces, "PHOTOGRAPHS", str(tmp_path / "photographs"))
    return tmp_path / "home"


def test_softening_adds_to_what_is_found_and_takes_nothing_away(home: Path) -> None:
    found = faces.measure()
    assert set(found["a face is found in photographs"]) == {"128 px", "256 px"}
    for table in (found["a face is found in people"], found["a face is found in things"]):
        for shares in table.values():
            for look, share in shares.items():
                assert 0 <= share <= 1
                if "or as it is" in look:
                    assert share >= max(shares["as it is"], shares[look.removesuffix(", or as it is")])


def test_what_was_measured_is_not_measured_again(home: Path) -> None:
    first = list(Notes("some", [faces]).each(range(2), lambda number: {"found": number}))
    assert list(Notes("some", [faces]).each(range(2), lambda _number: pytest.fail("again"))) == first
    assert not Notes("some", [detector]).rows
