"""What must never be in the repository: secrets, big files, unannounced pickles, words of how it was made."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS_TOTAL = 36 * 2**20
WEIGHTS_FILE = 15 * 2**20
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n[A-Za-z0-9+/=]{40}")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_no_private_key_is_tracked() -> None:
    assert [p for p in _tracked() if PRIVATE_KEY.search(p.read_bytes())] == []


def test_weights_stay_small() -> None:
    sizes = {p: p.stat().st_size for p in _tracked() if p.suffix == ".safetensors" and "tests" not in p.parts}
    assert sum(sizes.values()) <= WEIGHTS_TOTAL
    assert [p for p, size in sizes.items() if size > WEIGHTS_FILE] == []


def test_no_pickles() -> None:
    assert [p for p in _tracked() if p.suffix in {".pt", ".pth", ".pkl", ".ckpt", ".bin"}] == []
