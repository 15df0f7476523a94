"""The main job without hands, as `./run demo` walks it: real web server, control worker and GPU worker, over HTTP."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import global_settings, settings
from django.test import override_settings
from imprimatur import keys
from imprimatur.generations.models import Generation
from imprimatur.releases.models import Release
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from governance.provenance import read
from tests.factories import World, member
from tests.flow.stack import ROOT, Stack, stack_in
from tests.imprimatur.drawn import approved_version, picture
from tests.imprimatur_cli.servers import environment, web_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PEOPLE = {
    "creator": [Role.CREATOR],
    "rights": [Role.RIGHTS_MANAGER],
    "reviewer1": [Role.REVIEWER],
    "reviewer2": [Role.REVIEWER],
}


@pytest.fixture
def company(committed_world: World) -> World:
    """The people of the demo, with passwords as the product hashes them, and one approved template."""
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        for name, roles in PEOPLE.items():
            member(committed_world.aozora, name, roles, committed_world.password)
    with tenant_scope(committed_world.aozora.id):
        approved_version(committed_world)
    return committed_world


@pytest.fixture
def stack(company: World, tmp_path: Path) -> Iterator[Stack]:
    keys.permit_public_key()  # made before any worker starts, as the supervisor does
    keys.platform_signer()
    with stack_in(tmp_path) as running:
        running.control()
        running.worker()
        yield running


@pytest.fixture
def server(company: World, tmp_path: Path) -> Iterator[str]:
    with web_server(tmp_path / "web.log") as url:
        yield url


def demo(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "imprimatur_cli.demo", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment() | env, capture_output=True, text=True, check=False)


def test_from_a_photograph_to_a_released_picture(stack: Stack, server: str, company: World, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture(640, "navy"))
    done = demo("--url", server, "--reference", str(photo), "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    data = Path(told["released_file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    assert told["manifest_state"] == "trusted"
    assert told["verdict"] == "genuine"
    said = read(data, "image/png", keys.trust_anchors())
    assert said.facts is not None
    assert said.facts.generation_id == told["generation"]
    assert said.facts.consents
    assert said.oversight == "human_validated"
    assert set(told["seconds"]) >= {"upload", "consent", "generate", "draw", "review", "release", "verify"}
    assert "drawing" in done.stderr
    with tenant_scope(company.aozora.id):
        assert Generation.objects.count() == 2
        assert Release.objects.get().public_id == told["release"]
        assert ConsentRecord.objects.get().kind == "copyright"


def test_a_person_needs_a_likeness_consent_and_gets_one(
    stack: Stack, server: str, company: World, tmp_path: Path
) -> None:
    done = demo("--url", server, "--person", "--word", "person", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "SHA-256" in done.stdout
    with tenant_scope(company.aozora.id):
        assert ConsentRecord.objects.get().kind == "likeness"


def test_it_says_what_is_wrong_in_one_sentence(server: str, company: World, tmp_path: Path) -> None:
    scribble = tmp_path / "photo.png"
    scribble.write_bytes(b"not a picture")
    cases = [
        (demo("--url", server, "--reference", str(scribble)), "PNG, JPEG or WebP"),
        (demo("--url", server, "--reference", str(tmp_path / "absent.png")), "absent.png"),
        (demo("--url", "http://127.0.0.1:9"), "./run"),
        (demo("--url", server, IMPRIMATUR_DEMO_PASSWORD="wrong"), "do not open a session"),
        (demo(IMPRIMATUR_HOME=str(tmp_path / "nowhere")), "./run"),
    ]
    for done, sentence in cases:
        assert done.returncode == 1, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_the_sample_ships() -> None:
    assert (Path(settings.ROOT) / "platform" / "imprimatur_cli" / "sample_bottle.png").read_bytes()[:4] == b"\x89PNG"
