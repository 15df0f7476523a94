"""The real signer, the real library, real pictures."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from governance.pki import DevelopmentKeyWarning, development_anchors, development_signer
from governance.signing import Signer


@pytest.fixture(scope="session")
def noise() -> Image.Image:
    """128 x 128 RGB noise: nothing compresses it into a shape that hides a flipped byte."""
    pixels = np.random.default_rng(7).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "development"


@pytest.fixture(scope="session")
def signer(key_folder: Path) -> Signer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DevelopmentKeyWarning)
        return development_signer(key_folder)


@pytest.fixture(scope="session")
def anchors(signer: Signer, key_folder: Path) -> str:
    return development_anchors(key_folder)


@pytest.fixture(scope="session")
def other_signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Somebody else's chain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DevelopmentKeyWarning)
        return development_signer(tmp_path_factory.mktemp("keys") / "other")
