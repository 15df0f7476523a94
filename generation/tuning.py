"""How a loaded model is made to run: precision, memory layout, compiled blocks, and what waits in the host's memory.

Nothing of this is on by default on a CPU, where none of it was found to pay for every model: `docs/explanation/method.md`
has the figures.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import torch
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from generation.parts import Parts
from generation.pipeline import RealCustomPipeline
from generation.resting import Resting, networks

Precision = Literal["", "float32", "bfloat16"]
_YES: Final = {"1", "true", "yes", "on"}
_NO: Final = {"", "0", "false", "no", "off"}


class CompilerMissing(RuntimeError):
    """Blocks cannot be compiled here; the message says what to install or to switch off."""


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
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Tuning:
        """IMPRIMATUR_PRECISION, _CHANNELS_LAST, _COMPILE, _OFFLOAD. Raises ValueError naming the variable."""
        precision = env.get("IMPRIMATUR_PRECISION", "")
        if precision not in ("", "float32", "bfloat16"):
            raise ValueError(f"IMPRIMATUR_PRECISION is float32 or bfloat16, or left empty, not “{precision}”")
        return cls(
            precision=precision,
            channels_last=_switch(env, "IMPRIMATUR_CHANNELS_LAST"),
            compiled=_switch(env, "IMPRIMATUR_COMPILE"),
            offload=_switch(env, "IMPRIMATUR_OFFLOAD"),
        )

    def describe(self) -> dict[str, str]:
        """What a result should say of it: each changes how kernels round."""
        switches = {"channels_last": self.channels_last, "compiled": self.compiled, "offload": self.offload}
        return {name: "on" for name, on in switches.items() if on}


def _switch(env: Mapping[str, str], name: str) -> bool:
    said = env.get(name, "").strip().lower()
    if said not in _YES | _NO:
        raise ValueError(f"{name} is 1 or 0, not “{said}”")
    return said in _YES


def tuned(pipeline: RealCustomPipeline, tuning: Tuning) -> RealCustomPipeline:
    """The pipeline run that way; its networks are changed in place. Raises CompilerMissing."""
    parts = pipeline.parts
    if tuning.precision:
        _to_precision(parts, getattr(torch, tuning.precision))
    if tuning.channels_last:
        parts.denoiser.unet.to(memory_format=torch.channels_last)
    if tuning.compiled:
        compile_blocks(parts)
    resting = _rested(parts, pipeline.device) if tuning.offload else None
    return RealCustomPipeline(pipeline.profile, replace(parts, resting=resting, environment=tuning.describe()))


def _to_precision(parts: Parts, dtype: torch.dtype) -> None:
    """The autoencoder stays as it is: SDXL's overflows in half precision."""
    for network in (parts.denoiser.unet, *networks(parts.text_encoder), *networks(parts.visual_encoder)):
        network.to(dtype)
    if isinstance(parts.projector, nn.Module):
        parts.projector.to(dtype)


def _rested(parts: Parts, device: torch.device) -> Resting:
    for name in ("enable_slicing", "enable_tiling"):
        getattr(parts.autoencoder, name, lambda: None)()
    stages = {
        "prepare": [*networks(parts.text_encoder), *networks(parts.visual_encoder)],
        "decode": [parts.autoencoder],
        "judge": networks(parts.judge),
    }
    return Resting(device, stages)


def compile_blocks(parts: Parts) -> int:
    """Compile the UNet's transformer blocks, all but the first; how many. Raises CompilerMissing.

    Blocks of one shape share their code, so that compiling takes as long as that of one each. Cross-attention stays as
    it is written: which positions and tokens it works on differs from step to step. The first block is run in part
    for several branches at once (`generation.prefix`), and stays as it is too.
    """
    _check_compiler(parts.denoiser.unet.device)
    first = parts.denoiser.attention.layers[0]
    blocks = [m for m in parts.denoiser.unet.modules() if isinstance(m, BasicTransformerBlock) and m.attn2 is not first]
    for block in blocks:
        block.attn2.forward = torch.compiler.disable(block.attn2.forward)
        block.compile()
    return len(blocks)


def _check_compiler(device: torch.device) -> None:
    if device.type == "cpu" and not any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++")):
        raise CompilerMissing(
            "compiling for a CPU needs a C++ compiler: install g++ or set CXX, or leave IMPRIMATUR_COMPILE unset"
        )
