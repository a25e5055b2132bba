"""Probabilities kept in a file, so that another threshold needs no second run of the model: a cloud-optimised GeoTIFF."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import DatasetReader

from rsvlm.geo.staging import beside
from rsvlm.geo.tiling import PixelGrid, Window

STEPS = 250  # of probability from 0 to 1, as bytes
_NO_DATA = 255
_ROWS = 512


def stored(
    bands: Iterable[np.ndarray],
    grid: PixelGrid,
    path: Path,
    names: Sequence[str] = (),
    place: Callable[[], Path] | None = None,
) -> Iterator[np.ndarray]:
    """The (classes, rows, grid.width) bands again, rounded as they are stored: the same cut gives the same features later.

    names: of the classes, for the bands of the file; the first of them where there are fewer bands. `path` is there, whole, after
    the last of them: it is written beside and renamed. Where bands end early, the rest has no data. place: asked then; another
    path in the same folder, where that is only known in the end. There is no file where nothing has data.

    Raises RsvlmError (bad_request) if the file cannot be written.
    """
    with beside(path) as whole:
        plain = whole.with_name("plain.tif")
        yield from _written(bands, grid, plain, names)
        if plain.exists():
            named = whole if place is None else whole.with_name(place().name)
            rasterio.shutil.copy(plain, named, driver="COG", compress="DEFLATE", overview_resampling="average")
            plain.unlink()


def _written(bands: Iterable[np.ndarray], grid: PixelGrid, path: Path, names: Sequence[str]) -> Iterator[np.ndarray]:
    target, y = None, 0
    try:
        for band in bands:
            if target is None and np.isnan(band).all():  # nor does it tell yet how many classes there are
                y += band.shape[1]
                yield band
                continue
            if target is None:
                target = rasterio.open(
                    path, "w", driver="GTiff", width=grid.width, height=grid.height, count=len(band), dtype="uint8",
                    nodata=_NO_DATA, crs=grid.crs, transform=grid.transform, tiled=True, blockxsize=512, blockysize=512,
                    compress="DEFLATE", zlevel=1, interleave="band", bigtiff="IF_SAFER", sparse_ok=True,
                )  # fmt: skip
                target.scales = [1 / STEPS] * len(band)
                for number, name in zip(range(1, len(band) + 1), names, strict=False):
                    target.set_band_description(number, name)
            values = np.rint(np.nan_to_num(band * STEPS, nan=_NO_DATA)).astype(np.uint8)
            target.write(values, window=((y, y + band.shape[1]), (0, grid.width)))
            y += band.shape[1]
            yield _shares(values)
    finally:
        if target is not None:
            target.close()


def read(path: Path) -> Iterator[np.ndarray]:
    """What `stored` wrote and gave, in bands of rows from the top."""
    with rasterio.open(path) as source:
        for y in range(0, source.height, _ROWS):
            values = source.read(window=((y, min(y + _ROWS, source.height)), (0, source.width)))
            yield _shares(values)


def read_window(source: DatasetReader, band: int, window: Window) -> np.ndarray:
    """(rows, columns) of one class, in a window of an open file that lies inside of it."""
    x0, y0, x1, y1 = window
    return _shares(source.read(band, window=((y0, y1), (x0, x1))))


def names_of(path: Path) -> list[str]:
    """Of the classes, as `stored` got them."""
    with rasterio.open(path) as source:
        return [name or "" for name in source.descriptions]


def _shares(values: np.ndarray) -> np.ndarray:
    return np.where(values == _NO_DATA, np.float32(np.nan), values.astype(np.float32) / STEPS)
