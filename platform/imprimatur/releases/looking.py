"""The verify desk's look at a stranger's file, in a process that can reach nothing. One for this web process."""

from __future__ import annotations

import atexit
from collections.abc import Sequence

from governance.apart import Apart, Known
from governance.inspection import Inspection
from governance.trust_list import public_list
from imprimatur import keys
from imprimatur.environment import HOME

_INSTALLED = HOME / "c2pa-trust-list.json"  # by `manage.py trust_list`
_apart = Apart()
atexit.register(_apart.close)


def look(data: bytes, originals: Sequence[bytes] = ()) -> Inspection:
    """What the file says about itself, and what its pixels are known by, also once it is laid over each original."""
    listed = public_list(_INSTALLED if _INSTALLED.exists() else None)
    known = Known(anchors=keys.trust_anchors(), public_list=listed.pem, watermark_key=keys.watermark_key())
    return _apart.inspect(data, known, originals)
