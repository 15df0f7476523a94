"""The references of a pilot: what each shows, how good a picture it is, and whether anything can be drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imprimatur.library.coach import Advice, measure, spoken
from PIL import Image

from generation.reference_checks import LEAST_SIDE
from generation.reference_quality import UnusableReference, usable
from governance.errors import UnreadableUpload
from governance.intake import REFUSALS
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.subjects import Reference, Subject

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp"})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that may serve. subject: None where nothing can be drawn from it, and `refused` says why.

    verdict: good, fair or poor, or unusable. advice: the findings that ask for something; what could not be told
    is left out, because a cluttered background, which is why, is told anyway.
    """

    name: str
    word: str
    verdict: str
    refused: str = ""
    advice: tuple[Advice, ...] = ()
    subject: Subject | None = None

    @property
    def reasons(self) -> list[str]:
        """Why it is not wholly good, and what to do, in sentences."""
        told = [f"{a.sentence} {a.advice}".strip() for a in self.advice]
        return [self.refused, *told] if self.refused else told


def candidates(folder: Path, word: str, *, person: bool, language: Language) -> list[Candidate]:
    """Every visible file of the folder, and of the folders in it at any depth: the outermost says what they show.

    word: what files outside such a folder show. Raises CommandError where that is not said, or there is no picture.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    if not any(path.suffix.lower() in PICTURES for path in files):
        raise CommandError(f"{folder} holds no PNG, JPEG or WebP picture: put the references there")
    return [_candidate(path, folder, word, person=person, language=language) for path in files]


def _hidden(path: Path) -> bool:
    """What desktops leave beside pictures."""
    return any(part.startswith(".") or part in ("Thumbs.db", "desktop.ini") for part in path.parts)


def _candidate(path: Path, folder: Path, word: str, *, person: bool, language: Language) -> Candidate:
    name = path.relative_to(folder).as_posix()
    shown = word if path.parent == folder else path.relative_to(folder).parts[0].replace("_", " ")
    try:
        reference = _read(path)
    except UnreadableUpload as error:
        return Candidate(name=name, word=shown, verdict="unusable", refused=error.sentence(language))
    if not shown:
        raise CommandError(f"{name}: say what it shows with --word, or put it into a folder of that name")
    picture = reference.clean.image
    refused = _refused(picture, language)
    if refused:
        return Candidate(name=name, word=shown, verdict="unusable", refused=refused)
    quality = measure(picture, person=person)
    advice = tuple(a for a in spoken(quality, language) if a.verdict in ("fair", "poor"))
    subject = Subject(shown, [reference])
    return Candidate(name=name, word=shown, verdict=str(quality["verdict"]), advice=advice, subject=subject)


def _read(path: Path) -> Reference:
    """What is named otherwise is not opened: it may be a film. Raises UnreadableUpload."""
    if path.suffix.lower() not in PICTURES:
        raise UnreadableUpload("format", *REFUSALS["format"])
    return Reference.read(path)


def _refused(picture: Image.Image, language: Language) -> str:
    try:
        usable(picture)
    except UnusableReference:
        key = "pilot_tiny" if min(picture.size) < LEAST_SIDE else "pilot_flat"
        return say(key, language, width=picture.width, height=picture.height, least=LEAST_SIDE)
    return ""
