"""Load a ready-made network: on its device, frozen, and only if every parameter it has came from the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import ModelMixin

from generation.published import WeightsMismatch


def dtype_on(device: str) -> torch.dtype:
    """What networks are loaded in: bfloat16 on a GPU, float32 on a CPU."""
    return torch.bfloat16 if device.startswith("cuda") else torch.float32


def frozen(kind: Any, folder: Path, device: str, dtype: torch.dtype) -> Any:
    """`kind.from_pretrained`, from the folder alone. Raises WeightsMismatch for a parameter the file does not hold.

    What the file holds beyond it is fine: the image half of a CLIP leaves the text half.
    """
    name = "torch_dtype" if issubclass(kind, ModelMixin) else "dtype"
    model, said = kind.from_pretrained(folder, **{name: dtype}, output_loading_info=True, local_files_only=True)
    missing = sorted(said["missing_keys"])
    if missing:
        raise WeightsMismatch(f"{folder} lacks {len(missing)} parameters of {kind.__name__}: {', '.join(missing[:5])}")
    return model.to(device).eval().requires_grad_(False)
