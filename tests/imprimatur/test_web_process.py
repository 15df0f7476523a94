"""What the web process is made of, and what it says to browsers."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]


def test_it_never_loads_torch() -> None:
    code = (
        "import sys, django; django.setup(); import imprimatur.urls;"
        "print(sorted({'torch', 'diffusers', 'transformers', 'skia'} & sys.modules.keys()))"
    )
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("variable", ["", "IMPRIMATUR_SECRET_KEY"])
def test_it_refuses_to_start_without_a_key_or_a_database(variable: str, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "IMPRIMATUR_HOME": str(tmp_path)}
    if variable:
        environment[variable] = "x" * 50
        environment["IMPRIMATUR_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = subprocess.run(
        [sys.executable, "-c", "import imprimatur.asgi"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert ("IMPRIMATUR_SECRET_KEY" if not variable else "connection") in done.stderr


@pytest.mark.django_db
def test_browsers_are_told_to_run_nothing_but_our_files() -> None:
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_api_page_is_served_from_here_and_relaxes_styles_only() -> None:
    answer = Client().get("/api/docs")
    policy = {part.split()[0]: part for part in answer["Content-Security-Policy"].split("; ")}
    assert "unsafe-inline" in policy["style-src"]
    assert "unsafe-inline" not in policy["script-src"]
    assert b"https://" not in answer.content


@pytest.mark.django_db
def test_an_owner_or_superuser_is_refused(addresses: object) -> None:
    from django.db import connection
    from imprimatur.tenants.roles import UnsafeDatabaseRole, require_safe_role

    require_safe_role()
    for name in ("owner", "superuser"):
        url = getattr(addresses, name)
        environment = {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            "IMPRIMATUR_DATABASE_URL": url,
            "IMPRIMATUR_SECRET_KEY": "x" * 50,
        }
        done = subprocess.run(
            [sys.executable, "-c", "import imprimatur.asgi"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert UnsafeDatabaseRole.__name__ in done.stderr
    assert connection.settings_dict["USER"] == "imprimatur_app"
