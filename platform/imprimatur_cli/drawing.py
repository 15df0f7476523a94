"""Draw what was asked and permitted on this machine, stamp it, and write it: nothing unstamped reaches the disk."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from generation.spec import GenerationSpec
from governance.canonical import sha256_hex
from governance.intake import encode
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
from imprimatur_cli.explanations import KeptExplanation, sidecar
from imprimatur_cli.rights import Declared
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.stamping import anchors, commitment_salt, signer, write_whole
from imprimatur_cli.subjects import Reference, Subject

if TYPE_CHECKING:  # torch is loaded once rights and words are in order
    from generation.pipeline import DrawRequest, DrawResult, RealCustomPipeline
    from generation.reference_cache import ReferenceCache

PNG: Final = "image/png"


@dataclass(frozen=True)
class Job:
    """One call: what to draw, from what, by what right, and where to."""

    spec: GenerationSpec
    subjects: list[Subject]
    claim: Declared
    permit: Permitted
    output: Path
    strip: Path | None
    device: str
    origin: Origin
    language: Language

    @property
    def references(self) -> list[Reference]:
        """Of one subject after the other."""
        return [reference for subject in self.subjects for reference in subject.references]


def run(job: Job) -> dict[str, Any]:
    """Draw, stamp, write; the report that --json prints."""
    result = _draw(job)
    key, development = signer()
    facts = facts_of(job, result)
    picture = stamped(job, result, facts, key)
    write_whole(job.output, picture)
    if job.strip is not None:
        write_whole(job.strip, _stamped_strip(result, picture, facts, key))
    if job.spec.explain:
        write_whole(sidecar(job.output), KeptExplanation.of(job.spec, result, picture).to_bytes())
    return _report(job, result, facts, picture, development=development)


def loaded(profile: str, device: str) -> RealCustomPipeline:
    """The model, quietly, with as many threads as the worker takes: both draw the same pixels.

    Raises UnknownProfile, ModelUnavailable.
    """
    import diffusers
    import torch
    import transformers

    from generation.loading import best_device, load_pipeline

    diffusers.utils.logging.disable_progress_bar()  # theirs beside ours would be two
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(int(os.environ.get("IMPRIMATUR_TORCH_THREADS") or max(1, (os.cpu_count() or 1) - 1)))
    return load_pipeline(profile, best_device() if device == "auto" else device)


def drawn(
    pipeline: RealCustomPipeline,
    job: Job,
    on_step: Callable[[DrawRequest], None] | None = None,
    *,
    cache: ReferenceCache | None = None,
) -> DrawResult:
    """The job's picture, unstamped: it must not reach the disk like this. cache: of this run's references."""
    pictures = [reference.clean.image for reference in job.references]
    sketches = [subject.sketch for subject in job.subjects]
    return pipeline.draw(job.spec, pictures, on_step, sketches=sketches, cache=cache)


def facts_of(job: Job, result: DrawResult) -> OutputFacts:
    """What the manifest says."""
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
        own_work=job.claim.own_work or all(r.named.is_own_work for r in job.references),
        pixel_digest=result.pixel_digest,
    )


def stamped(job: Job, result: DrawResult, facts: OutputFacts, key: Signer) -> bytes:
    """The picture's file; every reference is an ingredient."""
    each = {reference.digest: reference for reference in job.references}  # two subjects may share a picture
    ingredients = [ingredient(job, reference, key) for reference in each.values()]
    return sign_output(encode(result.image, PNG), PNG, facts, key, references=ingredients)


def _draw(job: Job) -> DrawResult:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(say("loading", job.language, profile=job.spec.profile), total=job.spec.steps)
        pipeline = loaded(job.spec.profile, job.device)
        progress.update(task, description=say("drawing", job.language))
        return drawn(pipeline, job, lambda request: progress.update(task, completed=request.step))


def ingredient(job: Job, reference: Reference, key: Signer) -> bytes:
    """With its own manifest where it has a good one, else stamped as what it is."""
    if reference.manifest.state in ("trusted", "valid"):
        return reference.data
    return sign_reference(reference.clean.data, reference.clean.mime, intake_facts(job, reference), key)


def intake_facts(job: Job, reference: Reference) -> IntakeFacts:
    """What a reference's stamp says, as declared."""
    return IntakeFacts(reference_id=f"sha256:{reference.digest[:16]}", origin=job.origin, own_work=job.claim.own_work)


def _stamped_strip(result: DrawResult, picture: bytes, facts: OutputFacts, key: Signer) -> bytes:
    from generation.explain import film_strip

    strip = encode(film_strip(result.image, result.masks), PNG)
    return sign_derivative(strip, PNG, picture, ("previewed",), facts, key)


def _report(job: Job, result: DrawResult, facts: OutputFacts, picture: bytes, *, development: bool) -> dict[str, Any]:
    return {
        "output": str(job.output),
        "strip": str(job.strip) if job.strip else None,
        "explanation": str(sidecar(job.output)) if job.spec.explain else None,
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
