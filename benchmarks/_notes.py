"""What was measured so far is kept in IMPRIMATUR_HOME/bench (or var/bench), so that an interrupted run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any


class Notes:
    """One JSON line for each measured picture. of: the code that the figures are of; notes of an older one are not
    this one's."""

    def __init__(self, name: str, of: Sequence[ModuleType]) -> None:
        folder = Path(os.environ.get("IMPRIMATUR_HOME") or Path(__file__).resolve().parents[1] / "var") / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        code = sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in of)).hexdigest()[:12]
        self.path = folder / f"{name}-{code}.jsonl"
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.rows: dict[int, dict[str, Any]] = {row["number"]: row for row in map(json.loads, lines)}

    def each(self, numbers: range, measure: Callable[[int], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows of those numbers; what is missing is measured and written down."""
        with self.path.open("a") as file:
            for number in numbers:
                if number not in self.rows:
                    self.rows[number] = {"number": number} | measure(number)
                    file.write(json.dumps(self.rows[number]) + "\n")
                    file.flush()
                yield self.rows[number]
