"""A full disk is one sentence for whoever starts the product, and a harmless refusal for whoever uses it."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from imprimatur import objects
from imprimatur.embedded.home import CannotStart, Home
from imprimatur.embedded.postgres import runs_as_root

ROOT = Path(__file__).resolve().parents[3]

# A limit on file sizes is how a test without root meets EFBIG, which is treated like a full disk.
_LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import django; django.setup()
from imprimatur import objects
objects.put("tenants/x/outputs/1/small.png", b"x" * 100)
try:
    objects.put("tenants/x/outputs/1/large.png", b"x" * 100_000)
except objects.StoreFull as full:
    print(full.status, full, objects.exists("tenants/x/outputs/1/large.png"))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB; only root may mount one."""
    if not runs_as_root():
        pytest.skip("needs root to mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_start_on_a_small_disk_says_what_is_missing(small_disk: Path) -> None:
    with pytest.raises(CannotStart, match=r"The disk is full at .*: \d+ MB are free and 512 MB are needed"):
        Home(small_disk / "home").prepare()
    assert not (small_disk / "home" / "secrets.json").exists()


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


def test_a_file_that_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {
        "IMPRIMATUR_HOME": str(tmp_path),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
        "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("507 The disk of the file store is full."), done.stderr
    assert done.stdout.endswith("False\n")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["small.png"]


def test_a_store_on_a_full_disk_keeps_what_it_has(small_disk: Path) -> None:
    from django.core.files.base import ContentFile

    store = objects.FolderStorage((small_disk / "objects").as_uri())
    store.save("a/first.png", ContentFile(b"first"))
    with pytest.raises(OSError, match="No space left"):
        store.save("a/first.png", ContentFile(b"x" * 40 * 2**20))
    with store.open("a/first.png") as file:
        assert file.read() == b"first"
