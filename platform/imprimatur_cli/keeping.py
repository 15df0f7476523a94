"""`imprimatur backup` and `restore`: of the installation on this machine, by its own commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from imprimatur_cli.stack import ROOT


def backup(
    to: Annotated[Path, typer.Option("--to", help="Folder of the backup; the same one again copies what is new.")],
    with_development_keys: Annotated[
        bool, typer.Option(help="The keys this machine made for itself too: whoever has them can sign as you.")
    ] = False,
) -> None:
    """Database, files, checkpoints and notes of the keys; sealed when IMPRIMATUR_BACKUP_PASSPHRASE is set."""
    more = ["--with-development-keys"] if with_development_keys else []
    _manage("back_up", "--to", str(to.resolve()), *more)


def restore(
    source: Annotated[Path, typer.Option("--from", exists=True, file_okay=False, help="A backup.")],
    digest: Annotated[str, typer.Option(help="The SHA-256 that backup said; a sealed backup needs none.")] = "",
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Without digest and seal: whoever could write to it owns what you get.")
    ] = False,
    keys: Annotated[
        str, typer.Option(help="Other keys that lie here: set-aside moves them beside their folder, keep uses them on.")
    ] = "",
) -> None:
    """Put a backup into a fresh installation (name its folder by IMPRIMATUR_HOME), and check that it is whole."""
    more = [*(["--digest", digest] if digest else []), *(["--unproven"] if unproven else [])]
    more += ["--keys", keys] if keys else []
    _manage("restore", "--from", str(source.resolve()), *more)


def _manage(*arguments: str) -> None:
    """As `./run manage` does it: the database is started for the command when the product does not run."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    command = [sys.executable, "-m", "imprimatur.embedded", "manage", *arguments]
    done = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": paths})  # noqa: S603 - our own command
    raise typer.Exit(done.returncode)
