"""Which pictures and captions lie in a folder, and which of them can be learnt from? No torch.

Two layouts: `name.txt` beside every picture, or one `metadata.jsonl` as in Hugging Face image folders, a line a
picture: {"file_name": "a.jpg", "text": "a red mug on a table"} and, if wanted, "word": "mug" (the subject's word in
the caption) and "reference": "b.jpg" (another picture of the same subject). Bad records are reported and left out.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from generation.words import WordNotInPrompt, find_phrase, normalise

METADATA: Final = "metadata.jsonl"
PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MAX_PIXELS: Final = 100_000_000
MAX_CAPTION: Final = 2000


class UnusableData(ValueError):
    """There is nothing to learn from in the folder; the message says why and what to do."""


@dataclass(frozen=True)
class Record:
    """One pair on disk. word, reference: empty and None where nobody said; the reference is then the picture."""

    picture: Path
    caption: str
    word: str = ""
    reference: Path | None = None


@dataclass(frozen=True)
class Rejected:
    """A record that was left out: its name, a stable code, and the reason in words."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True)
class Inspection:
    """What a folder holds."""

    folder: Path
    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...]

    def digest(self) -> str:
        """SHA-256 (hex) over names, sizes and captions: tells whether a run goes on with the pairs it began with."""
        told = hashlib.sha256()
        for record in self.records:
            files = [path for path in (record.picture, record.reference) if path is not None]
            named = [(path.relative_to(self.folder.resolve()).as_posix(), path.stat().st_size) for path in files]
            told.update(json.dumps([named, record.caption, record.word]).encode())
        return told.hexdigest()

    def reasons(self) -> dict[str, int]:
        """How many records each code rejected, most first."""
        codes = [rejected.code for rejected in self.rejected]
        return dict(sorted(((code, codes.count(code)) for code in set(codes)), key=lambda item: (-item[1], item[0])))


class _Bad(Exception):
    """A record is no good: code and reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def inspect_folder(
    folder: Path,
    min_side: int,
    *,
    veto: Callable[[Path], str] | None = None,
    on_record: Callable[[int], None] | None = None,
) -> Inspection:
    """Reads and decodes every record; `on_record` hears how many are done.

    min_side: pictures with a shorter side in pixels are too small. veto: why a picture must not be learnt from, empty
    where it may. Raises UnusableData where no record is good.
    """
    if not folder.is_dir():
        raise UnusableData(f"{folder} is no folder: name one with pictures and captions")
    good: list[Record] = []
    bad: list[Rejected] = []
    for done, (name, entry) in enumerate(_entries(folder), start=1):
        try:
            record = _checked(folder, entry, min_side)
            _ask(veto, record)
            good.append(record)
        except _Bad as error:
            bad.append(Rejected(name, error.code, str(error)))
        if on_record is not None:
            on_record(done)
    found = Inspection(folder, tuple(good), tuple(bad))
    if not good:
        raise UnusableData(_nothing(found))
    return found


def _ask(veto: Callable[[Path], str] | None, record: Record) -> None:
    if veto is None:
        return
    for path in (record.picture, record.reference):
        reason = veto(path) if path is not None else ""
        if reason:
            raise _Bad("forbidden", reason)


def _nothing(found: Inspection) -> str:
    if not found.rejected:
        kinds = ", ".join(sorted(PICTURES))
        return f"{found.folder} has no pictures ({kinds}): add some, each with a caption in a .txt of the same name"
    first = found.rejected[0]
    counted = ", ".join(f"{count} {code}" for code, count in found.reasons().items())
    return f"no record of {found.folder} can be used ({counted}); the first, {first.name}: {first.reason}"


def _entries(folder: Path) -> Iterator[tuple[str, dict[str, Any] | _Bad]]:
    """Name and content of every record; what is wrong with it in the content's place."""
    if (folder / METADATA).is_file():
        yield from _listed(folder / METADATA)
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICTURES and path.is_file():
            yield path.relative_to(folder).as_posix(), _beside(folder, path)


def _listed(metadata: Path) -> Iterator[tuple[str, dict[str, Any] | _Bad]]:
    with metadata.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield f"{METADATA}:{number}", _parsed(line)


def _parsed(line: str) -> dict[str, Any] | _Bad:
    try:
        entry = json.loads(line)
    except ValueError as error:
        return _Bad("metadata", f"the line is no JSON: {error}")
    if not isinstance(entry, dict) or not isinstance(entry.get("file_name"), str):
        return _Bad("metadata", "the line names no file_name")
    return entry


def _beside(folder: Path, picture: Path) -> dict[str, Any] | _Bad:
    caption = picture.with_suffix(".txt")
    if not caption.is_file():
        return _Bad("no_caption", f"there is no {caption.name} beside it")
    text = caption.read_text(encoding="utf-8", errors="replace")
    return {"file_name": picture.relative_to(folder).as_posix(), "text": text}


def _checked(folder: Path, entry: dict[str, Any] | _Bad, min_side: int) -> Record:
    if isinstance(entry, _Bad):
        raise entry
    caption = _caption(entry)
    picture = _inside(folder, entry["file_name"])
    _decode(picture, min_side)
    reference = None
    if entry.get("reference"):
        reference = _inside(folder, str(entry["reference"]))
        _decode(reference, min_side)
    return Record(picture, caption, _word(entry, caption), reference)


def _caption(entry: dict[str, Any]) -> str:
    text = entry.get("text", entry.get("caption", ""))
    caption = normalise(text) if isinstance(text, str) else ""
    if not caption:
        raise _Bad("no_caption", "its caption is empty")
    if len(caption) > MAX_CAPTION:
        raise _Bad("long_caption", f"its caption has {len(caption)} characters: at most {MAX_CAPTION} are read")
    return caption


def _word(entry: dict[str, Any], caption: str) -> str:
    word = str(entry.get("word") or "")
    try:
        if word:
            find_phrase(caption, word)
    except WordNotInPrompt as error:
        raise _Bad("word", str(error)) from error
    return word


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise _Bad("outside", f"{name} lies outside the folder")
    if not path.is_file():
        raise _Bad("missing", f"there is no {name}")
    return path


def _decode(path: Path, min_side: int) -> None:
    """Every byte is read, JPEGs at an eighth of their size: a cut file shows itself only then."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _check_size(image, min_side)
                image.draft("RGB", (image.width // 8, image.height // 8))
                image.load()
    except Image.DecompressionBombError as error:
        raise _Bad("bomb", f"it unpacks to more than {MAX_PIXELS} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _Bad("unreadable", f"it cannot be read as a JPEG, PNG or WebP: {error}") from error


def _check_size(image: Image.Image, min_side: int) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _Bad("bomb", f"it unpacks to more than {MAX_PIXELS} pixels")
    if min(image.size) < min_side:
        size = f"{image.width} x {image.height}"
        raise _Bad("small", f"it is {size} pixels: the shorter side must have at least {min_side}")
