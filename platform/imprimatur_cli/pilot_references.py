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
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.subjects import Reference, Subject

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp"})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that may serve. subject: None where nothing can be drawn from it, and `refused` says why.

    verdict: good, fair or poor, or unusable. advice: the findings that ask for something.
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
    """Every picture of the folder, and of the folders in it: those show what their folder is called.

    word: what pictures outside such a folder show. Raises CommandError where that is not said, or there is no picture.
    """
    paths = sorted(p for pattern in ("*", "*/*") for p in folder.glob(pattern) if p.suffix.lower() in PICTURES)
    if not paths:
        raise CommandError(f"{folder} holds no PNG, JPEG or WebP picture: put the references there")
    return [_candidate(path, folder, word, person=person, language=language) for path in paths]


def _candidate(path: Path, folder: Path, word: str, *, person: bool, language: Language) -> Candidate:
    name = path.relative_to(folder).as_posix()
    shown = word if path.parent == folder else path.parent.name.replace("_", " ")
    if not shown:
        raise CommandError(f"{name}: say what it shows with --word, or put it into a folder of that name")
    try:
        reference = Reference.read(path)
    except UnreadableUpload as error:
        return Candidate(name=name, word=shown, verdict="unusable", refused=error.sentence(language))
    picture = reference.clean.image
    refused = _refused(picture, language)
    if refused:
        return Candidate(name=name, word=shown, verdict="unusable", refused=refused)
    quality = measure(picture, person=person)
    advice = tuple(a for a in spoken(quality, language) if a.verdict != "good")
    subject = Subject(shown, [reference])
    return Candidate(name=name, word=shown, verdict=str(quality["verdict"]), advice=advice, subject=subject)


def _refused(picture: Image.Image, language: Language) -> str:
    try:
        usable(picture)
    except UnusableReference:
        key = "pilot_tiny" if min(picture.size) < LEAST_SIDE else "pilot_flat"
        return say(key, language, width=picture.width, height=picture.height, least=LEAST_SIDE)
    return ""
