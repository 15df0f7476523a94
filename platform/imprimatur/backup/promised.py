"""Which files do the rows promise? Found by the models' own convention, so that no new one is forgotten.

A column `<name>_key` holds an object's key and `<name>_sha256` its digest (`object_key` goes with `sha256`); a JSON
column may hold further files as `{"key": ..., "sha256": ...}` at any depth.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import models

from imprimatur.tenants.models import TenantModel

JSON_FILES: Final = frozenset({("ReferenceImage", "thumbnails")})


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One file that a row names. owner: the row's public id; part: which of its files."""

    tenant_id: uuid.UUID
    owner: str
    part: str
    key: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A pair of columns that names files, or one JSON column."""

    model: type[TenantModel]
    key: str
    sha256: str = ""

    @property
    def part(self) -> str:
        """`output`, `mask_strip`, `evidence`, ... as people call it."""
        name = self.model._meta.verbose_name_raw if self.key == "object_key" else self.key
        return name.removesuffix("_key").replace(" ", "_")


def columns() -> list[Column]:
    """Every column that names files, in all installed apps."""
    found = []
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            names = [field.name for field in model._meta.get_fields() if isinstance(field, models.Field)]
            found += [Column(model=model, key=n, sha256=_digest_of(n)) for n in names if _is_key(n, names)]
            found += [Column(model=model, key=n) for n in names if (model.__name__, n) in JSON_FILES]
    return found


def promises(tenant_id: uuid.UUID) -> Iterator[Promise]:
    """Every file the tenant's rows name. Needs the tenant's scope."""
    for column in columns():
        wanted = ["pk", column.key, *([column.sha256] if column.sha256 else [])]
        for row in column.model._base_manager.filter(tenant_id=tenant_id).only(*wanted).iterator(chunk_size=500):
            yield from _of_row(column, row)


def _is_key(name: str, names: list[str]) -> bool:
    return name.endswith("_key") and _digest_of(name) in names


def _digest_of(key: str) -> str:
    return "sha256" if key == "object_key" else f"{key.removesuffix('_key')}_sha256"


def _of_row(column: Column, row: TenantModel) -> Iterator[Promise]:
    value = getattr(row, column.key)
    named = [(value, getattr(row, column.sha256))] if column.sha256 else nested(value)
    for key, sha256 in named:
        if key:
            yield Promise(tenant_id=row.tenant_id, owner=row.public_id, part=column.part, key=key, sha256=sha256)


def nested(value: Any) -> list[tuple[str, str]]:
    """Key and digest of every file in a JSON value."""
    if isinstance(value, dict) and {"key", "sha256"} <= set(value):
        return [(value["key"], value["sha256"])]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [pair for item in inside for pair in nested(item)]
