"""A raster's stretch is worked out once, however many windows are read, and every window is as it would be alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from rsvlm.geo.scene import Scene
from rsvlm.trainer import rasters
from rsvlm.trainer.pictures import read_picture


def test_windows_share_one_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "deep.tif"
    pixels = np.random.default_rng(2).integers(100, 9000, (4, 200, 300)).astype(np.uint16)
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:32633", dtype="uint16", count=4, width=300, height=200,
        transform=Affine(10, 0, 500000, 0, -10, 5000000),
    ) as file:  # fmt: skip
        file.write(pixels)
    images = [
        {"href": str(path), "window": [x, 0, x + 100, 100], "bands": bands}
        for x in (0, 100)
        for bands in ([4, 3, 2], [1])
    ]
    monkeypatch.setattr(rasters, "_stretches", {})
    alone = []
    for image in images:
        alone.append(read_picture(image).pixels)
        rasters._stretches.clear()
    counted, sampled = [], Scene._samples.func
    monkeypatch.setattr(Scene._samples, "func", lambda scene: counted.append(scene) or sampled(scene))
    together = [read_picture(image).pixels for image in images]
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))
    assert len(counted) == 2  # once for each choice of bands
