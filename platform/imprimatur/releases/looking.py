"""The verify desk's look at a stranger's file, in a process that can reach nothing. One keeper for this web process."""

from __future__ import annotations

import atexit
import logging
from datetime import date

from governance.apart import Apart, Known
from governance.errors import InvalidKey
from governance.inspection import Inspection, LaidOver
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


def look(data: bytes) -> Inspection:
    """What the file says about itself, and what its pixels are known by."""
    return _apart.inspect(data, _known())


def lay_over(data: bytes, original: bytes) -> LaidOver:
    """The file over a picture of ours that it may be a copy of. Raises UnreadableUpload."""
    return _apart.lay_over(data, original, _known())


def get_ready() -> None:
    """Somebody is about to bring a file: load what a look takes meanwhile."""
    _apart.warm_up(_known())


def _known() -> Known:
    return Known(anchors=keys.trust_anchors(), public_list=listed().pem, watermark_key=keys.watermark_key())
