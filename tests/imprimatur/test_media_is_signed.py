"""No picture leaves unsigned: every URL there is, asked as several people, every picture in the answers verified."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from imprimatur import keys
from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts.models import PromptTemplate
from imprimatur.releases import services as releasing
from imprimatur.releases.models import Release
from imprimatur.review import services as reviewing
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope

from governance.inspection import mime_of
from governance.provenance import ManifestReport, read
from tests.factories import World
from tests.imprimatur.drawn import USE, drawn

NOT_ASKED = re.compile(r"events|stream|schema|docs|accounts/|i18n/|static")  # streams, and what serves no picture
CONVERTED = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
SHOWN = re.compile(r"""(?:src|href|data-[\w-]+)=["'](?P<url>/[^"'#]+)["']""")
KINDS = {
    "references": "ref",
    "generations": "gen",
    "outputs": "out",
    "releases": "rel",
    "templates": "tpl",
    "jobs": "gen",
}
EXPECTED = {  # a route that serves pictures and is missing here was never asked with a row that exists
    "references/<str:ref>/content",
    "references/<str:ref>/thumbnail",
    "outputs/<str:out>/content",
    "releases/<str:rel>/content",
    "api/v1/references/<str:public_id>/content",
    "api/v1/outputs/<str:public_id>/content",
    "api/v1/releases/<str:public_id>/content",
}


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Every path of the URLconf."""
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, path)
        elif isinstance(entry, URLPattern):
            yield path


def rows(world: World) -> list[Model]:
    """One reviewed and one released picture, walked there by people, and what they were made of."""
    with tenant_scope(world.aozora.id):
        released, _ = drawn(world, count=2)  # the other one waits for its reviewers
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), released, "approve")
        releasing.release(world.actor(world.alice), released, USE)
        models = (Generation, Output, Release, ReferenceImage, PromptTemplate)
        return [row for model in models for row in model.objects.all()]


def addresses(path: str, known: list[Model]) -> Iterator[str]:
    """The path with every combination of ids that could fit; each name of the path takes one kind of row."""
    names = CONVERTED.findall(path)
    kind = KINDS.get(path.removeprefix("api/v1/").split("/", maxsplit=1)[0], "")
    for chosen in itertools.product(*(["1"] if number == "int" else _ids(name, kind, known) for number, name in names)):
        url = path
        for value in chosen:
            url = CONVERTED.sub(value, url, count=1)
        yield f"/{url}"


def _ids(name: str, kind: str, known: list[Model]) -> list[str]:
    """Of the rows that the name, or else the path, speaks of; of all where neither is known."""
    ids = {row.PREFIX: [] for row in known}  # type: ignore[attr-defined]
    for row in known:
        ids[row.PREFIX].append(row.public_id)  # type: ignore[attr-defined]
    return ids.get(name) or ids.get(kind) or [each[0] for each in ids.values()]


def pictures(answer: Any) -> Iterator[bytes]:
    """Everything in an answer that begins as a picture does, an archive's members too."""
    if answer.status_code != 200 or getattr(answer, "is_async", False):
        return
    body = answer.getvalue()
    if mime_of(body):
        yield body
    elif body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield from (data for name in archive.namelist() if mime_of(data := archive.read(name)))


class Crawl:
    """Asks as one visitor, follows what pages show, and remembers which route served pictures."""

    def __init__(self, visitor: str, client: Client, headers: dict[str, str]) -> None:
        self.visitor, self.client, self.headers = visitor, client, headers
        self.served: dict[str, list[ManifestReport]] = {}
        self.shown: set[str] = set()
        self.asked = 0

    def ask(self, url: str, route: str) -> None:
        self.asked += 1
        answer = self.client.get(url, headers=self.headers)
        for data in pictures(answer):
            report = read(data, mime_of(data), keys.trust_anchors())
            assert report.is_sound, f"{self.visitor} got {url}: {report.state} {report.all_failures}"
            assert answer["Content-Type"] in {mime_of(data), "application/zip"}, url
            self.served.setdefault(route, []).append(report)
        if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
            self.check_page(url, answer.getvalue().decode())

    def check_page(self, url: str, page: str) -> None:
        assert "data:image/png" not in page and "data:image/jpeg" not in page, f"{url} holds a picture of its own"
        self.shown |= {m["url"].replace("&amp;", "&") for m in SHOWN.finditer(page) if not NOT_ASKED.search(m["url"])}


def crawled(world: World) -> dict[str, Crawl]:
    """What each visitor was given, everywhere."""
    known = rows(world)
    _, secret = world.key([Permission.VIEW, Permission.GENERATE, Permission.RELEASE])
    visitors = [
        Crawl("creator", world.client(world.alice), {}),
        Crawl("rights manager", world.client(world.gordon), {}),
        Crawl("auditor", world.client(world.ada), {}),
        Crawl("outsider", world.client(world.charlie), {}),
        Crawl("nobody", Client(), {}),
        Crawl("key", Client(), {"Authorization": f"Bearer {secret}"}),
    ]
    paths = [path for path in routes(get_resolver().url_patterns) if not NOT_ASKED.search(path) and "(" not in path]
    for crawl in visitors:
        for path in paths:
            for url in addresses(path, known):
                crawl.ask(url, path)
        for url in sorted(crawl.shown):
            crawl.ask(url, "shown on a page")
    return {crawl.visitor: crawl for crawl in visitors}


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_every_picture_that_leaves_is_signed_and_tells_its_history(world: World) -> None:
    """`Crawl.ask` verifies each one; how many there were is printed (`pytest -s`)."""
    met = crawled(world)
    verified = sum(len(reports) for crawl in met.values() for reports in crawl.served.values())
    print(f"{sum(c.asked for c in met.values())} addresses asked, {verified} pictures verified")  # noqa: T201
    everywhere = {route for crawl in met.values() for route in crawl.served}
    assert everywhere >= EXPECTED
    for visitor in ("creator", "rights manager", "auditor"):
        assert "outputs/<str:out>/content" in met[visitor].served
        assert met[visitor].served["shown on a page"]
    assert met["outsider"].served == {}
    assert met["nobody"].served == {}
    for crawl in met.values():
        for route, reports in crawl.served.items():
            for report in reports:
                check_history(route, report)


def check_history(route: str, report: ManifestReport) -> None:
    """Back to what was uploaded: created, or opened and then changed; approved by people only once it is published."""
    is_published = "c2pa.published" in report.actions
    assert (report.oversight == "human_validated") == is_published, route
    assert is_published or "releases/" not in route, route
    first = {label: _first_action(manifest) for label, manifest in report.raw["manifests"].items()}
    assert set(first.values()) <= {"c2pa.created", "c2pa.opened"}, route
    assert "c2pa.created" in first.values(), route
    parents = [i for i in report.ingredients if i.relationship == "parentOf"]
    assert report.actions[0] == ("c2pa.opened" if parents else "c2pa.created"), route
    assert not parents or len(report.actions) > 1, f"{route}: opened, and nothing said of what was done"


def _first_action(manifest: dict[str, Any]) -> str:
    (data,) = [a["data"] for a in manifest["assertions"] if a["label"].startswith("c2pa.actions")]
    return str(data["actions"][0]["action"])
