"""Most memory that the masks of a raster take, of one height and of four times that; each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio

from measuring.figures import Figure
from measuring.memory import forget_peak, peak_mb, resident_mb
from rsvlm.geo.blending import blended
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.tiling import PixelGrid, Tiling

WIDTH = 10_000  # pixels
LOW, HIGH = 10_000, 40_000
SIDE, OVERLAP = 512, 64
RATIO = 1.1
BYTES_PER_MB = 2**20


def measure(folder: Path, rounds: int) -> list[Figure]:
    low, high = (_run(folder / f"{height}.tif", height) for height in (LOW, HIGH))
    against = f"{LOW} rows"
    columns = [(most - before) * BYTES_PER_MB / WIDTH for before, most in (low, high)]
    return [
        Figure(f"most memory for {HIGH} rows", high[1], "MB", RATIO, low[1], against, bar_on_ratio=True),
        Figure("of it bytes per column of width", columns[1], "B", None, columns[0], against),
    ]


def _run(path: Path, height: int) -> tuple[float, float]:
    """MB before and at most."""
    form = {"driver": "GTiff", "width": WIDTH, "height": height, "count": 1, "dtype": "uint8", "compress": "deflate"}
    place = {"crs": "EPSG:32633", "transform": rasterio.transform.from_origin(500000, 5000000, 0.5, 0.5)}
    with rasterio.open(
        path, "w", tiled=True, blockxsize=512, blockysize=512, sparse_ok=True, **form, **place
    ) as target:
        target.write(np.full((1, 1000, 1000), 255, np.uint8), window=((LOW // 2, LOW // 2 + 1000), (4000, 5000)))
    command = [sys.executable, "-m", "measuring.height", str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    before, most = json.loads(said.stdout)
    return before, most


def _tiles(source: rasterio.io.DatasetReader, tiling: Tiling) -> Iterator[np.ndarray]:
    for x0, y0, x1, y1 in tiling.windows():
        yield source.read(window=((y0, y1), (x0, x1))).astype(np.float32) / 255


if __name__ == "__main__":
    with rasterio.Env(GDAL_CACHEMAX=16), rasterio.open(sys.argv[1]) as scene:
        grid = PixelGrid.over(scene.width, scene.height, scene.transform, scene.crs, None)
        cut = Tiling(scene.width, scene.height, SIDE, OVERLAP)
        forget_peak(os.getpid())
        start, _ = resident_mb("self")
        outlined(blended(cut, _tiles(scene, cut)), grid, Cut(tolerance_m=1))
        print(json.dumps([start, peak_mb(os.getpid())]))
