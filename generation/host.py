"""What passes between the host and the device without either waiting for the other.

A step's numbers live on the device. Whatever the host must know of them is copied while the device works on, and read a
step later; what the device must know of the host is brought there once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor


class Late:
    """A small tensor of the device, on its way to the host since it was made."""

    def __init__(self, value: Tensor) -> None:
        self._event: torch.cuda.Event | None = None
        self._host = value
        if value.device.type == "cuda":
            self._host = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
            self._host.copy_(value, non_blocking=True)
            self._event = torch.cuda.current_stream(value.device).record_event()

    def read(self) -> Any:
        """Its numbers. Waits for nothing but what the device was asked before this one was made."""
        if self._event is not None:
            self._event.synchronize()
        return self._host.tolist()


@lru_cache(maxsize=1024)
def constant(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    """(n,) on the device; copied there when it is first asked for. Nobody may write into it."""
    with torch.inference_mode(False):  # training may ask for it later
        return torch.tensor(values, device=device, dtype=dtype)
