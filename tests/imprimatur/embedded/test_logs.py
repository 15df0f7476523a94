"""A process that runs for months: its log never outgrows the disk, and it writes on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from imprimatur.embedded import children
from imprimatur.embedded.children import keep_small

TALKER = """
import sys
for line in sys.stdin:
    print(line.strip() * 100, flush=True)
"""


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_small_log_and_none_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    assert not keep_small(log)
    log.write_text("short")
    assert not keep_small(log, 5)
    assert log.read_text() == "short"


def test_the_process_goes_on_in_an_empty_log_beside_the_older_half(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as file:
        process = subprocess.Popen([sys.executable, "-c", TALKER], stdin=subprocess.PIPE, stdout=file, text=True)
    assert process.stdin is not None
    try:
        print("before", file=process.stdin, flush=True)
        until(lambda: log.stat().st_size > 600)
        assert keep_small(log, 600)
        assert log.read_text() == ""
        assert (tmp_path / "web.1.log").read_text() == "before" * 100 + "\n"
        print("after", file=process.stdin, flush=True)
        until(lambda: log.stat().st_size > 500)
        assert log.read_text() == "after" * 100 + "\n"
    finally:
        process.stdin.close()
        process.wait(30)


def test_a_disk_too_full_for_the_older_half_still_gets_an_empty_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    log = tmp_path / "web.log"
    log.write_text("long" * 10)
    monkeypatch.setattr(children.shutil, "copyfile", full)
    assert keep_small(log, 5)
    assert log.read_text() == ""
