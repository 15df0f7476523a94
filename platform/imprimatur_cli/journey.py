"""The main job without hands, over HTTP only: from one reference photograph to a released, verified picture.

Four people take part, each in a session of their own: who makes, who manages the rights, and the two who decide.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

from imprimatur_cli.client import Client
from imprimatur_cli.following import Job, follow
from imprimatur_cli.templates import approved_versions

Say = Callable[[str], None]
P = ParamSpec("P")
Found = TypeVar("Found")
PEOPLE: Final = ("creator", "rights", "reviewer1", "reviewer2")
USE: Final = {"channel": "web", "territory": "JP", "purpose": "advertising"}


class JourneyFailed(RuntimeError):
    """A stage did not end as it should; the message says which and what was found instead."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to make pictures of.

    reference: the photograph's bytes; name: its file name; mime: image/png, image/jpeg or image/webp.
    source: photograph or drawing. word: the English word for the subject. is_person: a likeness consent is recorded.
    wait_seconds: how long the pictures may take.
    """

    reference: bytes
    name: str
    mime: str
    source: str = "photograph"
    word: str = "bottle"
    is_person: bool = False
    pictures: int = 2
    wait_seconds: float = 600.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What left the house, and how long each stage took in seconds of wall time."""

    data: bytes
    mime: str
    sha256: str
    manifest_state: str
    generation: str
    release: str
    verdict: str
    seconds: dict[str, float]


@dataclass
class Journey:
    """The people at work on one server. `say` is told what happens, a line at a time."""

    base_url: str
    password: str
    say: Say
    company: str = "aozora"
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, task: Task) -> Result:
        """Everything, in order. Raises JourneyFailed, NotInTime, ApiProblem, SignInFailed or ServerUnreachable."""
        with ExitStack() as stack:
            maker, rights, first, second = self._timed("sign_in", self._sign_in, stack)
            reference = self._timed("upload", self._upload, maker, task)
            self._timed("consent", self._consent, maker, rights, reference, task)
            jobs = self._timed("generate", self._generate, maker, reference, task)
            drawn = _first_ready(self._timed("draw", follow, maker, jobs, task.wait_seconds, self.say))
            self._timed("review", self._approve, first, second, drawn["output"])
            release = self._timed("release", self._release, maker, drawn["output"])
            data = self._timed("download", self._download, maker, release)
            verdict = self._timed("verify", self._verify, data, release["mime"])
        return Result(
            data=data,
            mime=release["mime"],
            sha256=release["sha256"],
            manifest_state=release["manifest_state"],
            generation=drawn["id"],
            release=release["id"],
            verdict=verdict,
            seconds=self.seconds | {"total": round(sum(self.seconds.values()), 3)},
        )

    def _timed(self, stage: str, work: Callable[P, Found], *facts: P.args, **more: P.kwargs) -> Found:
        start = time.monotonic()
        found = work(*facts, **more)
        self.seconds[stage] = round(time.monotonic() - start, 3)
        return found

    def _sign_in(self, stack: ExitStack) -> list[Client]:
        """Maker, rights manager and two reviewers, each in a session of their own."""
        people = []
        for who in PEOPLE:
            client = stack.enter_context(Client(self.base_url))
            client.sign_in(f"{who}@{self.company}.example", self.password)
            people.append(client)
        return people

    def _upload(self, maker: Client, task: Task) -> dict[str, Any]:
        brands = maker.get("/brands")["data"]
        brand = brands[0] if brands else maker.post("/brands", {"name": "Demo"})
        kind = "person" if task.is_person else "product"
        named = f"{task.word} {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        subject = maker.post("/subjects", {"brand": brand["id"], "name": named, "kind": kind, "word": task.word})
        declared = {"subject": subject["id"], "source": task.source, "shows_person": str(task.is_person).lower()}
        reference: dict[str, Any] = maker.upload("/references", (task.name, task.reference, task.mime), declared)
        self.say(f"reference {reference['id']}: {reference['width']} x {reference['height']} pixels, signed at intake")
        return reference

    def _consent(self, maker: Client, rights: Client, reference: dict[str, Any], task: Task) -> None:
        kind = "likeness" if task.is_person else "copyright"
        consent = maker.upload("/consents", evidence(kind, reference), terms(kind, reference))
        active = rights.post(f"/consents/{consent['id']}/verify")
        if active["status"] != "active":
            raise JourneyFailed(f"the consent is {active['status']} after the rights manager verified it")
        self.say(f"consent {active['id']} ({kind}): verified by the rights manager")

    def _generate(self, maker: Client, reference: dict[str, Any], task: Task) -> list[Job]:
        version = self._approved_version(maker)
        chosen = {v["name"]: v["options"][0]["token"] for v in version["variables"]}
        asked = {"reference": reference["id"], "template_version": version["id"], "variables": chosen, "use": USE}
        jobs: list[Job] = maker.post("/generations", {**asked, "count": task.pictures})["data"]
        self.say(f"{len(jobs)} pictures asked for: {jobs[0]['spec']['prompt']!r}")
        return jobs

    def _approved_version(self, maker: Client) -> dict[str, Any]:
        """The plainest wording that somebody approved."""
        approved = approved_versions(maker)
        if not approved:
            raise JourneyFailed("there is no approved template: run the seed, or approve one")
        return min(approved, key=lambda version: len(version["text"]))

    def _approve(self, first: Client, second: Client, output: str) -> None:
        for reviewer in (first, second):
            reviewer.post(f"/reviews/{output}/claim")
            reviewer.post(f"/reviews/{output}/decisions", {"verdict": "approve"})
        state = second.get(f"/reviews/{output}")["state"]
        if state != "approved":
            raise JourneyFailed(f"the picture is {state} after two approvals")
        self.say(f"picture {output}: approved by two people")

    def _release(self, maker: Client, output: str) -> dict[str, Any]:
        release: dict[str, Any] = maker.post("/releases", {"output": output, "use": USE})
        self.say(f"release {release['id']}: manifest {release['manifest_state']}")
        return release

    def _download(self, maker: Client, release: dict[str, Any]) -> bytes:
        data = maker.download(f"/releases/{release['id']}/content")
        if hashlib.sha256(data).hexdigest() != release["sha256"]:
            raise JourneyFailed("the downloaded file is not the released one: its SHA-256 differs")
        return data

    def _verify(self, data: bytes, mime: str) -> str:
        """As anybody would: without a session."""
        with Client(self.base_url) as anybody:
            found = anybody.upload("/verify", ("picture", data, mime))
        if found["verdict"] != "genuine":
            raise JourneyFailed(f"the verify desk calls the released file {found['verdict']}: {found['sentence']}")
        self.say(f"verify: {found['sentence']}")
        return str(found["verdict"])


