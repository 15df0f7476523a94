"""The same store on S3: what the GPU worker writes the control side reads, and the other way round."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from imprimatur import objects
from imprimatur.environment import s3_options
from moto.server import ThreadedMotoServer

from gpu_worker.storage import ObjectStore

URL = "s3://pictures/installation-1"
KEY = "tenants/0000/outputs/out_1/output.png"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
    }.items():
        monkeypatch.setenv(name, value)
    httpx.post(f"http://{host}:{port}/moto-api/reset")  # its buckets outlive the server
    place = {"LocationConstraint": "ap-northeast-1"}
    boto3.client("s3").create_bucket(Bucket="pictures", CreateBucketConfiguration=place)
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": s3_options(URL)}
    settings.STORAGES = {**settings.STORAGES, "objects": backend}
    yield
    server.stop()


def test_what_is_put_comes_back_under_its_digest(bucket: None) -> None:
    sha256 = objects.put(KEY, b"picture", "image/png")
    assert objects.get(KEY, sha256) == b"picture"
    head = boto3.client("s3").head_object(Bucket="pictures", Key=f"installation-1/{KEY}")
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
