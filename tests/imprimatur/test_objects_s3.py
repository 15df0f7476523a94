"""The same store on S3: what the GPU worker writes the control side reads, and the other way round."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from imprimatur import objects
from imprimatur.environment import object_storage

from gpu_worker.storage import ObjectStore
from tests.imprimatur.s3 import BUCKET, stand_in

URL = f"s3://{BUCKET}/installation-1"
KEY = "tenants/0000/outputs/out_1/output.png"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    with stand_in(monkeypatch):
        settings.STORAGES = {**settings.STORAGES, "objects": object_storage(URL)}
        yield


def test_what_is_put_comes_back_under_its_digest(bucket: None) -> None:
    sha256 = objects.put(KEY, b"picture", "image/png")
    assert objects.get(KEY, sha256) == b"picture"
    head = boto3.client("s3").head_object(Bucket=BUCKET, Key=f"installation-1/{KEY}")
    assert head["ContentType"] == "image/png"
    with pytest.raises(objects.DigestMismatch):
        objects.get(KEY, "0" * 64)


def test_a_deleted_file_is_said_to_be_missing(bucket: None) -> None:
    sha256 = objects.put(KEY, b"picture", "image/png")
    objects.delete(KEY)
    assert not objects.exists(KEY)
    with pytest.raises(objects.ObjectMissing):
        objects.get(KEY, sha256)


def test_the_worker_and_the_control_side_share_one_store(bucket: None) -> None:
    worker = ObjectStore(URL)
    written = worker.put(KEY, b"drawn", "image/png")
    assert objects.get(KEY, written.sha256) == b"drawn"
    objects.put(KEY, b"second", "image/png")
    assert ObjectStore(URL).get(worker.put(KEY, b"third", "image/png")) == b"third"
