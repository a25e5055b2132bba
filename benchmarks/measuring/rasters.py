"""Rasters to measure with: the demo's village as it is, repeated to any size, or as a picture of the screen."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import Affine

import rsvlm.geo  # noqa: F401  # limits GDAL, which has to come before rasterio starts it

ROOT = Path(__file__).resolve().parents[2]
VILLAGE = ROOT / "resources" / "demo" / "before.tif"
BLOCK = 512  # pixels


def village() -> dict[str, Any]:
    """The demo's raster by its path, as the protocol writes it."""
    return {"href": str(VILLAGE)}


def screenshot(side: int) -> dict[str, Any]:
    """The same place as a PNG of side x side pixels, as the plugin sends layers that it has rendered."""
    with rasterio.open(VILLAGE) as source:
        pixels = source.read(out_shape=(3, side, side), resampling=Resampling.average)
        transform = source.transform * Affine.scale(source.width / side, source.height / side)
        crs = source.crs.to_wkt()
    file = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(file, "PNG", compress_level=1)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return {"data": data, "transform": list(transform)[:6], "crs": crs, "name": "map"}


def large(path: Path, side: int, overviews: bool) -> dict[str, Any]:
    """Write the village, repeated, as a tiled, compressed GeoTIFF of side x side pixels."""
    with rasterio.open(VILLAGE) as source:
        pattern = source.read()
        georeference = {"crs": source.crs, "transform": source.transform}
    rows, columns = pattern.shape[1:]
    form = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": side, "height": side}
    form |= {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "zlevel": 1}
    across = np.arange(side) % columns
    with rasterio.open(path, "w", **form, **georeference, num_threads="all_cpus") as target:
        for top in range(0, side, BLOCK):
            down = np.arange(top, min(top + BLOCK, side)) % rows
            target.write(pattern[:, down][:, :, across], window=((top, top + len(down)), (0, side)))
        if overviews:
            target.build_overviews([2, 4, 8, 16], Resampling.nearest)
    return {"href": str(path)}


def middle_part(path: Path, side: int) -> list[float]:
    """x0, y0, x1, y1 of side x side pixels in the middle of a raster."""
    with rasterio.open(path) as source:
        left, top = (source.width - side) // 2, (source.height - side) // 2
        x0, y1 = source.transform @ (left, top)
        x1, y0 = source.transform @ (left + side, top + side)
    return [x0, y0, x1, y1]
