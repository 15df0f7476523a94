"""A long comparison in pieces: every cell is measured once, kept under its digest, and a later run goes on.

The cache is a file of JSON lines, one a cell, appended as soon as it is measured: figures, never pictures. A line cut
off by a crash is dropped, and its cell measured again. Several processes may fill one file: each looks, before a
batch, at what the others have added.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

Figures = dict[str, float]
Measure = Callable[[Sequence["Cell"]], Sequence[Figures]]
BATCH: Final = 16


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One picture of a comparison. model: digest of the base. settings: of the method, plain JSON types.

    individual and prompt name a trial; they and the seed are the same for every method, so that cells can be paired.
    """

    model: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    individual: str
    prompt: str
    seed: int

    def digest(self) -> str:
        """SHA-256 (hex) of all of it, whatever the order of the settings."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def alike(self) -> tuple[str, str, str]:
        """Cells with the same can be measured together."""
        return self.model, self.method, json.dumps(dict(self.settings), sort_keys=True)


class CellCache:
    """Figures by cell, on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Figures] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take in what other processes have measured."""
        if self.path.exists():
            with self._locked("r+b"):
                self._read()

    def __getitem__(self, cell: Cell) -> Figures:
        """KeyError for a cell that was not measured."""
        return self._known[cell.digest()]

    def __contains__(self, cell: Cell) -> bool:
        return cell.digest() in self._known

    def missing(self, cells: Sequence[Cell]) -> list[Cell]:
        """Those not measured yet, each once, in order."""
        each = {cell.digest(): cell for cell in cells}
        return [cell for digest, cell in each.items() if digest not in self._known]

    def add(self, measured: Sequence[tuple[Cell, Figures]]) -> None:
        """Keep them; on disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows = {cell.digest(): {"cell": asdict(cell), "figures": dict(figures)} for cell, figures in measured}
        lines = [json.dumps({"digest": digest} | row, sort_keys=True) + "\n" for digest, row in rows.items()]
        with self._locked("ab") as file:
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
        self._known |= {cell.digest(): dict(figures) for cell, figures in measured}

    @contextmanager
    def _locked(self, mode: str) -> Iterator[IO[bytes]]:
        """The file, to this process alone."""
        with self.path.open(mode) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _read(self) -> None:
        """A last line without its end is cut off the file, so that the next one starts afresh.

        Raises ValueError for a file that is something else.
        """
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        try:
            rows = [json.loads(line) for line in whole.splitlines()]
            self._known = {row["digest"]: row["figures"] for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} is no cache of cells ({error}): name another file") from error
        if len(whole) < len(data):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))


def fill(
    cells: Sequence[Cell],
    cache: CellCache,
    measure: Measure,
    *,
    minutes: float | None = None,
    advanced: Callable[[int], None] | None = None,
    batch: int = BATCH,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Measure what is missing, `batch` cells that are alike at a time, in the order given; how many are left.

    No batch is begun once `minutes` are over. advanced: told how many cells were just kept. Raises what `measure` does,
    with all earlier batches kept, and ValueError where it does not give one dict a cell.
    """
    left, started = cache.missing(cells), clock()
    for group in _batches(left, batch):
        if minutes is not None and clock() - started >= 60 * minutes:
            break
        cache.refresh()
        unmeasured = cache.missing(group)
        if unmeasured:
            cache.add(list(zip(unmeasured, measure(unmeasured), strict=True)))
        if advanced is not None:
            advanced(len(group))
    return len(cache.missing(left))


def _batches(cells: Sequence[Cell], size: int) -> list[list[Cell]]:
    """Of neighbours that are alike."""
    made = []
    for _, members in groupby(cells, key=lambda cell: cell.alike):
        group = list(members)
        made += [group[start : start + size] for start in range(0, len(group), size)]
    return made


def write_compact(path: Path, measured: Sequence[tuple[Cell, Figures]]) -> None:
    """To be committed: a JSON line for all cells that are alike, figures in columns with four decimals."""
    lines = []
    for _, members in groupby(sorted(measured, key=lambda pair: pair[0].alike), key=lambda pair: pair[0].alike):
        group = list(members)
        first, columns = group[0][0], sorted({name for _, found in group for name in found})
        rows = [[c.individual, c.prompt, c.seed, *(_rounded(found.get(n)) for n in columns)] for c, found in group]
        head = {"model": first.model, "method": first.method, "settings": dict(first.settings), "columns": columns}
        lines.append(json.dumps(head | {"rows": rows}, separators=(",", ":")) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")


def read_compact(path: Path) -> list[tuple[Cell, Figures]]:
    """What `write_compact` wrote."""
    measured = []
    for line in path.read_text(encoding="utf-8").splitlines():
        head = json.loads(line)
        known = {name: head[name] for name in ("model", "method", "settings")}
        for individual, prompt, seed, *values in head["rows"]:
            found = {name: value for name, value in zip(head["columns"], values, strict=True) if value is not None}
            measured.append((Cell(**known, individual=individual, prompt=prompt, seed=seed), found))
    return measured


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
