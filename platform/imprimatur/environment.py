"""Where this process finds its folder, its secrets and its databases: environment first, then HOME's files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

PACKAGE: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE.parents[1]  # of a checkout
HOME: Final = Path(os.environ.get("IMPRIMATUR_HOME") or ROOT / "var").resolve()
SECRETS_FILE: Final = HOME / "secrets.json"


def _read_secrets() -> dict[str, str]:
    try:
        return dict(json.loads(SECRETS_FILE.read_text()))
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return {}


_SECRETS: Final = _read_secrets()


def secret(name: str) -> str:
    """`IMPRIMATUR_<NAME>`, else the same name in HOME/secrets.json, else ''."""
    return os.environ.get(f"IMPRIMATUR_{name.upper()}") or _SECRETS.get(name, "")


def flag(name: str, *, default: bool = False) -> bool:
    """An environment variable as yes or no."""
    text = os.environ.get(name, "")
    return default if text == "" else text.lower() in {"1", "true", "yes", "on"}


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated environment variable as a list without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "imprimatur",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def object_storage(url: str) -> dict[str, Any]:
    """Django's settings of a store: a bucket for `s3://bucket/prefix`, a folder for `file:///path`."""
    if url.startswith("s3://"):
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": s3_options(url)}
    return {"BACKEND": "imprimatur.objects.FolderStorage", "OPTIONS": {"url": url}}


def s3_options(url: str) -> dict[str, Any]:
    """django-storages' options for `s3://bucket/prefix`; boto3 takes region, keys and endpoint from AWS_*."""
    parts = urlsplit(url)
    return {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": True,
        "querystring_expire": 60,
    }
