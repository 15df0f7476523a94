"""What runs on one machine: Postgres, the web server, the control worker, the signer, the GPU worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imprimatur.embedded.children import Child
from imprimatur.embedded.database import Addresses, create_database
from imprimatur.embedded.home import CannotStart, Home
from imprimatur.embedded.postgres import Postgres, free_port

ROOT: Final = Path(__file__).resolve().parents[3]
DATABASE: Final = "imprimatur"
_POOL: Final = 16
LONGEST_SOCKET_PATH: Final = 100  # the kernel allows 107 bytes


@dataclass(frozen=True)
class Settings:
    """What the environment says about this start."""

    home: Home
    host: str
    port: int

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Defaults: `var/` in the checkout, 127.0.0.1, port 8000. CannotStart for a port that is none."""
        home = Home(Path(env.get("IMPRIMATUR_HOME") or ROOT / "var").resolve())
        text = env.get("IMPRIMATUR_PORT") or "8000"
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise CannotStart(f"IMPRIMATUR_PORT is {text!r}: give a number from 1 to 65535.")
        return cls(home, env.get("IMPRIMATUR_HOST") or "127.0.0.1", int(text))

    @property
    def url(self) -> str:
        """The address people open."""
        return f"http://{self.host}:{self.port}"


def embedded_postgres(home: Home, secrets: Mapping[str, str]) -> Postgres | None:
    """Our own database server; None when IMPRIMATUR_DATABASE_URL names another."""
    if os.environ.get("IMPRIMATUR_DATABASE_URL"):
        return None
    log = home.logs / "postgres.log"
    return Postgres(home.postgres, home.postgres_port(), secrets["postgres_password"], log=log)


def database_addresses(server: Postgres | None, secrets: Mapping[str, str]) -> Addresses:
    """Addresses of the app's and the owner's role. The server must run: roles and database are made where missing."""
    if server is not None:
        return create_database(server, DATABASE, secrets["owner_password"], secrets["app_password"])
    owner = os.environ.get("IMPRIMATUR_OWNER_DATABASE_URL", "")
    if not owner:
        raise CannotStart("IMPRIMATUR_DATABASE_URL is set: set IMPRIMATUR_OWNER_DATABASE_URL too, for migrations.")
    return Addresses(os.environ["IMPRIMATUR_DATABASE_URL"], owner, "")


def environment(home: Home, database_url: str = "", **more: str) -> dict[str, str]:
    """What a process of ours sees. Only those that need a database get an address, and only the app's role."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("DATABASE_URL")}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    own = {
        "IMPRIMATUR_HOME": str(home.path),
        "PYTHONPATH": paths,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
    }
    return inherited | own | ({"IMPRIMATUR_DATABASE_URL": database_url} if database_url else {}) | more


def children(settings: Settings, addresses: Addresses) -> list[Child]:
    """The processes beside Postgres, in the order they start."""
    web = ["uvicorn", "imprimatur.asgi:application", "--host", settings.host, "--port", str(settings.port)]
    web += ["--timeout-graceful-shutdown", "3", "--no-access-log", "--lifespan", "off"]
    home, pool = settings.home, {"IMPRIMATUR_DATABASE_POOL": str(_POOL)}
    door, told = _signers_door(home)
    signer = ["uvicorn", "imprimatur.signer.asgi:application", *door, "--no-access-log", "--lifespan", "off"]
    return [
        _child(home, "web", web, environment(home, addresses.app, **pool)),
        _child(home, "control", _celery("imprimatur.celery", "control"), environment(home, addresses.app, **pool)),
        _child(home, "signer", signer, environment(home, addresses.app, **pool)),
        _child(home, "gpu_worker", _celery("gpu_worker.celery", "gpu"), environment(home, **told)),
    ]


def _signers_door(home: Home) -> tuple[list[str], dict[str, str]]:
    """Where the signer listens, and what workers are told of it: a socket file, unless its path is too long for one."""
    path = home.run / "signer.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return ["--uds", str(path)], {"IMPRIMATUR_SIGNER_URL": f"unix:{path}"}
    port = free_port()
    return ["--host", "127.0.0.1", "--port", str(port)], {"IMPRIMATUR_SIGNER_URL": f"http://127.0.0.1:{port}"}


def manage(home: Home, database_url: str, *arguments: str, quiet: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one of Django's commands with this database."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        check=False,
        capture_output=quiet,
        text=True,
        cwd=ROOT,
        env=environment(home, database_url),
    )


def _celery(app: str, name: str) -> list[str]:
    return ["celery", "-A", app, "worker", "--loglevel", "INFO", "--hostname", f"{name}@%h"]


def _child(home: Home, name: str, module: list[str], env: dict[str, str]) -> Child:
    return Child(name, [sys.executable, "-m", *module], env, ROOT, home.logs / f"{name}.log")
