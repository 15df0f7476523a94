"""Is a file there only when it is whole and the right one, whatever the server does?"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from generation import downloads
from generation.downloads import DownloadFailed, fetch
from generation.getting import get_file
from generation.weight_files import WeightFile, Weights
from generation.weight_record import FIRST, PUBLISHED, problems, read_record, state
from tests.generation.file_server import FileServer, file_server

DATA = bytes(range(256)) * 4096  # 1 MiB
RIGHT = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server({"/w.bin": DATA, "/pickle.pth": b"a pickle"}) as served:
        yield served


def get(server: FileServer, target: Path, **known: object) -> downloads.Fetched:
    return fetch(f"{server.url}/w.bin", target, pause=0.001, **known)  # type: ignore[arg-type]


def test_a_whole_file_takes_its_name_and_is_watched(server: FileServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = get(server, tmp_path / "deep" / "w.bin", sha256=RIGHT, on_bytes=lambda *there: seen.append(there))
    assert (found.sha256, found.size) == (RIGHT, len(DATA))
    assert (tmp_path / "deep" / "w.bin").read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["w.bin"]


def test_a_download_that_breaks_off_goes_on_where_it_was(server: FileServer, tmp_path: Path) -> None:
    server.break_off_after = [100_000, 300_000]
    assert get(server, tmp_path / "w.bin").sha256 == RIGHT
    assert [wanted for _, wanted in server.asked] == ["", "bytes=100000-", "bytes=400000-"]


def test_a_later_call_goes_on_too(server: FileServer, tmp_path: Path) -> None:
    server.break_off_after = [100_000] + [0] * (downloads.ATTEMPTS - 1)
    with pytest.raises(DownloadFailed, match=r"broke off after 100000 bytes.*run the command again"):
        get(server, tmp_path / "w.bin")
    assert not (tmp_path / "w.bin").exists()
    server.asked.clear()
    assert get(server, tmp_path / "w.bin").sha256 == RIGHT
    assert server.asked == [("/w.bin", "bytes=100000-")]


def test_a_server_without_ranges_sends_everything_again(server: FileServer, tmp_path: Path) -> None:
    server.knows_ranges = False
    server.break_off_after = [100_000]
    assert get(server, tmp_path / "w.bin").sha256 == RIGHT
    assert (tmp_path / "w.bin").stat().st_size == len(DATA)


def test_a_file_that_changed_meanwhile_is_never_mixed(server: FileServer, tmp_path: Path) -> None:
    server.break_off_after = [100_000] + [0] * (downloads.ATTEMPTS - 1)
    with pytest.raises(DownloadFailed):
        get(server, tmp_path / "w.bin")
    server.files["/w.bin"], server.etag = DATA[::-1], '"v2"'
    get(server, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == DATA[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_name_or_a_digest_a_part_is_not_trusted(server: FileServer, tmp_path: Path, etag: str) -> None:
    server.etag = etag
    (tmp_path / "w.bin.part").write_bytes(b"somebody else's beginning")
    assert get(server, tmp_path / "w.bin").sha256 == RIGHT


def test_one_wrong_byte_leaves_no_file(server: FileServer, tmp_path: Path) -> None:
    server.files["/w.bin"] = DATA[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="is not the file on record"):
        get(server, tmp_path / "w.bin", sha256=RIGHT)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_part_is_found_out_by_the_digest(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "w.bin.part").write_bytes(b"?" * 1000)
    with pytest.raises(DownloadFailed, match="is not the file on record"):
        get(server, tmp_path / "w.bin", sha256=RIGHT)
    assert get(server, tmp_path / "w.bin", sha256=RIGHT).sha256 == RIGHT


def test_a_part_that_was_whole_already_is_taken(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "w.bin.part").write_bytes(DATA)
    assert get(server, tmp_path / "w.bin", sha256=RIGHT).sha256 == RIGHT
    assert server.asked == [("/w.bin", f"bytes={len(DATA)}-")]
    (tmp_path / "w.bin.part").write_bytes(DATA + b"more")
    assert get(server, tmp_path / "w.bin", sha256=RIGHT).sha256 == RIGHT


def test_a_busy_server_is_asked_again_a_refusing_one_is_not(server: FileServer, tmp_path: Path) -> None:
    server.answers = [503, 429]
    assert get(server, tmp_path / "w.bin").sha256 == RIGHT
    for status, said in ((401, "asks who you are"), (404, "has no such file"), (418, "refuses")):
        server.answers, server.asked = [status], []
        with pytest.raises(DownloadFailed, match=said):
            get(server, tmp_path / "other.bin")
        assert len(server.asked) == 1


def test_another_size_than_on_record_is_refused_before_it_is_fetched(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="1048576 bytes, not the 5 on record"):
        get(server, tmp_path / "w.bin", size=5)


def test_a_full_disk_is_told_before_the_first_byte(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: SimpleNamespace(free=downloads.SPARE))
    with pytest.raises(DownloadFailed, match="make room"):
        get(server, tmp_path / "w.bin")
    assert not (tmp_path / "w.bin.part").exists()


def test_a_dead_server_and_an_insecure_address_say_so(tmp_path: Path) -> None:
    with file_server({}) as gone:
        url = gone.url
    with pytest.raises(DownloadFailed, match="broke off after 0 bytes"):
        fetch(f"{url}/w.bin", tmp_path / "w.bin", pause=0.001)
    with pytest.raises(DownloadFailed, match="over https only"):
        fetch("http://example.org/w.bin", tmp_path / "w.bin")


def test_a_file_is_recorded_as_published_or_at_first_download(server: FileServer, tmp_path: Path) -> None:
    known, new = (WeightFile(path=f"{n}.bin", remote="w.bin", sha256=s) for n, s in (("known", RIGHT), ("new", "")))
    part = Weights(part="p", source="s", licence="MIT", base=server.url, files=(known, new))
    entries = [get_file(tmp_path, part, file, lambda *_: None, convert=_no_convert) for file in part.files]
    assert [entry.known for entry in entries] == [PUBLISHED, FIRST]
    assert read_record(tmp_path)["new.bin"].sha256 == RIGHT
    server.asked.clear()
    get_file(tmp_path, part, new, lambda *_: None, convert=_no_convert)
    assert server.asked == [], "what is there is not fetched again"


def test_a_file_put_there_by_hand_is_adopted_only_if_it_is_the_published_one(tmp_path: Path) -> None:
    file = WeightFile(path="w.bin", remote="w.bin", sha256=RIGHT)
    part = Weights(part="p", source="s", licence="MIT", base="https://nowhere.invalid", files=(file,))
    (tmp_path / "w.bin").write_bytes(DATA)
    assert get_file(tmp_path, part, file, lambda *_: None, convert=_no_convert).source == "put there by hand"
    (tmp_path / "weights.json").unlink()
    (tmp_path / "w.bin").write_bytes(DATA[1:])
    with pytest.raises(DownloadFailed, match="is not the published file"):
        get_file(tmp_path, part, file, lambda *_: None, convert=_no_convert)


def test_a_pickle_is_only_a_step(server: FileServer, tmp_path: Path) -> None:
    file = WeightFile(path="r/pickle.pth", remote="pickle.pth", converted="r/w.safetensors")
    part = Weights(part="p", source="s", licence="MIT", base=server.url, files=(file,))

    def convert(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes().upper())

    assert state(tmp_path, file) == "missing"
    entry = get_file(tmp_path, part, file, lambda *_: None, convert=convert)
    assert entry.sha256 == hashlib.sha256(b"A PICKLE").hexdigest()
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == ["w.safetensors"]
    server.files["/m/r/w.safetensors"] = b"A PICKLE"
    mirrored = get_file(tmp_path / "2", part, file, lambda *_: None, convert=_no_convert, mirror=f"{server.url}/m/")
    assert mirrored.sha256 == entry.sha256


def _no_convert(source: Path, target: Path) -> None:
    raise AssertionError(f"{source} is no pickle")


def test_importing_the_library_opens_no_connection_and_only_downloads_speaks_http() -> None:
    root = Path(downloads.__file__).parent
    speaking = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.partition(".")[0] in {"httpx", "requests", "urllib", "socket", "http", "huggingface_hub"}
    }
    assert speaking == {"downloads.py"}
    code = (
        "import socket; socket.socket.connect = None\n"
        "import generation.loading, generation.profiles, generation.downloads, sys"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root.parent)


def test_problems_name_what_is_missing_altered_or_unrecorded(tmp_path: Path) -> None:
    from dataclasses import replace

    from generation.profiles import SD15

    a, b = (WeightFile(path=name, remote=name) for name in ("a.bin", "b.bin"))
    part = Weights(part="p", source="s", licence="MIT", base="https://nowhere.invalid", files=(a, b))
    profile = replace(SD15, weights=(part,))
    assert problems(tmp_path, profile) == [
        "a.bin is missing: imprimatur weights get sd15",
        "b.bin is missing: imprimatur weights get sd15",
    ]
    for file in (a, b):
        (tmp_path / file.path).write_bytes(DATA)
    get_file(tmp_path, part, a, lambda *_: None, convert=_no_convert)
    assert [p.partition(" is")[0] for p in problems(tmp_path, profile)] == ["b.bin"]
    get_file(tmp_path, part, b, lambda *_: None, convert=_no_convert)
    assert problems(tmp_path, profile) == []
    (tmp_path / "b.bin").write_bytes(DATA[:-1] + b"?")
    assert problems(tmp_path, profile) == [
        "b.bin is not the file that was fetched from put there by hand: delete it and get it again"
    ]
