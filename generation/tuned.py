"""A loaded model made to run as `generation.tuning` says."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import Final

import torch
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from generation.parts import Parts
from generation.pipeline import RealCustomPipeline
from generation.resting import Resting, networks
from generation.tuning import Tuning

_VARIANTS: Final = 64  # of one block's code: widths, precisions, one row or more; beyond it blocks run uncompiled


class CompilerMissing(RuntimeError):
    """Blocks cannot be compiled here; the message says what to install or to switch off."""


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
    from torch import _dynamo  # takes seconds to load: nobody else shall wait for it

    _dynamo.config.recompile_limit = max(_dynamo.config.recompile_limit, _VARIANTS)
    first = parts.denoiser.attention.layers[0]
    blocks = [m for m in parts.denoiser.unet.modules() if isinstance(m, BasicTransformerBlock) and m.attn2 is not first]
    for block in blocks:
        block.attn2.forward = torch.compiler.disable(block.attn2.forward)  # type: ignore[no-untyped-call]
        block.compile(dynamic=True)
    return len(blocks)


def _check_compiler(device: torch.device) -> None:
    if device.type == "cpu" and not any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++")):
        raise CompilerMissing(
            "compiling for a CPU needs a C++ compiler: install g++ or set CXX, or leave IMPRIMATUR_COMPILE unset"
        )
