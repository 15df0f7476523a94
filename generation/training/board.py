"""Losses and pictures of a run as TensorBoard events, written so that a resumed run hides what it does again."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

#: A picture as the bytes of a PNG, whatever else the caller puts into it.
ToBytes = Callable[[Image.Image], bytes]


def plain_png(image: Image.Image) -> bytes:
    """The picture as PNG, nothing added."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


class Board:
    """One event file of one process. to_bytes: how pictures are encoded, e.g. stamped as generated."""

    def __init__(self, folder: Path, *, first_step: int = 0, to_bytes: ToBytes = plain_png) -> None:
        self._writer, self._to_bytes = EventFileWriter(str(folder)), to_bytes
        if first_step:
            started = SessionLog(status=SessionLog.START)  # what an earlier process wrote beyond this step is void
            self._writer.add_event(Event(step=first_step, wall_time=time.time(), session_log=started))

    def number(self, tag: str, value: float, step: int) -> None:
        """One scalar."""
        self._add(step, Summary.Value(tag=tag, simple_value=value))

    def picture(self, tag: str, image: Image.Image, step: int) -> None:
        """One picture."""
        encoded = Summary.Image(
            width=image.width, height=image.height, colorspace=3, encoded_image_string=self._to_bytes(image)
        )
        self._add(step, Summary.Value(tag=tag, image=encoded))

    def flush(self) -> None:
        """What was added is on disk."""
        self._writer.flush()

    def close(self) -> None:
        """Nothing may be added afterwards."""
        self._writer.close()

    def _add(self, step: int, value: Any) -> None:
        self._writer.add_event(Event(step=step, wall_time=time.time(), summary=Summary(value=[value])))
