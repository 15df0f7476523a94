"""What travels: JSON both ways, tolerant of a side that is older or newer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generation.spec import GenerationSpec, MaskDials
from gpu_worker.config import WorkerConfig
from gpu_worker.messages import (
    RenderOrder,
    RenderProgress,
    RenderReport,
    StoredObject,
    WorkerHello,
    render_queue,
)

ROOT = Path(__file__).resolve().parents[2]
STORED = StoredObject(key="tenants/t/references/r/o.png", sha256="a" * 64)
SPEC = GenerationSpec(
    profile="studio",
    prompt="a bottle",
    word="bottle",
    seed=1,
    reference_digests=("a" * 64,),
    mask=MaskDials(scope=0.5),
)
IDS = {"generation_id": "gen_1", "tenant_id": "t", "attempt": 1, "attempt_secret": "s"}
ORDER = RenderOrder(**IDS, spec=SPEC, references=(STORED,), permit="imp1.a.b.c", manifest={}, output_prefix="p/")
REPORT = RenderReport(**IDS, outcome="ready", worker="w", output=STORED, mask_area=[0.5], scores={"leak": 0.1})
MESSAGES = [
    ORDER,
    REPORT,
    RenderProgress(**IDS, stage="drawing", worker="w", step=1, steps=2),
    WorkerHello(worker="w", profiles=["studio"], slots=1),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_comes_back_from_json_as_it_was(message: RenderOrder) -> None:
    assert type(message).from_json(json.loads(json.dumps(message.to_json()))) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_newer_sides_keys_are_ignored(message: RenderOrder) -> None:
    assert type(message).from_json(message.to_json() | {"added_later": 1}) == message


def test_an_older_sides_report_takes_the_defaults() -> None:
    old = {name: value for name, value in REPORT.to_json().items() if name not in ("scores", "warnings", "seconds")}
    assert RenderReport.from_json(old).scores == {}


def test_the_specs_digest_survives_the_journey() -> None:
    assert RenderOrder.from_json(json.loads(json.dumps(ORDER.to_json()))).spec.digest() == SPEC.digest()


def test_each_profile_has_its_queue() -> None:
    assert render_queue("studio") != render_queue("sd15")


def test_a_worker_on_one_machine_needs_no_variable(tmp_path: Path) -> None:
    config = WorkerConfig.from_environment({"IMPRIMATUR_HOME": str(tmp_path)})
    assert (config.broker_url, config.profiles, config.slots) == ("filesystem://", ("studio",), None)
    assert config.broker_folder == tmp_path / "broker"
    assert config.objects_url == (tmp_path / "objects").as_uri()
    assert config.permit_public_key == tmp_path / "worker" / "permit.pub.pem"
    assert config.signer_url == f"unix:{tmp_path / 'run' / 'signer.sock'}"


def test_variables_win() -> None:
    config = WorkerConfig.from_environment(
        {"IMPRIMATUR_PROFILES": "studio, sd15,", "IMPRIMATUR_SLOTS": "2", "IMPRIMATUR_OBJECTS_URL": "s3://b/p"}
    )
    assert (config.profiles, config.slots, config.objects_url) == (("studio", "sd15"), 2, "s3://b/p")


def test_a_number_that_is_none_is_refused() -> None:
    for said in ("many", "0", "-1"):
        with pytest.raises(ValueError, match=said):
            WorkerConfig.from_environment({"IMPRIMATUR_SLOTS": said})
    with pytest.raises(ValueError, match="IMPRIMATUR_OFFLOAD is 1 or 0"):
        WorkerConfig.from_environment({"IMPRIMATUR_OFFLOAD": "perhaps"})


def test_the_worker_starts_without_models_torch_or_a_database(tmp_path: Path) -> None:
    code = (
        "import sys, gpu_worker.tasks\n"
        "print([m for m in ('django.db', 'torch', 'psycopg', 'imprimatur') if m in sys.modules])"
    )
    env = {
        "PATH": os.environ["PATH"],
        "IMPRIMATUR_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_worker_without_the_permit_key_ends_and_says_why(tmp_path: Path) -> None:
    code = "import gpu_worker.tasks as tasks\nfrom gpu_worker.celery import _open\ntasks.KEY_SECONDS = 0.1\n_open()\n"
    env = {"PATH": os.environ["PATH"], "IMPRIMATUR_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "this worker cannot start" in done.stderr
    assert "permit.pub.pem" in done.stderr
