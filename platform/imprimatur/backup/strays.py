"""Which files does no row name? Left behind by attempts that came to nothing, or by a database older than its files.

Nothing is deleted here: whoever runs the server looks first. A file that was written within the last hour, or for a
picture that is still being drawn, may be named yet.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.core.files.storage import Storage, storages
from django.utils import timezone

from imprimatur.backup.promised import promises
from imprimatur.generations.models import Generation
from imprimatur.generations.pictures import REPORT_NAME
from imprimatur.generations.states import ACTIVE

SETTLED: Final = timedelta(hours=1)


def strays(tenant_id: uuid.UUID, now: datetime | None = None) -> Iterator[str]:
    """Keys of the tenant's files that nothing names, in order. Needs the tenant's scope."""
    store, before = storages["objects"], (now or timezone.now()) - SETTLED
    named = {promise.key for promise in promises(tenant_id)}
    folders = {key.rpartition("/")[0] for key in named}
    busy = {str(pk) for pk in Generation.objects.filter(state__in=ACTIVE).values_list("pk", flat=True)}
    for key in _keys(store, f"tenants/{tenant_id}"):
        folder, _, name = key.rpartition("/")
        is_report = name == REPORT_NAME and folder in folders  # lies beside its picture, proves itself
        if key in named or is_report or busy & set(key.split("/")):
            continue
        if store.get_modified_time(key) <= before:
            yield key


def _keys(store: Storage, folder: str) -> Iterator[str]:
    """Every file below, folder by folder: an object store is listed page by page, never whole in memory."""
    try:
        folders, files = store.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in sorted(files))
    for name in sorted(folders):
        yield from _keys(store, f"{folder}/{name}")
