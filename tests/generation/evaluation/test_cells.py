"""Is every cell measured once, whatever interrupts the run?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from generation.evaluation.cells import Cell, CellCache, Figures, fill, read_compact, write_compact


def cells(count: int, method: str = "ours", **settings: float) -> list[Cell]:
    return [
        Cell(model="w", method=method, settings=settings, individual=f"mug-{i}", prompt="a mug", seed=i)
        for i in range(count)
    ]


class Measured:
    """Remembers what it was asked; stops with an error after `limit` batches."""

    def __init__(self, limit: int = 99) -> None:
        self.batches: list[list[Cell]] = []
        self.limit = limit

    def __call__(self, group: Sequence[Cell]) -> list[Figures]:
        if len(self.batches) == self.limit:
            raise KeyboardInterrupt
        self.batches.append(list(group))
        return [{"similarity": cell.seed / 10} for cell in group]


def test_a_run_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    wanted, path = cells(10), tmp_path / "deep" / "cells.jsonl"
    with pytest.raises(KeyboardInterrupt):
        fill(wanted, CellCache(path), Measured(limit=2), batch=3)
    rest = Measured()
    cache = CellCache(path)
    assert len(cache.missing(wanted)) == 4
    assert fill(wanted, cache, rest, batch=3) == 0
    assert [cell.seed for group in rest.batches for cell in group] == [6, 7, 8, 9]
    again = Measured()
    assert fill(wanted, CellCache(path), again) == 0
    assert again.batches == []
    assert CellCache(path)[wanted[7]] == {"similarity": 0.7}


def test_a_line_cut_off_is_measured_again_and_the_file_stays_readable(tmp_path: Path) -> None:
    wanted, path = cells(3), tmp_path / "cells.jsonl"
    fill(wanted, CellCache(path), Measured())
    path.write_bytes(path.read_bytes()[:-20])
    rest = Measured()
    fill(wanted, CellCache(path), rest)
    assert [cell.seed for group in rest.batches for cell in group] == [2]
    assert CellCache(path).missing(wanted) == []


def test_no_batch_begins_after_the_time(tmp_path: Path) -> None:
    times = iter([0.0, 0.0, 59.0, 60.0])
    told: list[int] = []
    left = fill(
        cells(9),
        CellCache(tmp_path / "c"),
        Measured(),
        minutes=1,
        batch=2,
        clock=lambda: next(times),
        advanced=told.append,
    )
    assert (left, told) == (5, [2, 2])


def test_batches_hold_neighbours_that_are_alike_in_the_order_given(tmp_path: Path) -> None:
    measured = Measured()
    wanted = [*cells(3, scope=0.4), *cells(2, "plain"), *cells(2)]
    fill(wanted, CellCache(tmp_path / "c"), measured, batch=2)
    assert [len(group) for group in measured.batches] == [2, 1, 2, 2]
    assert [cell for group in measured.batches for cell in group] == wanted


def test_two_processes_do_not_measure_the_same(tmp_path: Path) -> None:
    wanted, path = cells(6), tmp_path / "cells.jsonl"
    other, mine = CellCache(path), Measured()

    def while_another_works(group: Sequence[Cell]) -> list[Figures]:
        other.add([(cell, {"similarity": 0.5}) for cell in wanted[2:5]])
        return mine(group)

    cache = CellCache(path)
    assert fill(wanted, cache, while_another_works, batch=2) == 0
    assert [cell.seed for group in mine.batches for cell in group] == [0, 1, 5]
    assert CellCache(path)[wanted[3]] == {"similarity": 0.5}


def test_the_digest_knows_all_but_the_order_of_settings() -> None:
    one = Cell(model="w", method="m", settings={"a": 1, "b": 2}, individual="i", prompt="p", seed=1)
    same = Cell(model="w", method="m", settings={"b": 2, "a": 1}, individual="i", prompt="p", seed=1)
    others = [
        Cell(model=model, method="m", settings=settings, individual="i", prompt="p", seed=seed)
        for model, settings, seed in (
            ("v", {"a": 1, "b": 2}, 1),
            ("w", {"a": 1, "b": 3}, 1),
            ("w", {"a": 1, "b": 2}, 2),
        )
    ]
    assert one.digest() == same.digest()
    assert len({one.digest(), *(cell.digest() for cell in others)}) == 4


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine\n")
    with pytest.raises(ValueError, match="is no cache of cells"):
        CellCache(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine\n"


def test_what_is_committed_says_the_same(tmp_path: Path) -> None:
    mixed = [*cells(2, scope=0.4), *cells(2, "plain"), *cells(1)]
    figures = [{"similarity": 0.12345678, "leak": 0.0}, {"similarity": 1.0}, {"variety": 0.5}, {}, {"leak": 0.25}]
    path = tmp_path / "data" / "cells.jsonl"
    write_compact(path, list(zip(mixed, figures, strict=True)))
    found = {cell.digest(): values for cell, values in read_compact(path)}
    assert len(path.read_text().splitlines()) == 3
    assert found[mixed[0].digest()] == {"similarity": 0.1235, "leak": 0.0}
    assert [found[cell.digest()] for cell in mixed[1:]] == figures[1:]
