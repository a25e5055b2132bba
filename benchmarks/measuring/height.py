"""Most memory that the masks of a raster take, of one height and of four times that, by the way that `segment` goes; each in a
process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio

from measuring.figures import Figure
from measuring.memory import forget_peak, peak_mb, resident_mb
from measuring.seeing import Brightness
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, Watch
from rsvlm.tasks.layout import Tiles
from rsvlm.tasks.searching import Pace, Search

WIDTH = 10_000  # pixels
LOW, HIGH = 10_000, 40_000
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


if __name__ == "__main__":
    with Scene.open(Raster(href=sys.argv[1])) as scene:
        layout = Tiles(scene, Brightness.side, Brightness.finest, Brightness.stride)
        search = Search(layout, Brightness(), ["bright"])
        scene.stretch  # noqa: B018 # decided once, before anything is counted
        forget_peak(os.getpid())
        start, _ = resident_mb("self")
        listener = Watch()
        outlined(
            layout.bands(search.probabilities(Pace(listener, search.steps, ""), listener)),
            layout.grid,
            Cut(tolerance_m=1),
        )
        print(json.dumps([start, peak_mb(os.getpid())]))
