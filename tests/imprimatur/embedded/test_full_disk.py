"""A full disk is one sentence for whoever starts the product, and a harmless refusal for whoever uses it."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from imprimatur.embedded.home import CannotStart, Home

ROOT = Path(__file__).resolve().parents[3]

# A limit on file sizes is how a test without root meets EFBIG, which is treated like a full disk.
_LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import django; django.setup()
from imprimatur import objects
digest = objects.put("tenants/x/outputs/1/small.png", b"x" * 100)
for name in ("small", "large"):
    try:
        objects.put(f"tenants/x/outputs/1/{name}.png", b"x" * 100_000)
    except objects.StoreFull as full:
        print(full.status, full)
assert objects.get("tenants/x/outputs/1/small.png", digest) == b"x" * 100
"""


def test_a_start_with_too_little_space_says_how_much_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imprimatur.embedded.home.MINIMUM_FREE_BYTES", 2**60)
    with pytest.raises(CannotStart, match=r"The disk is full at .*: \d+ MB are free and \d+ MB are needed"):
        Home(tmp_path / "home").prepare()
    assert not (tmp_path / "home" / "secrets.json").exists()


def test_a_device_that_really_is_full_has_the_sentence() -> None:
    with pytest.raises(CannotStart, match="The disk is full at /home"):
        Home(Path("/home")).guarded(lambda: Path("/dev/full").write_text("x"))


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk is full at /there: free some space, then start again."),
        (errno.EROFS, "/there cannot be written: give this user the right to, or set IMPRIMATUR_HOME"),
        (errno.EIO, "/there: Input/output error."),
    ],
)
def test_each_error_of_the_disk_has_its_sentence(number: int, sentence: str) -> None:
    import os

    def fail() -> None:
        raise OSError(number, os.strerror(number), "/there")

    with pytest.raises(CannotStart) as refused:
        Home(Path("/home")).guarded(fail)
    assert str(refused.value).startswith(sentence)


def test_a_file_that_does_not_fit_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    environment = {
        "IMPRIMATUR_HOME": str(tmp_path),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
        "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("507 The disk of the file store is full.") == 2
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["small.png"]
