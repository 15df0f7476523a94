"""Uploads are opened in a process of their own, which can reach nothing: a bomb or a decoder's fault ends it alone.

One such keeper for this web process; it does not know the watermark's key.
"""

from __future__ import annotations

import atexit
import threading
from typing import Final

from django.utils.translation import gettext as _

from governance.apart import Apart, Known
from governance.taking_in import Opened
from imprimatur import keys
from imprimatur.tenants.errors import DomainError

AT_ONCE: Final = 2  # in each process; a picture of 40 megapixels takes a gigabyte while it is opened
TURN_SECONDS: Final = 30.0
_turns = threading.BoundedSemaphore(AT_ONCE)
_apart = Apart("open")
atexit.register(_apart.close)


def opened(data: bytes) -> Opened:
    """The upload's pixels and what its manifest says. Raises UnreadableUpload, or DomainError (429) when no turn comes
    in `TURN_SECONDS`."""
    if not _turns.acquire(timeout=TURN_SECONDS):
        seconds = int(TURN_SECONDS)
        sentence = _("Too many files at once. Try again in %(seconds)d seconds.") % {"seconds": seconds}
        raise DomainError("too_many_requests", sentence, 429, retry_after=seconds)
    try:
        return _apart.open(data, Known(anchors=keys.trust_anchors()))
    finally:
        _turns.release()
