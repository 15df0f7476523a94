"""What this process remembers of references: one cache a tenant, none shared, all gone with the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from generation.reference_cache import ReferenceCache

TENANTS: Final = 16
REFERENCES: Final = 32  # of each tenant; the released SDXL model needs 3 MB for one


class TenantCaches:
    """The caches of the most recently seen tenants."""

    def __init__(self, tenants: int = TENANTS, references: int = REFERENCES) -> None:
        self._tenants, self._references = tenants, references
        self._caches: OrderedDict[str, ReferenceCache] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant_id: str) -> ReferenceCache | None:
        """The tenant's own cache; None for nobody's."""
        if not tenant_id:
            return None
        with self._lock:
            cache = self._caches.setdefault(tenant_id, ReferenceCache(self._references))
            self._caches.move_to_end(tenant_id)
            while len(self._caches) > self._tenants:
                self._caches.popitem(last=False)
            return cache

    def forget(self, tenant_id: str, digests: Collection[str]) -> int:
        """Drop these references of the tenant; how many were here."""
        with self._lock:
            cache = self._caches.get(tenant_id)
        return 0 if cache is None else cache.forget(digests)
