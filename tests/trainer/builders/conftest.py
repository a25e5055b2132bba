"""What tests of builders share: records of a file, and a picture in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture() -> Callable[[Path, np.ndarray], Path]:
    """picture(path, pixels): a file with these pixels, (H, W, 3) or (H, W) uint8."""

    def write(path: Path, pixels: np.ndarray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return write
