from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gpu_worker.messages import StoredObject
from gpu_worker.outcomes import Failed, Refused
from gpu_worker.storage import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path.as_uri())


@contextmanager
def no_room() -> Iterator[None]:
    """The kernel refuses files beyond 4 kB, as a full disk refuses them.

    Held no longer than the call it is for: the test run's own report may be a file beyond 4 kB.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_is_put_is_got_by_its_digest(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.put("tenants/a/outputs/b/picture.png", b"pixels", "image/png")
    assert stored.sha256 == hashlib.sha256(b"pixels").hexdigest()
    assert store.get(stored) == b"pixels"
    assert (tmp_path / "tenants/a/outputs/b/picture.png").stat().st_mode & 0o777 == 0o600


def test_a_changed_file_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.put("a/b", b"pixels", "image/png")
    (tmp_path / "a/b").write_bytes(b"other pixels")
    with pytest.raises(Refused, match="not the file that was ordered") as refused:
        store.get(stored)
    assert refused.value.code == "reference_altered"


def test_a_missing_file_says_so(store: ObjectStore) -> None:
    with pytest.raises(Failed, match="upload it again") as failed:
        store.get(StoredObject(key="a/none", sha256="0" * 64))
    assert failed.value.code == "reference_missing"


@pytest.mark.parametrize("key", ["", "../secret", "a/../../b", "/etc/passwd", "a//b", "a/./b"])
def test_a_key_stays_inside_the_store(store: ObjectStore, key: str) -> None:
    with pytest.raises(Refused, match="no key"):
        store.put(key, b"x", "image/png")
    with pytest.raises(Refused, match="no key"):
        store.get(StoredObject(key=key, sha256="0" * 64))


def test_a_full_disk_is_said_in_words_and_leaves_no_half_file(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="make room") as failed, no_room():
        store.put("a/big", b"x" * 100_000, "image/png")
    assert failed.value.code == "store_full"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert store.put("a/small", b"x", "image/png").key == "a/small"


def test_a_store_elsewhere_works_the_same() -> None:
    store = ObjectStore("memory://bucket/prefix")
    stored = store.put("a/b", b"pixels", "image/png")
    assert store.get(stored) == b"pixels"
