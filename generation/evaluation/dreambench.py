"""A benchmark of subjects: a folder in DreamBench's layout (Ruiz et al. 2023, arXiv:2208.12242). No torch.

    FOLDER/prompts_and_classes.txt      as published, or prompts.json
    FOLDER/dataset/SUBJECT/*.jpg        one folder a subject (FOLDER/SUBJECT/ is found too); jpg, jpeg, png or webp

A subject's first picture by name is its reference; what is drawn is compared with all of them. Every picture is looked
at before the first one is drawn: drawing takes hours.
prompts.json: {"SUBJECT": {"class": "backpack", "prompts": ["a {} in the snow", ...]}, ...}, where {} is the class: the
real word that is narrowed to the subject.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps

PUBLISHED_PROMPTS: Final = "prompts_and_classes.txt"
OWN_PROMPTS: Final = "prompts.json"
TEXT: Final = "utf-8-sig"  # some editors begin a file with a mark of its encoding
PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
LIVE: Final = frozenset({"cat", "dog"})  # classes that the published file keeps prompts of their own for
CLASSES_HEAD: Final = "subject_name,class"
TEMPLATE: Final = re.compile(r"""^\s*(['"])(?P<text>.+)\1\.format\(unique_token, class_token\)""")


class UnusableBenchmark(ValueError):
    """The folder is no benchmark; the message names the file and what it should hold."""


@dataclass(frozen=True, kw_only=True)
class BenchSubject:
    """word: its class, which stands in every one of `prompts`. pictures: in order of their names, the first is the
    reference."""

    name: str
    word: str
    prompts: tuple[str, ...]
    pictures: tuple[Path, ...]


@dataclass(frozen=True)
class Row:
    """A line of results: means over pictures, None where a figure is not known; steps: of test-time optimisation."""

    method: str
    clip_t: float | None
    image_reward: float | None
    clip_i: float | None
    dino_i: float | None
    steps: int


SOURCE: Final = "RealCustom (Huang et al., CVPR 2024, arXiv:2403.00483), table 1: 50 subjects, a single reference"
PUBLISHED: Final = (
    Row("Textual Inversion", 0.2546, -0.9168, 0.7603, 0.5956, 5000),
    Row("DreamBooth", 0.2783, 0.2393, 0.8466, 0.7851, 800),
    Row("Custom Diffusion", 0.2884, 0.2558, 0.8257, 0.7093, 500),
    Row("ELITE", 0.2920, 0.2690, 0.8022, 0.6489, 0),
    Row("BLIP-Diffusion", 0.2967, 0.2172, 0.8145, 0.6486, 0),
    Row("RealCustom", 0.3204, 0.8703, 0.8552, 0.7865, 0),
)


def read_benchmark(folder: Path) -> list[BenchSubject]:
    """Its subjects by name. Raises UnusableBenchmark."""
    own, published = folder / OWN_PROMPTS, folder / PUBLISHED_PROMPTS
    if not folder.is_dir():
        raise UnusableBenchmark(f"{folder} is no folder")
    if own.is_file():
        asked = _own(own)
    elif published.is_file():
        asked = _published(published)
    else:
        raise UnusableBenchmark(f"{folder} holds neither {PUBLISHED_PROMPTS} nor {OWN_PROMPTS}: it needs one of them")
    pictures = folder / "dataset" if (folder / "dataset").is_dir() else folder
    return [
        BenchSubject(name=name, word=word, prompts=prompts, pictures=_pictures(pictures / name))
        for name, (word, prompts) in sorted(asked.items())
    ]


Asked = dict[str, tuple[str, tuple[str, ...]]]  # subject -> class, prompts


def _own(path: Path) -> Asked:
    try:
        told = json.loads(path.read_text(encoding=TEXT))
        return {name: _asked(name, str(entry["class"]), entry["prompts"]) for name, entry in told.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UnusableBenchmark):
            raise
        raise UnusableBenchmark(
            f'{path} should be {{"SUBJECT": {{"class": ..., "prompts": [...]}}}}: {type(error).__name__} {error}'
        ) from error


def _asked(name: str, word: str, prompts: Sequence[Any]) -> tuple[str, tuple[str, ...]]:
    filled = tuple(str(prompt).replace("{}", word) for prompt in prompts)
    if not filled or not word.strip():
        raise UnusableBenchmark(f"{OWN_PROMPTS}: “{name}” needs a class and at least one prompt")
    for prompt in filled:
        if not re.search(rf"\b{re.escape(word)}\b", prompt):
            raise UnusableBenchmark(f"{OWN_PROMPTS}: “{prompt}” of “{name}” does not name its class “{word}”")
    return word, filled


def _published(path: Path) -> Asked:
    try:
        lines = path.read_text(encoding=TEXT).splitlines()
    except UnicodeDecodeError as error:
        raise UnusableBenchmark(f"{path} is no UTF-8 text: save it as UTF-8") from error
    classes, templates = _classes(lines), _templates(lines)
    if not classes or not all(templates.values()):
        raise UnusableBenchmark(
            f"{path} should hold “{CLASSES_HEAD}” with a line a subject, then object and live subject prompts"
        )
    return {name: (word, _filled(templates, word)) for name, word in classes.items()}


def _classes(lines: Sequence[str]) -> dict[str, str]:
    """The lines below the head, up to one that is no pair."""
    found: dict[str, str] = {}
    stripped = [line.strip() for line in lines]
    for line in stripped[stripped.index(CLASSES_HEAD) + 1 :] if CLASSES_HEAD in stripped else []:
        name, comma, word = line.partition(",")
        if not comma:
            break
        found[name.strip()] = word.strip()
    return found


def _templates(lines: Sequence[str]) -> Mapping[str, list[str]]:
    """Of objects and of live subjects: {0} is a pseudo-word, which this method has none of, {1} the class."""
    found: dict[str, list[str]] = {"object": [], "live": []}
    kind = "object"
    for line in lines:
        if line.strip().lower().startswith(("object prompts", "live subject prompts")):
            kind = line.strip().lower().split()[0]
        if template := TEMPLATE.match(line):
            found[kind].append(template["text"].replace("{0} ", ""))
    return found


def _filled(templates: Mapping[str, list[str]], word: str) -> tuple[str, ...]:
    return tuple(text.replace("{1}", word) for text in templates["live" if word in LIVE else "object"])


def _pictures(folder: Path) -> tuple[Path, ...]:
    named = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [path for path in named if path.suffix.lower() in PICTURES and not path.name.startswith(".")]
    if not found:
        raise UnusableBenchmark(f"{folder} holds no picture: a subject needs at least one (jpg, png or webp)")
    for path in found:
        opened(path)
    return tuple(found)


def opened(path: Path) -> Image.Image:
    """Upright RGB. Raises UnusableBenchmark."""
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnusableBenchmark(f"{path} is no picture that can be read: replace it, or take it away") from error
