"""The verify desk's look at a stranger's file, in a process that can reach nothing. One for this web process."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Sequence
from datetime import date

from governance.apart import Apart, Known
from governance.errors import InvalidKey
from governance.inspection import Inspection
from governance.trust_list import TrustList, public_list
from imprimatur import keys
from imprimatur.environment import HOME

logger = logging.getLogger(__name__)

_apart = Apart()
atexit.register(_apart.close)


def listed() -> TrustList:
    """The public list in use. Our own pictures do not depend on it: one that cannot be read is as good as none."""
    try:
        return public_list(HOME)
    except InvalidKey:
        logger.exception("the trust list cannot be read")
        return TrustList(pem="", as_of=date.min, source="")


def look(data: bytes, originals: Sequence[bytes] = ()) -> Inspection:
    """What the file says about itself, and what its pixels are known by, also once it is laid over each original."""
    known = Known(anchors=keys.trust_anchors(), public_list=listed().pem, watermark_key=keys.watermark_key())
    return _apart.inspect(data, known, originals)
