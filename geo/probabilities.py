"""Probabilities kept in a file, so that another threshold needs no second run of the model: a cloud-optimised GeoTIFF."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import DatasetReader

from rsvlm.geo.byte_rasters import ByteRaster
from rsvlm.geo.staging import beside
from rsvlm.geo.tiling import PixelGrid, Window
from rsvlm.protocol import RsvlmError

STEPS = 250  # of probability from 0 to 1, as bytes
_NO_DATA = 255
_ROWS = 512
_TOLD = "RSVLM_TOLD"


def stored(
    bands: Iterable[np.ndarray],
    grid: PixelGrid,
    path: Path,
    names: Sequence[str] = (),
    place: Callable[[], Path] | None = None,
    lost: Callable[[], None] | None = None,
    told: Callable[[], str] | None = None,
) -> Iterator[np.ndarray]:
    """The (classes, rows, grid.width) bands again, rounded as they are stored: the same cut gives the same features later.

    names: of the classes, for the bands of the file; the first of them where there are fewer bands. `path` is there, whole, after
    the last of them: it is written beside and renamed. Where bands end early, the rest has no data. place: asked then; another
    path in the same folder, where that is only known in the end. There is no file where nothing has data. lost: called if it
    cannot be written, as on a full disk; it is given up then, and the bands come all the same. told: asked for in the end, a text
    that is kept with them.
    """
    file = _written(grid, path, names, place, told)

    def write(values: np.ndarray | None) -> None:
        try:
            file.send(values)
        except StopIteration:  # it is whole, or was given up before
            return
        except RsvlmError:
            if lost is not None:
                lost()

    with closing(file):
        write(None)
        for band in bands:
            values = np.rint(np.nan_to_num(band * STEPS, nan=_NO_DATA)).astype(np.uint8)
            write(values)
            yield _shares(values)
        write(None)


def _written(
    grid: PixelGrid,
    path: Path,
    names: Sequence[str],
    place: Callable[[], Path] | None,
    told: Callable[[], str] | None,
) -> Generator[None, np.ndarray | None, None]:
    """Takes (classes, rows, grid.width) bytes, then None for the end. Raises RsvlmError (bad_request)."""
    with beside(path) as whole:
        raster, y = None, 0
        try:
            while (values := (yield)) is not None:
                if raster is None and (values != _NO_DATA).any():  # before, it is not known how many classes there are
                    raster = ByteRaster(whole.with_name("plain.tif"), grid, len(values), _NO_DATA)
                    raster.file.scales = [1 / STEPS] * len(values)
                    for number, name in zip(range(1, len(values) + 1), names, strict=False):
                        raster.file.set_band_description(number, name)
                if raster is not None:
                    raster.write(values, y)
                y += values.shape[1]
            if raster is not None and told is not None:
                raster.file.update_tags(**{_TOLD: told()})
        finally:
            if raster is not None:
                raster.file.close()
        if raster is not None:
            raster.finish(whole if place is None else whole.with_name(place().name), "average")


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


def told_of(path: Path) -> str:
    """The text that is kept with them, "" where there is none."""
    with rasterio.open(path) as source:
        return str(source.tags().get(_TOLD, ""))


def _shares(values: np.ndarray) -> np.ndarray:
    return np.where(values == _NO_DATA, np.float32(np.nan), values.astype(np.float32) / STEPS)
