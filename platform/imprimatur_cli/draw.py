"""`imprimatur draw`: one picture from references, on this machine, without a server; with rights and a stamp."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast, get_args

import typer

from generation.profiles import get_profile
from generation.spec import Effort, GenerationSpec, MaskDials
from generation.words import find_phrase, normalise
from governance.manifests import Origin
from imprimatur_cli.drawing import Job, run
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.rights import declared, permitted
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.subjects import Subject, SubjectOptions, read_subjects
from imprimatur_cli.translation import translated

Files = Annotated[
    list[Path] | None,
    typer.Option("--reference", "-r", exists=True, dir_okay=False, help="Picture of --word; repeatable."),
]
Subjects = Annotated[list[str] | None, typer.Option(help='A further subject: "mug=cup.png,side.png"; repeatable.')]
Boxes = Annotated[list[str] | None, typer.Option(help='Where a subject may be: "mug=0,0.2,0.5,1"; repeatable.')]
Sketches = Annotated[
    list[str] | None, typer.Option(help='The same in any shape: "mug=sketch.png", white where it may be; repeatable.')
]
OWN_STEPS: Final = 25  # the mask is frozen at 12 of so many


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the options ask for; None is the model's own, or a random seed."""

    profile: str
    prompt: str
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    scope: float = MaskDials.scope
    quantity: float = GenerationSpec.quantity
    guidance_scale: float | None = None
    stop_step: int | None = None
    effort: Effort = "exact"
    refine: bool = False
    explain: bool = False

    def spec(self, subjects: list[Subject]) -> GenerationSpec:
        """The mask is frozen at 12 of 25 steps, and in that proportion for other counts, unless `stop_step` says when.

        Raises UnknownProfile, InvalidSpec, WordNotInPrompt.
        """
        own_steps = get_profile(self.profile).steps
        steps = own_steps if self.steps is None else self.steps
        prompt = normalise(self.prompt)
        for subject in subjects:
            find_phrase(prompt, subject.word)
        first, *others = (subject.spec() for subject in subjects)
        stop_step = max(1, steps * 12 // OWN_STEPS) if self.stop_step is None else self.stop_step
        return GenerationSpec(
            profile=self.profile,
            prompt=prompt,
            word=first.word,
            seed=secrets.randbelow(2**31) if self.seed is None else self.seed,
            reference_digests=first.reference_digests,
            negative_prompt=self.negative,
            steps=steps,
            guidance_scale=self.guidance_scale,
            quantity=self.quantity,
            mask=MaskDials(scope=self.scope, stop_step=stop_step, refine=self.refine),
            box=first.box,
            sketch_digest=first.sketch_digest,
            others=tuple(others),
            effort=self.effort,
            explain=self.explain,
        )


def draw(
    *,
    prompt: Annotated[str, typer.Option(help="What the picture shows, in English words the model knows.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="PNG to write, stamped.")],
    word: Annotated[str, typer.Option(help="The word of the prompt that is the subject.")] = "",
    reference: Files = None,
    subject: Subjects = None,
    box: Boxes = None,
    sketch: Sketches = None,
    own_work: Annotated[bool, typer.Option("--own-work", help="I declare that the reference is my own work.")] = False,
    rights: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="JSON file of agreements.")] = None,
    origin: Annotated[
        str, typer.Option(help="What the reference is: photograph, drawing or generated.")
    ] = "photograph",
    person: Annotated[bool, typer.Option("--person", help="The reference shows a person.")] = False,
    mark: Annotated[list[str] | None, typer.Option(help="A trademark visible in the reference; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same picture. Random if left out.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps; the model's own if left out.")] = None,
    scope: Annotated[float, typer.Option(help="Share of the picture the reference acts on (0.01 to 1).")] = 0.25,
    quantity: Annotated[float, typer.Option(help="Share of the reference's visual tokens that get in.")] = 0.8,
    guidance_scale: Annotated[float | None, typer.Option(help="How strictly the words are obeyed.")] = None,
    negative: Annotated[str, typer.Option(help="What the picture should not show.")] = "",
    effort: Annotated[str, typer.Option(help="exact, or fast: less work where little is lost.")] = "exact",
    refine: Annotated[bool, typer.Option("--refine", help="Let the mask follow the shapes in the picture.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Keep what `imprimatur explain` shows.")] = False,
    profile: Annotated[str, typer.Option(help="Which model draws.")] = "studio",
    strip: Annotated[Path | None, typer.Option(help="Also write the mask film strip, stamped.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw one picture from references, stamp it and write it."""
    language = language_of(lang)
    with reported(language):
        _check_output(output, strip)
        asked = SubjectOptions(
            word=word, references=reference or (), subjects=subject or (), boxes=box or (), sketches=sketch or ()
        )
        subjects = read_subjects(asked)
        named = [r.named for s in subjects for r in s.references]
        claim = declared(
            own_work=own_work,
            file=rights,
            person=person,
            marks=tuple(mark or ()),
            inherits=all(n.drawn is not None for n in named),
        )
        permit = permitted(claim, named)
        wish = Wish(
            profile=profile,
            prompt=prompt,
            negative=negative,
            seed=seed,
            steps=steps,
            scope=scope,
            quantity=quantity,
            guidance_scale=guidance_scale,
            effort=_effort(effort),
            refine=refine,
            explain=explain,
        )
        spec = wish.spec(subjects)
        report = run(Job(spec, subjects, claim, permit, output, strip, device, _origin(origin), language))
    _tell(report, language, as_json=as_json)


def _origin(named: str) -> Origin:
    for known in get_args(Origin):
        if named == known:
            return cast(Origin, known)
    raise CommandError(f"--origin: choose one of {', '.join(get_args(Origin))}")


def _check_output(*paths: Path | None) -> None:
    for path in paths:
        if path is None:
            continue
        if path.suffix.lower() != ".png":
            raise CommandError(f"{path}: pictures are written as PNG, name it *.png")
        if not path.parent.is_dir():
            raise CommandError(f"{path.parent} is no folder: create it first")


def _effort(named: str) -> Effort:
    for known in get_args(Effort):
        if named == known:
            return cast(Effort, known)
    raise CommandError(f"--effort: choose one of {', '.join(get_args(Effort))}")


def _tell(report: dict[str, Any], language: Language, *, as_json: bool) -> None:
    remarks = [*report["rights_warnings"], *report["notes"]]
    if report["development_key"]:
        remarks.append(say("development_key", language))
    for remark in remarks:
        sys.stderr.write(say("note", language, text=translated(remark, language)) + "\n")
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    size = {k: report[k] for k in ("width", "height", "seed")}
    print(say("saved", language, path=report["output"], **size))
    if report["strip"]:
        print(say("strip_saved", language, path=report["strip"]))
    if report["explanation"]:
        print(say("explanation_saved", language, path=report["explanation"], picture=report["output"]))
    print(say("pixel_digest", language, digest=report["pixel_digest"]))
