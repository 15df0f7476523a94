"""Draw the trials of a pilot, resumably, and write what they say: pictures, pilot.json, report.html."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from generation.profiles import STUDIO
from governance.intake import decode_picture, encode
from governance.provenance import IntakeFacts, OutputFacts, read, sign_derivative
from imprimatur_cli.drawing import PNG, Job, ingredient, intake_facts
from imprimatur_cli.drawn_folder import DrawnFolder
from imprimatur_cli.failures import CommandError
from imprimatur_cli.pilot_plan import SLOT, Bar, Findings, Outcome, Trial, findings
from imprimatur_cli.pilot_references import Candidate
from imprimatur_cli.pilot_report import Report
from imprimatur_cli.sentences import Language
from imprimatur_cli.stamping import anchors, signer, write_whole

INDEX: Final = "pilot.json"
REPORT: Final = "report.html"
SHOWN: Final = 256  # pixels of the longer side, in the report


@dataclass(frozen=True)
class Pilot:
    """A folder of pictures and what is asked of it; at least one job."""

    folder: Path
    candidates: list[Candidate]
    jobs: dict[Trial, Job]
    bar: Bar
    language: Language

    def run(self) -> Findings:
        """Draw what is missing and write the report. Raises CommandError for a folder that is something else."""
        pictures = DrawnFolder(self.folder, INDEX, self.language)
        index = pictures.fill(list(self.jobs.values()))
        rows = {trial: index["cells"][job.spec.digest()] for trial, job in self.jobs.items()}
        done = {trial: _outcome(row) for trial, row in rows.items()}
        found = findings(done, self.bar)
        report = Report(
            language=self.language,
            bar=self.bar,
            found=found,
            candidates=self.candidates,
            shown=self._references(),
            done=done,
            pictures={trial: self._drawn(row) for trial, row in rows.items() if found.best in (None, trial.dials)},
            untaught=self._untaught(),
        )
        write_whole(self.folder / REPORT, report.html().encode())
        table = [asdict(trial) | asdict(done[trial]) | {"file": rows[trial]["file"]} for trial in self.jobs]
        pictures.write(index | {"table": table, "bar": asdict(self.bar), "findings": found.to_json()})
        return found

    def _drawn(self, row: dict[str, Any]) -> bytes:
        data = (self.folder / row["file"]).read_bytes()
        return _small(data, PNG, read(data, PNG, anchors()).facts)

    def _untaught(self) -> dict[str, list[str]]:
        """Only the small model has words of its own; whatever the others know was never listed."""
        if next(iter(self.jobs.values())).spec.profile != STUDIO.name:
            return {}
        from generation.studio.tokenizer import untaught_words

        asked = {trial.template for trial in self.jobs} | {candidate.word for candidate in self.candidates}
        return {text: untaught_words(text.replace(SLOT, "")) for text in sorted(asked)}

    def _references(self) -> dict[str, bytes]:
        """Each that was drawn from, stamped and small."""
        key, _ = signer()
        shown: dict[str, bytes] = {}
        for trial, job in self.jobs.items():
            if trial.reference not in shown:
                reference = job.references[0]
                data = ingredient(job, reference, key)
                mime = reference.clean.source_mime if data is reference.data else reference.clean.mime
                shown[trial.reference] = _small(data, mime, reference.named.drawn or intake_facts(job, reference))
        return shown


def _outcome(row: dict[str, Any]) -> Outcome:
    scores = row["scores"]
    return Outcome(
        similarity=scores.get("similarity"), text_match=scores.get("text_match"), seconds=float(row["seconds"])
    )


def _small(data: bytes, mime: str, facts: OutputFacts | IntakeFacts | None) -> bytes:
    """A stamped picture as a PNG of at most SHOWN pixels a side, with its history; as it is where it is one already.

    facts: what its manifest says. Raises CommandError without them.
    """
    with Image.open(io.BytesIO(data)) as picture:
        if mime == PNG and max(picture.size) <= SHOWN:
            return data
    if facts is None:
        raise CommandError("a picture has no manifest of ours: name a new folder")
    small, _ = decode_picture(data)
    small.thumbnail((SHOWN, SHOWN))
    key, _ = signer()
    return sign_derivative(encode(small, PNG), PNG, data, ("resized",), facts, key)
