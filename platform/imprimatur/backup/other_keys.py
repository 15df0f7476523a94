"""Keys that lie where a backup's keys would go. They may be all that is left of an installation whose database was
lost: they are never written over and never mixed with others. Somebody has to say which are to be used.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from governance.keyfiles import write_private
from imprimatur.backup.folder import BackupUnusable
from imprimatur.backup.key_notes import key_folders
from imprimatur.environment import SECRETS_FILE

Choice = Literal["", "set-aside", "keep"]
CHOICES: Final = ("set-aside", "keep")
MANY: Final = 5


def put_keys(keys: dict[str, bytes]) -> dict[Path, bytes]:
    """Where each key file of the backup goes, by the name it has there (`pki/permit.key.pem`)."""
    folders = key_folders()
    parts = {name: name.partition("/") for name in keys}
    return {folders[kind] / rest: keys[name] for name, (kind, _, rest) in parts.items() if kind in folders}


def others(keys: dict[str, bytes]) -> list[Path]:
    """Key files that lie here and are not the backup's, sorted. None where a restore was only interrupted."""
    if not keys:
        return []
    ours = put_keys(keys)
    return [path for path in _here() if ours.get(path) != path.read_bytes()]


def require_choice(found: Iterable[Path], choice: Choice) -> None:
    """BackupUnusable where other keys lie and nobody said what becomes of them."""
    names = [str(path) for path in found]
    if not names or choice:
        return
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    raise BackupUnusable(
        f"Other keys than the backup's lie here: {', '.join(names[:MANY])}{more}. Nothing was changed. Say --keys "
        "set-aside to move them beside their folder and use the backup's, or --keys keep to go on with those here."
    )


def set_aside(now: datetime) -> list[Path]:
    """Move every folder of keys beside itself, under a name with the day and time, and copy the secrets there; where
    all that lies now."""
    ending = f"before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    moved = []
    for folder in key_folders().values():
        if any(path.is_relative_to(folder) for path in _here()):
            target = folder.with_name(f"{folder.name}.{ending}")
            try:
                folder.rename(target)
            except OSError as error:
                raise BackupUnusable(f"{folder} cannot be moved to {target} ({error}): move it, then go on.") from error
            moved.append(target)
    if SECRETS_FILE.exists():
        copy = SECRETS_FILE.with_name(f"{SECRETS_FILE.name}.{ending}")
        write_private(copy, SECRETS_FILE.read_bytes())
        moved.append(copy)
    return moved


def _here() -> list[Path]:
    files = (path for folder in key_folders().values() for path in folder.rglob("*"))
    return sorted(path for path in files if path.is_file() and not path.name.startswith("."))
