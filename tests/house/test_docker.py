"""The compose file and the images name what there is: paths, commands, variables, addresses, volumes.

Nothing is built here: the files are read as Docker reads them, and what their commands name is looked up in the code.
The web image's tree is laid out by its own COPY lines, and its own build step and imports are run in it.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from imprimatur.signer import application
from uvicorn.main import main as uvicorn_command

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
IMAGES = ("web", "worker")
CODE = ("generation", "governance", "gpu_worker", "platform")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
CONDITIONS = {"service_healthy", "service_completed_successfully", "service_started"}


@cache
def compose() -> dict[str, Any]:
    """As Docker Compose understands it: anchors and merges resolved."""
    return dict(yaml.safe_load((DOCKER / "compose.yaml").read_text()))


def services() -> dict[str, dict[str, Any]]:
    return dict(compose()["services"])


@cache
def image(name: str) -> tuple[tuple[str, str], ...]:
    """A Dockerfile's instructions, continued lines joined, remarks left out."""
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / f"{name}.Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return tuple((word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip()))


def of_image(name: str, word: str) -> list[str]:
    return [rest for instruction, rest in image(name) if instruction == word]


def environment(name: str) -> dict[str, str]:
    """What the image's ENV lines set."""
    return dict(part.split("=", maxsplit=1) for line in of_image(name, "ENV") for part in line.split())


def image_of(service: dict[str, Any]) -> str:
    """`web` or `worker`; "" for somebody else's image."""
    return Path(service["build"]["dockerfile"]).name.removesuffix(".Dockerfile") if "build" in service else ""


def command_of(service: dict[str, Any]) -> list[str]:
    said = service.get("command") or ast.literal_eval(" ".join(of_image(image_of(service), "CMD")))
    return [str(part) for part in said]


@cache
def code() -> str:
    return "\n".join(path.read_text() for folder in CODE for path in sorted((ROOT / folder).rglob("*.py")))


def is_read(name: str) -> bool:
    """By its whole name, or as `secret("secret_key")` and the like."""
    return f'"{name}"' in code() or f'secret("{name.removeprefix("IMPRIMATUR_").lower()}")' in code()


def test_every_variable_that_is_set_is_read() -> None:
    set_here = {name for service in services().values() for name in service.get("environment", {})}
    set_here |= {name for name in IMAGES for name in environment(name)}
    ours = {name for name in set_here if name.startswith("IMPRIMATUR_")}
    assert len(ours) >= 10
    assert {name for name in ours if not is_read(name)} == set()


def test_the_example_has_every_value_that_is_asked_for_and_no_other() -> None:
    asked = {match["name"] for match in VARIABLE.finditer((DOCKER / "compose.yaml").read_text())}
    given = re.findall(r"^(\w+)=", (DOCKER / "example.env").read_text(), flags=re.MULTILINE)
    assert asked == set(given)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"docker/.env", ".git", "var", ".venv"} <= set(ignored)


def test_who_waits_for_whom_can_be_waited_for() -> None:
    for name, service in services().items():
        for other, wanted in service.get("depends_on", {}).items():
            awaited = services()[other]
            assert wanted["condition"] in CONDITIONS, name
            if wanted["condition"] == "service_healthy":
                check = awaited.get("healthcheck") or of_image(image_of(awaited), "HEALTHCHECK")
                assert check and not (isinstance(check, dict) and check.get("disable")), f"{name} waits for {other}"
            if wanted["condition"] == "service_completed_successfully":
                assert awaited["restart"] == "no", f"{other} never ends"


def test_what_is_asked_for_its_health_answers() -> None:
    asked = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", "".join(of_image("web", "HEALTHCHECK")))
    assert [port for port, _ in asked] == of_image("web", "EXPOSE")
    for _, path in asked:
        assert resolve(path)
    ((port, path),) = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", str(services()["signer"]["healthcheck"]))
    command = command_of(services()["signer"])
    assert command[command.index("--port") + 1] == port
    assert f'"GET", "{path}"' in Path(application.__file__).read_text()
    assert services()["gpu_worker"]["environment"]["IMPRIMATUR_SIGNER_URL"] == f"http://signer:{port}"
    assert services()["web"]["ports"] == ["${PORT:-8000}:" + of_image("web", "EXPOSE")[0]]


def modules(command: list[str]) -> list[tuple[str, str]]:
    """Modules and names that a command line starts: `-m X`, `X:name` of uvicorn, `-A X` of celery."""
    found = [(command[place + 1], "") for place, part in enumerate(command) if part == "-m"]
    found += [(command[place + 1], "app") for place, part in enumerate(command) if part == "-A"]
    return found + [(module, name) for module, _, name in (p.partition(":") for p in command) if name.isidentifier()]


