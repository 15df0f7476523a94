"""Does the mark in our pixels hide faces from the detector, and what does softening bring back? `./run bench faces`.

Drawn people and things, half of them before a wall as references are, half in a scene as pictures are, each as it is
drawn and as it leaves a worker: enlarged and marked. What `library.faces` finds is counted for the picture as it is,
softened by several amounts, and either. A face found in a thing is a false alarm: somebody is asked to explain it.
BENCH_PHOTOGRAPHS names a folder of photographs of faces; each is looked at in several sizes, bare and marked.

What was measured is kept in IMPRIMATUR_HOME/bench (or var/bench) until what marks or detects changes.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from imprimatur.library import faces
from PIL import Image, ImageFilter

from benchmarks._notes import Notes
from benchmarks._report import Result, gate, print_gates, run
from generation.studio import vocabulary
from generation.studio.world.individual import draw_individual
from generation.studio.world.layout import draw_layout, draw_scene
from generation.studio.world.render import paint_picture, paint_reference
from governance import finishing, watermark
from governance.finishing import enlarged, finish

KEY: Final = b"the benchmark's key, not a secret"
PEOPLE: Final = int(os.environ.get("BENCH_PEOPLE", "500"))
THINGS: Final = int(os.environ.get("BENCH_THINGS", "1000"))
PHOTOGRAPHS: Final = os.environ.get("BENCH_PHOTOGRAPHS", "")
PIXELS: Final = (1.5, 2.0)  # of softening, in a picture of 512
SIDES: Final = (128, 256, 512, 1024)  # of photographs
SHARE: Final = {"as it is": 0.0} | {f"softened by {pixels:g} px": pixels / 512 for pixels in PIXELS}
Seen = dict[str, dict[str, bool]]


def drawn(number: int, kinds: tuple[str, ...]) -> Image.Image:
    """Of one of the kinds: an even number before a wall, an odd one in a scene."""
    rng = random.Random(number)  # noqa: S311 - a drawing, not a secret
    individual = draw_individual(rng, kinds=kinds)
    if number % 2 == 0:
        return Image.fromarray(paint_reference(rng, individual))
    scene = draw_scene(rng, individual.kind)
    return Image.fromarray(paint_picture(rng, individual, scene, draw_layout(rng, individual.kind)).picture)


def seen(picture: Image.Image, name: str) -> Seen:
    """In the picture and in what a worker makes of it: whether a face is found in each look."""
    finished = finish(picture, name, KEY).image
    return {"bare": _found(enlarged(picture)), "marked": _found(finished)}


def _found(picture: Image.Image) -> dict[str, bool]:
    grey = faces.look(picture)
    return {name: bool(faces.found(_softened(grey, share))) for name, share in SHARE.items()}


def _softened(grey: Image.Image, share: float) -> Image.Image:
    """By a Gaussian whose deviation is that share of the short side; none for 0."""
    return grey.filter(ImageFilter.GaussianBlur(share * min(grey.size))) if share else grey


def _drawn_and_seen(number: int, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {"seen": seen(drawn(number, kinds), f"gen_{number}")}


def photographs(folder: str) -> Iterator[tuple[str, Seen]]:
    """Size and what is seen, for each photograph in each size that it reaches."""
    for number, path in enumerate(sorted(Path(folder).iterdir() if folder else ())):
        whole = Image.open(path).convert("RGB")
        for side in SIDES:
            if min(whole.size) >= side:
                small = whole.copy()
                small.thumbnail((side, side), Image.Resampling.LANCZOS)
                yield f"{side} px", seen(small, f"gen_{number}")


def _shares(rows: list[Seen]) -> dict[str, dict[str, float]]:
    """In which share a face is found: as it is, softened, and in either of the two."""
    found = {}
    for kind in ("bare", "marked"):
        each = {name: _share([row[kind][name] for row in rows]) for name in SHARE}
        either = {
            f"{name}, or as it is": _share([row[kind][name] or row[kind]["as it is"] for row in rows])
            for name, share in SHARE.items()
            if share
        }
        found[kind] = each | either
    return found


def _share(found: list[bool]) -> float:
    return sum(found) / max(len(found), 1)


def measure() -> Result:
    """Everything as one JSON-ready object."""
    things = tuple(kind for kind in vocabulary.tokens(vocabulary.KINDS) if kind != "person")
    of = (faces, finishing, watermark)
    people = Notes("faces-people", of).each(range(PEOPLE), partial(_drawn_and_seen, kinds=("person",)))
    others = Notes("faces-things", of).each(range(THINGS), partial(_drawn_and_seen, kinds=things))
    real: dict[str, list[Seen]] = {}
    for size, row in photographs(PHOTOGRAPHS):
        real.setdefault(size, []).append(row)
    in_people, in_things = (_shares([row["seen"] for row in rows]) for rows in (people, others))
    used = "as it is"
    return {
        "benchmark": "faces",
        "people": PEOPLE,
        "things": THINGS,
        "a face is found in people": in_people,
        "a face is found in things": in_things,
        "a face is found in photographs": {size: _shares(rows) | {"of": len(rows)} for size, rows in real.items()},
        "gates": [
            gate("a face is found in marked people", in_people["marked"][used], 0.8),
            gate("false alarms in marked things", in_things["marked"][used], 0.01, most=True),
        ],
    }


def print_table(found: Result) -> None:
    """The gates, then a line for each look."""
    print_gates(found.pop("gates"))
    tables = {name: value for name, value in found.items() if name.startswith("a face")}
    print(f"\n{found['people']} drawn people, {found['things']} drawn things")
    for name, table in (*list(tables.items())[:2], *tables["a face is found in photographs"].items()):
        print(f"\n{name}" + (f" ({table['of']})" if "of" in table else ""))
        for look in table["bare"]:
            print(f"  {look:<32}bare {100 * table['bare'][look]:6.1f} %  marked {100 * table['marked'][look]:6.1f} %")


if __name__ == "__main__":
    run(measure, print_table, __doc__)
