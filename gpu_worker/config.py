"""Where a worker finds everything: its environment, read once when it starts.

| variable | default |
|---|---|
| IMPRIMATUR_HOME | `var/` beside the packages: folder of the one-machine defaults below |
| IMPRIMATUR_BROKER_URL, IMPRIMATUR_BROKER_FOLDER | `filesystem://`, HOME/broker |
| IMPRIMATUR_OBJECTS_URL | HOME/objects; any fsspec URL such as `s3://bucket/prefix` |
| IMPRIMATUR_WORKER_KEYS | HOME/worker: `permit.pub.pem`, `watermark.key`, `signer.token`, made by the control side |
| IMPRIMATUR_SIGNER_URL | unix:HOME/run/signer.sock: the control side's signer; `http://host:port` on another machine |
| IMPRIMATUR_SIGNER_KEY, IMPRIMATUR_SIGNER_CHAIN | none: PEM files, for a worker that holds the key itself |
| IMPRIMATUR_PERMIT_PUBLIC_KEY | WORKER_KEYS/permit.pub.pem |
| IMPRIMATUR_PROFILES | `studio`; comma separated |
| IMPRIMATUR_PIPELINES | `generation.loading:load_pipeline`: how a profile's pipeline is loaded |
| IMPRIMATUR_DEVICE | `cuda` where there is one, else `cpu` |
| IMPRIMATUR_SLOTS | measured when a model is loaded (1, 2 or 4): pictures drawn at once |
| IMPRIMATUR_PRECISION | the model's own: bfloat16 on a GPU, float32 on a CPU |
| IMPRIMATUR_CHANNELS_LAST, IMPRIMATUR_COMPILE, IMPRIMATUR_OFFLOAD | off; 1 is on: `generation/tuning.py` |
| IMPRIMATUR_TORCH_THREADS | all cores but one: threads of a CPU; more of them than free cores spin against each other |
| IMPRIMATUR_STEP_SECONDS, IMPRIMATUR_LOAD_SECONDS | 120, 900: a step or a load that takes longer hangs |
| IMPRIMATUR_WORKER_NAME | host name; must differ between workers |
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.tuning import Tuning
from governance.worker_keys import WorkerKeys

LEAVE_SECONDS: Final = 4.0  # after SIGTERM; whoever stops us kills after five


@dataclass(frozen=True, kw_only=True)
class WorkerConfig:
    """One worker's surroundings; see the table above. Times in seconds."""

    name: str
    broker_url: str
    broker_folder: Path
    objects_url: str
    keys: WorkerKeys
    signer_url: str
    signer_key: Path | None
    signer_chain: Path | None
    permit_public_key: Path
    profiles: tuple[str, ...]
    pipelines: str
    device: str
    slots: int | None
    tuning: Tuning
    torch_threads: int
    step_seconds: float
    load_seconds: float

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> WorkerConfig:
        """Read the variables. Raises ValueError for a number that is none, or a switch neither on nor off."""
        home = Path(env.get("IMPRIMATUR_HOME") or Path(__file__).resolve().parents[1] / "var").resolve()
        keys = WorkerKeys(Path(env.get("IMPRIMATUR_WORKER_KEYS") or home / "worker"))
        return cls(
            name=env.get("IMPRIMATUR_WORKER_NAME") or socket.gethostname(),
            broker_url=env.get("IMPRIMATUR_BROKER_URL") or "filesystem://",
            broker_folder=Path(env.get("IMPRIMATUR_BROKER_FOLDER") or home / "broker"),
            objects_url=env.get("IMPRIMATUR_OBJECTS_URL") or (home / "objects").as_uri(),
            keys=keys,
            signer_url=env.get("IMPRIMATUR_SIGNER_URL") or f"unix:{home / 'run' / 'signer.sock'}",
            signer_key=_path(env, "IMPRIMATUR_SIGNER_KEY"),
            signer_chain=_path(env, "IMPRIMATUR_SIGNER_CHAIN"),
            permit_public_key=_path(env, "IMPRIMATUR_PERMIT_PUBLIC_KEY") or keys.permit_public,
            profiles=_names(env.get("IMPRIMATUR_PROFILES") or "studio"),
            pipelines=env.get("IMPRIMATUR_PIPELINES") or "generation.loading:load_pipeline",
            device=env.get("IMPRIMATUR_DEVICE", ""),
            slots=_count(env, "IMPRIMATUR_SLOTS"),
            tuning=Tuning.from_environment(env),
            torch_threads=int(env.get("IMPRIMATUR_TORCH_THREADS") or max(1, (os.cpu_count() or 1) - 1)),
            step_seconds=float(env.get("IMPRIMATUR_STEP_SECONDS") or 120),
            load_seconds=float(env.get("IMPRIMATUR_LOAD_SECONDS") or 900),
        )


def _count(env: Mapping[str, str], name: str) -> int | None:
    """At least one; None where nothing is said."""
    said = env.get(name, "").strip()
    if not said:
        return None
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"{name} is a number from 1, or left unset to be measured, not “{said}”")
    return int(said)


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
