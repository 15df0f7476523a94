"""Celery's way into the workshop: the one task, the cancel command, and this process's one workshop."""

from __future__ import annotations

import logging
import time
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from celery.worker.control import control_command

from governance.permit import load_public_key
from governance.signing import PemSigner
from governance.watermark import ensure_watermark_key
from gpu_worker.celery import app, config
from gpu_worker.config import WorkerConfig
from gpu_worker.engine import Engine, Loader
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.messages import CANCEL_COMMAND, RENDER_TASK, RenderOrder, WorkerHello, render_queue
from gpu_worker.permits import PermitDesk
from gpu_worker.remote_signer import RemoteSigners
from gpu_worker.sender import Sender
from gpu_worker.signers import OwnKey, Signers
from gpu_worker.storage import ObjectStore
from gpu_worker.workshop import Workshop

logger = logging.getLogger(__name__)

KEY_SECONDS: Final = 20.0
PUT_BACK_SECONDS: Final = 0.2  # lets another worker be quicker
_LIBRARIES: Final = ("imprimatur", "torch", "diffusers", "celery", "c2pa-python")


@app.task(name=RENDER_TASK)  # type: ignore[untyped-decorator]
def render(message: dict[str, Any]) -> None:
    """Draw one order. Every way it can end is reported, none is raised.

    A worker that is being switched off is still offered orders until its consumer ends: it puts them back untouched,
    as the same attempt, for another worker.
    """
    order = RenderOrder.from_json(message)
    if workshop().held.is_stopping:
        time.sleep(PUT_BACK_SECONDS)
        app.send_task(RENDER_TASK, args=[message], queue=render_queue(order.spec.profile))
        return
    workshop().handle(order)


@control_command(name=CANCEL_COMMAND, args=[("generation_id", str), ("attempt", int)])  # type: ignore[untyped-decorator]
def cancel_order(state: Any, generation_id: str, attempt: int) -> dict[str, bool]:  # noqa: ARG001 Celery's signature
    """Broadcast by the control side: stop drawing this attempt, whoever holds it."""
    return {"held": workshop().held.cancel(generation_id, attempt)}


@cache
def workshop() -> Workshop:
    """This process's workshop, made when first needed."""
    return Workshop(
        worker=config.name,
        desk=PermitDesk(load_public_key(config.permit_public_key)),
        store=ObjectStore(config.objects_url),
        engine=Engine(
            loader(config), step_seconds=config.step_seconds, load_seconds=config.load_seconds, slots=config.slots
        ),
        signers=signers(config),
        watermark_key=ensure_watermark_key(config.keys.folder),
        sender=Sender(app, config.name),
    )


@cache
def _heartbeat() -> Heartbeat:
    shop = workshop()
    return Heartbeat(shop.sender, shop.held, lambda: hello(config, shop.engine.slots))


def open_workshop() -> None:
    """Say hello from now on, and load the models meanwhile. Raises InvalidKey without the control side's permit key."""
    for needed in (config.permit_public_key, config.keys.watermark):
        _await(needed)
    _heartbeat().start()
    for profile in config.profiles:
        workshop().engine.warm_up(profile)


def _await(path: Path) -> None:
    """On the first start of one machine the control side makes this file at the same time."""
    end = time.monotonic() + KEY_SECONDS
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.1)


def close_workshop() -> None:
    """Say no more hellos, give back what is held."""
    _heartbeat().stop()
    workshop().held.stop_all()


def loader(settings: WorkerConfig) -> Loader:
    """How the engine's thread gets a profile's pipeline; torch is imported there."""
    module, _, name = settings.pipelines.partition(":")

    def load(profile: str) -> Any:
        import torch

        torch.set_num_threads(settings.torch_threads)
        return getattr(import_module(module), name)(profile, device(settings))

    return load


def device(settings: WorkerConfig) -> str:
    """The configured device, else a GPU if there is one."""
    import torch

    return settings.device or ("cuda" if torch.cuda.is_available() else "cpu")


def signers(settings: WorkerConfig) -> Signers:
    """A configured key of this worker's own, else the control side's signer: then no key is here."""
    if settings.signer_key and settings.signer_chain:
        return OwnKey(PemSigner.from_files(settings.signer_key, settings.signer_chain))
    return RemoteSigners(settings.signer_url, settings.keys.token)


def hello(settings: WorkerConfig, slots: int) -> WorkerHello:
    """Who this worker is; slots: how many pictures it draws at once by now."""
    return WorkerHello(
        worker=settings.name,
        profiles=list(settings.profiles),
        slots=slots,
        device=settings.device or "auto",
        versions={name: found for name in _LIBRARIES if (found := _version(name))},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
