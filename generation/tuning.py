"""How a loaded model shall run: precision, memory layout, compiled blocks, what waits in the host's memory. No torch.

Nothing of it is on by default: `docs/explanation/method.md` says what was measured.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

Precision = Literal["", "float32", "bfloat16"]
_YES: Final = {"1", "true", "yes", "on"}
_NO: Final = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """precision: of UNet and encoders, empty for the model's own (bfloat16 on a GPU, float32 on a CPU).
    channels_last: the UNet's convolutions read pixels one after the other. compiled: its transformer blocks are
    compiled, one after the other, when they first run. offload: encoders, autoencoder and judge wait in the host's
    memory while others work, and the autoencoder decodes in tiles.
    """

    precision: Precision = ""
    channels_last: bool = False
    compiled: bool = False
    offload: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Self:
        """IMPRIMATUR_PRECISION, _CHANNELS_LAST, _COMPILE, _OFFLOAD. Raises ValueError naming the variable."""
        return cls(
            precision=_precision(env.get("IMPRIMATUR_PRECISION", "").strip()),
            channels_last=_switch(env, "IMPRIMATUR_CHANNELS_LAST"),
            compiled=_switch(env, "IMPRIMATUR_COMPILE"),
            offload=_switch(env, "IMPRIMATUR_OFFLOAD"),
        )

    def describe(self) -> dict[str, str]:
        """What a result should say of it: each changes how kernels round."""
        switches = {"channels_last": self.channels_last, "compiled": self.compiled, "offload": self.offload}
        return {name: "on" for name, on in switches.items() if on}


def _precision(said: str) -> Precision:
    precisions: dict[str, Precision] = {"": "", "float32": "float32", "bfloat16": "bfloat16"}
    if said in precisions:
        return precisions[said]
    raise ValueError(f"IMPRIMATUR_PRECISION is float32 or bfloat16, or left empty, not “{said}”")


def _switch(env: Mapping[str, str], name: str) -> bool:
    said = env.get(name, "").strip().lower()
    if said not in _YES | _NO:
        raise ValueError(f"{name} is 1 or 0, not “{said}”")
    return said in _YES
