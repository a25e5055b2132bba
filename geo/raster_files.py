"""One band of numbers as a GeoTIFF, in memory or written beside and renamed: what is there is never lost."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.io import MemoryFile

from rsvlm.geo.staging import beside


def geotiff(values: np.ndarray, transform: Affine, crs: Optional[CRS]) -> bytes:
    """values: (H, W), nan where there is none; float32 in the file. transform: from pixels to `crs`, if there is one."""
    height, width = values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype="float32", nodata=float("nan"), compress="deflate",
            transform=transform, crs=crs,
        ) as target:  # fmt: skip
            target.write(values.astype(np.float32), 1)
        return bytes(memory.getbuffer())


def write_whole(path: Path, content: bytes) -> None:
    """Raises RsvlmError (bad_request) if the file cannot be written; then nothing of it is left."""
    with beside(path) as inside:
        inside.write_bytes(content)
