"""The object store gives back what was put in, or says why not."""

from pathlib import Path

import pytest
from django.conf import settings
from imprimatur import objects

KEY = "tenants/0000/references/ref_1/image.png"


def stored(key: str) -> Path:
    return Path(settings.OBJECTS_URL.removeprefix("file://")) / key


def test_what_is_put_comes_back_under_its_digest() -> None:
    sha256 = objects.put(KEY, b"picture", "image/png")
    assert objects.get(KEY, sha256) == b"picture"
    assert objects.exists(KEY)
    assert stored(KEY).stat().st_mode & 0o777 == 0o600


def test_a_file_changed_outside_is_not_shown() -> None:
    sha256 = objects.put(KEY, b"picture", "image/png")
    stored(KEY).write_bytes(b"another")
    with pytest.raises(objects.DigestMismatch):
        objects.get(KEY, sha256)


def test_a_missing_file_is_said_to_be_missing() -> None:
    objects.put(KEY, b"picture", "image/png")
    objects.delete(KEY)
    objects.delete(KEY)
    with pytest.raises(objects.ObjectMissing):
        objects.get(KEY, "0" * 64)


@pytest.mark.parametrize("key", ["../outside", "tenants/../../outside", "/etc/passwd"])
def test_a_key_cannot_leave_the_store(key: str) -> None:
    with pytest.raises(objects.ObjectMissing):
        objects.get(key, "0" * 64)


def test_writing_again_replaces_the_whole_file() -> None:
    objects.put(KEY, b"a much longer first version", "image/png")
    sha256 = objects.put(KEY, b"second", "image/png")
    assert objects.get(KEY, sha256) == b"second"
    assert [p.name for p in stored(KEY).parent.iterdir()] == ["image.png"]
