"""A reference seen once need not be encoded again: its visual tokens, kept for one tenant, forgotten on demand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Key = tuple[str, str]  # profile, SHA-256 (hex) of the reference file


class ReferenceCache:
    """Projected visual tokens of one tenant's references, the most recently used `size` of them.

    Never share one across tenants: who may use a reference is decided before it is asked for. Safe to `forget` from
    another thread: tokens encoded while a reference is being forgotten are not kept.
    """

    def __init__(self, size: int = 32) -> None:
        self.size = size
        self._tokens: OrderedDict[Key, Tensor] = OrderedDict()
        self._forgotten = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tokens)

    def tokens(self, profile: str, digest: str, encode: Callable[[], Tensor]) -> Tensor:
        """The reference's tokens (1, n, c), encoded if they are not here."""
        key = (profile, digest)
        with self._lock:
            if key in self._tokens:
                self._tokens.move_to_end(key)
                return self._tokens[key]
            before = self._forgotten
        tokens = encode()
        with self._lock:
            if self._forgotten == before:
                self._tokens[key] = tokens
                while len(self._tokens) > self.size:
                    self._tokens.popitem(last=False)
        return tokens

    def forget(self, digests: Collection[str]) -> int:
        """Drop these references, of every profile; how many were here."""
        with self._lock:
            self._forgotten += 1
            gone = [key for key in self._tokens if key[1] in digests]
            for key in gone:
                del self._tokens[key]
        return len(gone)