def evidence(kind: str, reference: dict[str, Any]) -> tuple[str, bytes, str]:
    """The document that the consent rests on. In the demo it is plain text; in life it is a signed scan."""
    text = f"Demonstration only. {kind} consent for reference {reference['id']}, pixels {reference['pixel_sha256']}.\n"
    return "consent.txt", text.encode(), "text/plain"


def terms(kind: str, reference: dict[str, Any]) -> dict[str, Any]:
    """What is agreed: one year, one country, one channel, one purpose, pictures by AI allowed."""
    start = datetime.now(UTC)
    return {
        "title": f"Demo {kind} {reference['id'][-6:]}",
        "kind": kind,
        "reference_digests": [reference["pixel_sha256"]],
        "channels": [USE["channel"]],
        "territories": [USE["territory"]],
        "purposes": [USE["purpose"]],
        "synthetic_media_permitted": "true",
        "synthetic_description": "Pictures by AI of the subject of the reference, in scenes of approved templates.",
        "valid_from": (start - timedelta(minutes=1)).isoformat(),
        "valid_until": (start + timedelta(days=365)).isoformat(),
    }


def _first_ready(jobs: list[Job]) -> dict[str, Any]:
    for job in jobs:
        if job["state"] == "ready":
            return job
    told = "; ".join(f"{job['id']} {job['state']}: {job.get('error') or 'no reason given'}" for job in jobs)
    raise JourneyFailed(f"no picture became ready. {told}")
