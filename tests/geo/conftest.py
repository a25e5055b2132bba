"""Small rasters written with GDAL as users have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(pixels (bands, H, W), name=..., names=[...], colours=[...], mask=..., **profile) -> path of a GeoTIFF.

    In UTM zone 33N with pixels of 10 m unless the profile says otherwise.
    """

    def make(pixels: np.ndarray, name: str = "scene.tif", **options: Any) -> str:
        names, colours = options.pop("names", None), options.pop("colours", None)
        mask, tags, palette = (options.pop(key, None) for key in ("mask", "tags", "palette"))
        profile = {"crs": "EPSG:32633", "transform": from_origin(500000, 5000000, 10, 10), "driver": "GTiff", **options}
        path = tmp_path / name
        count, height, width = pixels.shape
        with rasterio.open(path, "w", width=width, height=height, count=count, dtype=pixels.dtype, **profile) as target:
            if colours:
                target.colorinterp = colours
            if palette:
                target.write_colormap(1, palette)
            for index, text in enumerate(names or [], 1):
                target.set_band_description(index, text)
            target.update_tags(**(tags or {}))
            target.write(pixels)
            if mask is not None:
                target.write_mask(mask)
        return str(path)

    return make
