"""`imprimatur pilot`: references x templates x dials, and what a usable picture costs, before anybody orders many."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from governance.policy import Permitted
from imprimatur_cli.draw import Wish
from imprimatur_cli.drawing import Job
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.pilot_plan import SLOT, Bar, Findings, Trial, read_templates
from imprimatur_cli.pilot_references import Candidate, candidates
from imprimatur_cli.piloting import REPORT, Pilot
from imprimatur_cli.rights import Declared, declared, permitted
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.sweep import MOST_CELLS, Listed, numbers


def pilot(
    *,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="References; folders name their word.")],
    templates: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help='One a line: "a {subject} on the beach".')
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder; goes on with what is there.")
    ],
    word: Annotated[str, typer.Option(help="What references outside a folder of their own show.")] = "",
    own_work: Annotated[bool, typer.Option("--own-work", help="I declare that they are my own work.")] = False,
    rights: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="JSON file of agreements.")] = None,
    person: Annotated[bool, typer.Option("--person", help="The references show persons.")] = False,
    mark: Annotated[list[str] | None, typer.Option(help="A trademark visible in them; repeatable.")] = None,
    scopes: Listed = "0.15,0.25,0.4",
    quantities: Listed = "0.8",
    seeds: Listed = "1,2",
    steps: Annotated[int | None, typer.Option(help="Denoising steps; the model's own if left out.")] = None,
    similarity: Annotated[float, typer.Option(min=0, max=1, help="Least similarity of a usable picture.")] = 0.6,
    text_match: Annotated[float, typer.Option(min=0, max=1, help="Least text match of a usable picture.")] = 0.6,
    profile: Annotated[str, typer.Option(help="Which model draws.")] = "studio",
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw every reference in every template, score it, and write report.html: what holds, and what it costs."""
    language = language_of(lang)
    with reported(language):
        if output.resolve().is_relative_to(folder.resolve()):
            raise CommandError(f"{output} lies among the references: name a folder outside {folder}")
        found = candidates(folder, word, person=person, language=language)
        trials = _trials(found, read_templates(templates), scopes=scopes, quantities=quantities, seeds=seeds)
        named = [r.named for c in found if c.subject for r in c.subject.references]
        inherits = all(n.drawn is not None for n in named)
        claim = declared(own_work=own_work, file=rights, person=person, marks=tuple(mark or ()), inherits=inherits)
        permit = permitted(claim, named)
        order = _Order(output, profile, steps, device, claim, permit, language)
        jobs = {trial: order.job(trial, candidate) for trial, candidate in trials.items()}
        bar = Bar(similarity=similarity, text_match=text_match)
        said = Pilot(output, found, jobs, bar, language).run()
    _tell(output / REPORT, said, permit, language, as_json=as_json)


class _Order:
    """What all jobs share."""

    def __init__(  # noqa: PLR0917 - one call, in the order of the options
        self,
        output: Path,
        profile: str,
        steps: int | None,
        device: str,
        claim: Declared,
        permit: Permitted,
        language: Language,
    ) -> None:
        self.output, self.profile, self.steps, self.device = output, profile, steps, device
        self.claim, self.permit, self.language = claim, permit, language

    def job(self, trial: Trial, candidate: Candidate) -> Job:
        """Named after its reference and its spec. Raises InvalidSpec, WordNotInPrompt."""
        assert candidate.subject is not None  # noqa: S101 only these are tried
        wish = Wish(
            profile=self.profile,
            prompt=trial.template.replace(SLOT, candidate.word),
            seed=trial.seed,
            steps=self.steps,
            scope=trial.scope,
            quantity=trial.quantity,
        )
        spec = wish.spec([candidate.subject])
        path = self.output / f"{Path(candidate.name).stem}-{spec.digest()[:16]}.png"
        subjects = [candidate.subject]
        return Job(spec, subjects, self.claim, self.permit, path, None, self.device, "photograph", self.language)


def _trials(found: list[Candidate], templates: list[str], **lists: str) -> dict[Trial, Candidate]:
    """Every combination of what can be drawn from. Raises CommandError where that is nothing, or too much."""
    drawable = [candidate for candidate in found if candidate.subject is not None]
    if not drawable:
        reasons = "; ".join(f"{c.name}: {c.refused}" for c in found)
        raise CommandError(f"nothing can be drawn from these references: {reasons}")
    dials = product(*(numbers(f"--{name}", lists[name]) for name in ("scopes", "quantities", "seeds")))
    made = {
        Trial(reference=c.name, template=template, scope=scope, quantity=quantity, seed=int(seed)): c
        for (c, template), (scope, quantity, seed) in product(product(drawable, templates), list(dials))
    }
    if len(made) > MOST_CELLS:
        raise CommandError(f"that makes {len(made)} pictures: take fewer values, at most {MOST_CELLS} pictures")
    return made


def _tell(path: Path, found: Findings, permit: Permitted, language: Language, *, as_json: bool) -> None:
    for warning in permit.warnings:
        sys.stderr.write(say("note", language, text=warning.sentence(language)) + "\n")
    if as_json:
        print(json.dumps({"report": str(path)} | found.to_json(), ensure_ascii=False))
        return
    print(say("pilot_done", language, path=path))
    if found.best is None:
        print(say("pilot_unscored", language))
    elif not found.overall.usable:
        print(say("pilot_none_usable", language))
    else:
        scope, quantity = (f"{dial:g}" for dial in found.best)
        figures = {"usable": found.overall.usable, "scored": found.overall.scored}
        print(say("pilot_found", language, scope=scope, quantity=quantity, **figures))