@pytest.mark.parametrize("name", [name for name, service in services().items() if "build" in service])
def test_every_command_names_what_there_is(name: str) -> None:
    command = command_of(services()[name])
    for said in re.findall(r"manage\.py (\w+)((?: --[\w-]+)*)", " ".join(command)):
        parser = load_command_class(get_commands()[said[0]], said[0]).create_parser("manage.py", said[0])
        assert set(said[1].split()) <= set(parser._option_string_actions), said
    for module, attribute in modules(command):
        path = next(
            (p for p in (ROOT, ROOT / "platform") if (p / module.replace(".", "/")).with_suffix(".py").exists()), None
        )
        if path is None:
            assert module in {"celery", "uvicorn"}
        elif attribute:
            assert re.search(
                rf"^{attribute}\b.*=", (path / module.replace(".", "/")).with_suffix(".py").read_text(), re.MULTILINE
            )


@pytest.mark.parametrize("name", [name for name in services() if "uvicorn" in str(services()[name].get("command"))])
def test_the_server_takes_the_options_it_is_given(name: str) -> None:
    for command in (command_of(services()[name]), command_of(services()["web"])):
        assert command[:3] == ["python", "-m", "uvicorn"]
        assert uvicorn_command.make_context("uvicorn", command[3:]).params["port"] in {8000, 8001}


def test_volumes_lie_where_the_images_look_and_nobody_sees_too_much() -> None:
    named = {volume.partition(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    assert named == set(compose()["volumes"])
    for service in (service for service in services().values() if "build" in service):
        home = environment(image_of(service))["IMPRIMATUR_HOME"]
        places = [volume.partition(":")[2] for volume in service["volumes"]]
        (made,) = re.findall(r"install -d -o (\w+) -m 0700 ([^&]+)", " ".join(of_image(image_of(service), "RUN")))
        assert set(places) <= set(made[1].split()), "a volume that its user cannot write to"
        assert all(place == home or place.startswith(f"{home}/") for place in places)
        assert [made[0]] == of_image(image_of(service), "USER")
    worker = services()["gpu_worker"]
    assert not any(volume.startswith("keys:") for volume in worker["volumes"])
    assert not any("DATABASE" in name or "SECRET" in name for name in worker["environment"])


def test_both_images_write_as_the_same_user() -> None:
    """They share volumes."""
    assert len({re.findall(r"--uid (\d+)", " ".join(of_image(name, "RUN")))[0] for name in IMAGES}) == 1


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_of_the_python_that_is_tested_and_of_files_that_are_there(name: str) -> None:
    assert of_image(name, "FROM") == [f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"]
    copied = [part for line in of_image(name, "COPY") for part in line.split()[:-1]]
    assert all((ROOT / part).exists() for part in copied)
    assert set(CODE) <= set(copied)
    installed = " ".join(of_image(name, "RUN"))
    extras = re.findall(r"\.\[(\w+)\]", installed)
    assert "-c constraints.txt" in installed and extras == (["worker"] if name == "worker" else [])


@pytest.fixture(scope="module")
def web_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the web image's COPY lines bring, and nothing else of the checkout."""
    tree = tmp_path_factory.mktemp("app")
    for line in of_image("web", "COPY"):
        *sources, target = line.split()
        for source in sources:
            if (ROOT / source).is_dir():
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, tree / target, ignore=left_out, symlinks=True)
            else:
                shutil.copy(ROOT / source, tree / target)
    return tree


def in_image(tree: Path, *arguments: str) -> str:
    """With the image's own variables, /app and /data laid into the tree."""
    said = {k: v.replace("/app", str(tree)).replace("/data", str(tree / "data")) for k, v in environment("web").items()}
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=tree,
        env={"PATH": os.environ["PATH"]} | said,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_web_images_build_step_works_with_what_is_copied(web_tree: Path) -> None:
    (step,) = re.findall(r"python manage\.py ([\w-]+ --[\w-]+)", " ".join(of_image("web", "RUN")))
    assert "static files copied" in in_image(web_tree, "manage.py", *step.split())
    where = in_image(
        web_tree, "-c", "import imprimatur, governance; print(imprimatur.__path__[0], governance.__path__[0])"
    )
    assert where.split() == [str(web_tree / "platform" / "imprimatur"), str(web_tree / "governance")]
    assert "django" in in_image(
        web_tree, "-c", "import imprimatur.celery, sys; print('django' in sys.modules and 'django')"
    )
