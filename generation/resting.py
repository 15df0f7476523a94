"""Networks that wait in the host's memory while others work on the device.

The UNet works for seconds at a time and stays; encoders work once a picture before it, the autoencoder and the judge
once after it. Moving them costs time and saves what they weigh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class Resting:
    """stages: which networks each one needs; at rest from the beginning."""

    def __init__(self, device: torch.device, stages: Mapping[str, Sequence[nn.Module]]) -> None:
        self.device, self.stages = device, stages
        for stage in stages:
            self._move(stage, torch.device("cpu"))

    @contextmanager
    def at_work(self, stage: str) -> Iterator[None]:
        """The stage's networks are on the device inside, and off it again however it ends."""
        try:
            self._move(stage, self.device)
            yield
        finally:
            self._move(stage, torch.device("cpu"))
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _move(self, stage: str, device: torch.device) -> None:
        for network in self.stages.get(stage, ()):
            network.to(device)


def networks(holder: Any) -> list[nn.Module]:
    """The networks an encoder or a judge holds, alone or in tuples; a network holds itself."""
    if isinstance(holder, nn.Module):
        return [holder]
    found: list[nn.Module] = []
    for value in vars(holder).values() if hasattr(holder, "__dict__") else ():
        inside = value if isinstance(value, list | tuple) else (value,)
        found += [x for x in inside if isinstance(x, nn.Module)]
    return found
