"""Rasters of bytes that are written row by row: first a plain, sparse GeoTIFF, then a cloud-optimised one that is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import DatasetWriter

from rsvlm.geo.tiling import PixelGrid

_ROWS = 512


class ByteRaster:
    """known: how many values with data were written so far."""

    def __init__(self, path: Path, grid: PixelGrid, bands: int, no_data: int) -> None:
        """path: of the plain file, in a folder that is given up where writing fails. Raises what rasterio raises."""
        self._path, self._no_data, self.known = path, no_data, 0
        self.file: DatasetWriter = rasterio.open(
            path, "w", driver="GTiff", width=grid.width, height=grid.height, count=bands, dtype="uint8", nodata=no_data,
            crs=grid.crs, transform=grid.transform, tiled=True, blockxsize=512, blockysize=512, compress="DEFLATE", zlevel=1,
            interleave="band", bigtiff="IF_SAFER", sparse_ok=True,
        )  # fmt: skip

    def write(self, values: np.ndarray, y: int) -> None:
        """(bands, rows, width) bytes, from row y on."""
        self.file.write(values, window=((y, y + values.shape[1]), (0, values.shape[2])))
        self.known += int(np.count_nonzero(values != self._no_data))

    def finish(self, path: Path, overviews: str) -> None:
        """Moves it to `path`, cloud-optimised. overviews: GDAL's name of how they are resampled.

        Raises OSError where less is in the file than was written: GDAL only logs what it cannot write as it closes a file.
        """
        self.file.close()
        rasterio.shutil.copy(self._path, path, driver="COG", compress="DEFLATE", overview_resampling=overviews)
        self._path.unlink()
        with rasterio.open(path) as made:
            starts = range(0, made.height, _ROWS)
            rows = (made.read(window=((y, min(y + _ROWS, made.height)), (0, made.width))) for y in starts)
            if sum(np.count_nonzero(values != self._no_data) for values in rows) != self.known:
                raise OSError(f"{path} is not whole.")
