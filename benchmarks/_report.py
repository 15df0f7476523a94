"""How a benchmark is asked and how it answers: `./run bench NAME [--json]`, a table or one JSON object.

What does not hold is said, never a failure: a benchmark is read, not passed.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from json import dumps
from typing import Any

Result = dict[str, Any]
Table = Callable[[Result], None]


def gate(name: str, value: float, goal: float, *, most: bool = False) -> Result:
    """A figure beside its goal, which is the least it should be, or with `most` the greatest."""
    return {
        "name": name,
        "value": round(value, 4),
        "goal": f"{'<=' if most else '>='} {goal:g}",
        "holds": value <= goal if most else value >= goal,
    }


def print_gates(gates: list[Result]) -> None:
    """A line each."""
    width = max(len(row["name"]) for row in gates)
    for row in gates:
        print(f"{'ok ' if row['holds'] else 'NOT'}  {row['name']:<{width}}{row['value']:>12g}  (goal {row['goal']})")


def asking(doc: str | None) -> ArgumentParser:
    """Understands --json; a benchmark adds its own. `doc` is its module's."""
    parser = ArgumentParser(description=doc, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    return parser


def answer(result: Result, table: Table, *, json: bool) -> None:
    """Print it."""
    if json:
        print(dumps(result))
    else:
        table(result)


def run(measure: Callable[[], Result], table: Table, doc: str | None) -> None:
    """A benchmark that takes nothing but --json."""
    asked = asking(doc).parse_args()
    answer(measure(), table, json=asked.json)
