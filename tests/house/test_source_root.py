"""`platform/` must stay a source root: a package of that name would shadow the standard library."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_platform_has_no_init_file() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_a_fresh_interpreter_at_the_root_imports_the_standard_platform() -> None:
    code = "import uuid, platform; print(platform.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert not found.stdout.startswith(str(ROOT / "platform"))
