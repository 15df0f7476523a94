"""The subjects of one picture as the options name them: words, references, boxes and sketches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from PIL import Image

from generation.spec import Box, SubjectSpec
from governance.canonical import sha256_hex
from governance.intake import CleanUpload, decode_upload, pixel_digest
from governance.provenance import ManifestReport, read
from imprimatur_cli.failures import CommandError
from imprimatur_cli.rights import Named
from imprimatur_cli.stamping import anchors

SIDES: Final = 4


@dataclass(frozen=True)
class Reference:
    """A reference as given and as used."""

    path: Path
    data: bytes
    clean: CleanUpload

    @classmethod
    def read(cls, path: Path) -> Reference:
        """From a file. Raises UnreadableUpload."""
        data = path.read_bytes()
        return cls(path, data, decode_upload(data))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the file as given: what agreements name."""
        return self.clean.source_sha256

    @cached_property
    def manifest(self) -> ManifestReport:
        """What the file says about itself; no key is made on this machine for a file that says nothing."""
        found = read(self.data, self.clean.source_mime, "")
        return found if found.state == "none" else read(self.data, self.clean.source_mime, anchors())

    @property
    def named(self) -> Named:
        """The ways agreements may name it; and what it inherits, where it is a picture of ours."""
        drawn = self.manifest.facts if self.manifest.state == "trusted" else None
        return Named(self.path.name, self.digest, pixel_digest(self.clean.image), drawn)


@dataclass
class Subject:
    """One word of the prompt and what it is narrowed to. sketch: greyscale, white where the subject may be."""

    word: str
    references: list[Reference] = field(default_factory=list)
    box: Box | None = None
    sketch: Image.Image | None = None
    sketch_digest: str = ""

    def spec(self) -> SubjectSpec:
        """The subject as the model is told."""
        return SubjectSpec(
            word=self.word,
            reference_digests=tuple(r.digest for r in self.references),
            box=self.box,
            sketch_digest=self.sketch_digest,
        )


@dataclass(frozen=True, kw_only=True)
class SubjectOptions:
    """The options that name subjects, as typed."""

    word: str
    references: Sequence[Path] = ()
    subjects: Sequence[str] = ()
    boxes: Sequence[str] = ()
    sketches: Sequence[str] = ()


def read_subjects(asked: SubjectOptions) -> list[Subject]:
    """--word with its --reference first, then each --subject in order; a word named again adds references to it.

    Raises CommandError, InvalidSpec or UnreadableUpload before anything is loaded.
    """
    found: dict[str, Subject] = {}
    if asked.word:
        found[asked.word] = Subject(asked.word, [Reference.read(path) for path in asked.references])
    elif asked.references:
        raise CommandError("--word: name the word of the prompt that --reference shows")
    for option in asked.subjects:
        word, paths = _named(option, "--subject", "mug=cup.png")
        subject = found.setdefault(word, Subject(word))
        subject.references += [Reference.read(_file(path)) for path in paths.split(",")]
    _bound(found, asked)
    for subject in found.values():
        if not subject.references:
            raise CommandError(f"“{subject.word}” has no reference: add --reference or --subject {subject.word}=FILE")
    if not found:
        raise CommandError("name a subject: --word with --reference, or --subject WORD=FILE")
    return list(found.values())


def _bound(found: Mapping[str, Subject], asked: SubjectOptions) -> None:
    for option in asked.boxes:
        word, sides = _named(option, "--box", "mug=0,0.2,0.5,1")
        _known(found, word, "--box").box = _box(sides)
    for option in asked.sketches:
        word, path = _named(option, "--sketch", "mug=sketch.png")
        subject, data = _known(found, word, "--sketch"), _file(path).read_bytes()
        subject.sketch, subject.sketch_digest = decode_upload(data).image.convert("L"), sha256_hex(data)


def _named(option: str, name: str, example: str) -> tuple[str, str]:
    word, _, value = option.partition("=")
    if not (word.strip() and value.strip()):
        raise CommandError(f"{name} {option}: write the word, then what it is given: {name} {example}")
    return word.strip(), value.strip()


def _known(found: Mapping[str, Subject], word: str, name: str) -> Subject:
    if word not in found:
        raise CommandError(f"{name}: no subject is called “{word}”, only {', '.join(found)}")
    return found[word]


def _file(path: str) -> Path:
    if not Path(path).is_file():
        raise CommandError(f"{path} is no file")
    return Path(path)


def _box(sides: str) -> Box:
    try:
        numbers = [float(side) for side in sides.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != SIDES:
        raise CommandError(f"--box {sides}: give left, top, right and bottom as shares of the picture: 0,0.2,0.5,1")
    return Box(left=numbers[0], top=numbers[1], right=numbers[2], bottom=numbers[3])
