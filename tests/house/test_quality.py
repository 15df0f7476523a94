"""The house rules that tools can check."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def _run(*command: str) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"


def test_lint() -> None:
    _run("ruff", "check", ".")


def test_format() -> None:
    _run("ruff", "format", "--check", ".")


def test_imports_keep_their_contracts() -> None:
    _run("lint-imports", "--no-cache")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_types() -> None:
    _run("mypy", "generation", "governance", "gpu_worker", "platform")


@pytest.mark.slow
def test_templates_are_tidy() -> None:
    _run("djlint", "templates", "--lint", "--quiet")
