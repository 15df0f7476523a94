"""`imprimatur draw`: one picture from one reference, on this machine, without a server; with rights and a stamp."""

from __future__ import annotations

import json
import os
import secrets
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from generation.profiles import get_profile
from generation.spec import GenerationSpec, MaskDials
from generation.words import find_phrase, normalise
from governance.canonical import sha256_hex
from governance.intake import CleanUpload, decode_upload, encode, pixel_digest
from governance.manifests import Origin
from governance.policy import Permitted
from governance.provenance import (
    ConsentCommitment,
    IntakeFacts,
    OutputFacts,
    read,
    sign_derivative,
    sign_output,
    sign_reference,
)
from governance.signing import Signer
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.rights import Declared, Named, declared, permitted
from imprimatur_cli.sentences import Language, default_language, say
from imprimatur_cli.stamping import anchors, commitment_salt, signer, write_whole

if TYPE_CHECKING:  # torch is loaded once rights and words are in order
    from generation.pipeline import DrawResult

PNG: Final = "image/png"


@dataclass(frozen=True)
class Reference:
    """A reference as given and as used."""

    path: Path
    data: bytes
    clean: CleanUpload

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the file as given: what agreements name."""
        return self.clean.source_sha256

    @property
    def named(self) -> Named:
        """The ways agreements may name it."""
        return Named(self.path.name, self.digest, pixel_digest(self.clean.image))


@dataclass(frozen=True)
class Wish:
    """What the options ask for; None is the model's own, or a random seed."""

    profile: str
    prompt: str
    word: str
    negative: str
    seed: int | None
    steps: int | None
    scope: float
    quantity: float
    guidance_scale: float | None

    def spec(self, references: list[Reference]) -> GenerationSpec:
        """The mask is frozen at 12 of 25 steps, and in that proportion for other counts.

        Raises UnknownProfile, InvalidSpec, WordNotInPrompt.
        """
        own_steps = get_profile(self.profile).steps
        steps = own_steps if self.steps is None else self.steps
        find_phrase(normalise(self.prompt), self.word)
        return GenerationSpec(
            profile=self.profile,
            prompt=normalise(self.prompt),
            word=self.word,
            seed=secrets.randbelow(2**31) if self.seed is None else self.seed,
            reference_digests=tuple(r.digest for r in references),
            negative_prompt=self.negative,
            steps=steps,
            guidance_scale=self.guidance_scale,
            quantity=self.quantity,
            mask=MaskDials(scope=self.scope, stop_step=max(1, steps * 12 // 25)),
        )


@dataclass(frozen=True)
class Job:
    """One call: what to draw, from what, by what right, and where to."""

    spec: GenerationSpec
    references: list[Reference]
    claim: Declared
    permit: Permitted
    output: Path
    strip: Path | None
    device: str
    origin: Origin
    language: Language


def draw(
    *,
    reference: Annotated[
        list[Path],
        typer.Option("--reference", "-r", exists=True, dir_okay=False, help="Picture of the subject; repeatable."),
    ],
    prompt: Annotated[str, typer.Option(help="What the picture shows, in English words the model knows.")],
    word: Annotated[str, typer.Option(help="The word of the prompt that is the subject.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="PNG to write, stamped.")],
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
    profile: Annotated[str, typer.Option(help="Which model draws.")] = "studio",
    strip: Annotated[Path | None, typer.Option(help="Also write the mask film strip, stamped.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    lang: Annotated[str, typer.Option(help="Language of messages: en or ja.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw one picture from a reference, stamp it and write it."""
    language = _language(lang)
    with reported(language):
        claim = declared(own_work=own_work, file=rights, person=person, marks=tuple(mark or ()), language=language)
        _check_output(output, strip)
        references = [_read_reference(path) for path in reference]
        permit = permitted(claim, [r.named for r in references])
        wish = Wish(profile, prompt, word, negative, seed, steps, scope, quantity, guidance_scale)
        spec = wish.spec(references)
        report = _run(Job(spec, references, claim, permit, output, strip, device, _origin(origin), language))
    _tell(report, language, as_json=as_json)


def _language(named: str) -> Language:
    if named not in ("", "en", "ja"):
        raise typer.BadParameter("choose en or ja", param_hint="--lang")
    return "ja" if named == "ja" else "en" if named == "en" else default_language()


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


def _read_reference(path: Path) -> Reference:
    data = path.read_bytes()
    return Reference(path, data, decode_upload(data))


def _run(job: Job) -> dict[str, Any]:
    result = _draw(job)
    key, development = signer()
    facts = _facts(job, result)
    picture = sign_output(encode(result.image, PNG), PNG, facts, key, _ingredient(job, key))
    write_whole(job.output, picture)
    if job.strip is not None:
        write_whole(job.strip, _stamped_strip(result, picture, facts, key))
    return _report(job, result, facts, picture, development=development)


def _draw(job: Job) -> DrawResult:
    import diffusers
    import torch
    import transformers

    from generation.loading import best_device, load_pipeline

    diffusers.utils.logging.disable_progress_bar()  # theirs beside ours would be two
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(_threads())
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(say("loading", job.language, profile=job.spec.profile), total=job.spec.steps)
        pipeline = load_pipeline(job.spec.profile, best_device() if job.device == "auto" else job.device)
        progress.update(task, description=say("drawing", job.language))
        images = [r.clean.image for r in job.references]
        return pipeline.draw(job.spec, images, lambda request: progress.update(task, completed=request.step))


def _threads() -> int:
    """As the worker counts them, so that both draw the same pixels: IMPRIMATUR_TORCH_THREADS, or all cores but one."""
    return int(os.environ.get("IMPRIMATUR_TORCH_THREADS") or max(1, (os.cpu_count() or 1) - 1))


def _ingredient(job: Job, key: Signer) -> bytes:
    """The first reference: with its own manifest where it has a good one, else stamped as what it is."""
    first = job.references[0]
    if read(first.data, first.clean.source_mime, anchors()).state in ("trusted", "valid"):
        return first.data
    facts = IntakeFacts(reference_id=f"sha256:{first.digest[:16]}", origin=job.origin, own_work=job.claim.own_work)
    return sign_reference(first.clean.data, first.clean.mime, facts, key)


def _facts(job: Job, result: DrawResult) -> OutputFacts:
    digests = {k.removeprefix("sha256 "): v for k, v in result.environment.items() if k.startswith("sha256 ")}
    terms = job.permit.terms
    salt = commitment_salt() if terms else b""
    return OutputFacts(
        generation_id=f"local:{uuid.uuid4()}",
        spec_digest=job.spec.digest(),
        prompt="" if job.claim.shows_person else job.spec.prompt,
        model_name=job.spec.profile,
        model_digests=digests,
        environment={k: v for k, v in result.environment.items() if not k.startswith("sha256 ")},
        consents=tuple(ConsentCommitment(id=t.id, commitment=t.commitment(salt)) for t in terms),
        own_work=job.claim.own_work,
        pixel_digest=result.pixel_digest,
    )


def _stamped_strip(result: DrawResult, picture: bytes, facts: OutputFacts, key: Signer) -> bytes:
    from generation.explain import film_strip

    strip = encode(film_strip(result.image, result.masks), PNG)
    return sign_derivative(strip, PNG, picture, ("previewed",), facts, key)


def _report(job: Job, result: DrawResult, facts: OutputFacts, picture: bytes, *, development: bool) -> dict[str, Any]:
    return {
        "output": str(job.output),
        "strip": str(job.strip) if job.strip else None,
        "sha256": sha256_hex(picture),
        "width": result.image.width,
        "height": result.image.height,
        "seed": job.spec.seed,
        "pixel_digest": result.pixel_digest,
        "manifest_state": read(picture, PNG, anchors()).state,
        "development_key": development,
        "generation_id": facts.generation_id,
        "own_work": facts.own_work,
        "consents": [c.id for c in facts.consents],
        "rights_warnings": [w.sentence(job.language) for w in job.permit.warnings],
        "warnings": result.warnings,
        "notes": [note.sentence for note in result.notes],
        "scores": result.scores,
        "mask_area": result.mask_area,
        "spec": job.spec.to_json(),
        "environment": result.environment,
        "seconds": result.seconds,
    }


def _tell(report: dict[str, Any], language: Language, *, as_json: bool) -> None:
    remarks = [*report["rights_warnings"], *report["notes"]]
    if report["development_key"]:
        remarks.append(say("development_key", language))
    for remark in remarks:
        sys.stderr.write(say("note", language, text=remark) + "\n")
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    size = {k: report[k] for k in ("width", "height", "seed")}
    print(say("saved", language, path=report["output"], **size))
    if report["strip"]:
        print(say("strip_saved", language, path=report["strip"]))
    print(say("pixel_digest", language, digest=report["pixel_digest"]))
