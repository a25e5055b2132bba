"""Pictures of records as arrays, straight from where they lie: photographs of data sets, and windows of georeferenced rasters.

GDAL reads a PNG or JPEG that ends early as far as it goes, and the rest as black or grey; here such a file is an error.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

import rsvlm.geo  # noqa: F401 # its limits, before rasterio is used
from rsvlm.protocol import Raster, Record, RsvlmError
from rsvlm.trainer.rasters import opened

LARGEST = 1024  # pixels along a side; what is larger is read smaller
MEND = "Check where the pictures lie, and copy it again; “rsvlm data stats” finds all that are broken."
UNREAD = (RasterioError, UnicodeEncodeError)  # the latter of a name that is no UTF-8
PNG, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"


Sides = tuple[int | None, int | None]  # see read_picture


class Picture(NamedTuple):
    """pixels: (H, W, 3) uint8. width, height: of the image or of its window, in its own pixels, in which regions are given."""

    pixels: np.ndarray
    width: int
    height: int


def read_picture(image: dict[str, Any], side: int | None = None, finest: int | None = None) -> Picture:
    """One image of a record. side: a square of so many pixels, or, where the image has them, of up to `finest`; else as large as
    it is, up to LARGEST.

    Raises RsvlmError (bad_raster, not_found, bad_extent) for what is missing, damaged or cut short.
    """
    with whole(image["href"]):
        return (
            _view(image, (side, finest)) if image.keys() & {"extent", "bands"} else _photograph(image, (side, finest))
        )


def read_squares(records: Sequence[Record], pixels: int) -> np.ndarray:
    """(records, pixels, pixels, 3) uint8, the first picture of each. Raises what read_picture raises."""
    return np.stack([read_picture(record.images[0], pixels).pixels for record in records])


@contextmanager
def whole(href: str) -> Iterator[None]:
    """Inside, a picture that ends early is an error of rasterio. Raises RsvlmError (bad_raster) for a PNG that does."""
    if not _has_end(href):
        raise RsvlmError("bad_raster", f"{href} cannot be read to its end.", MEND)
    with rasterio.Env(GDAL_ERROR_ON_LIBJPEG_WARNING=True):
        yield


def _has_end(href: str) -> bool:
    """False for a PNG without its last part."""
    try:
        with open(href, "rb") as file:
            if file.read(len(PNG)) != PNG:
                return True
            file.seek(-min(64, os.fstat(file.fileno()).st_size), os.SEEK_END)
            return PNG_END in file.read()
    except OSError:  # inside of an archive, which has checksums, or far away
        return True


def size_of(href: str) -> tuple[int, int] | None:
    """Width and height of a picture by its header; None for what is missing or damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(href) as source:
                return source.width, source.height
    except UNREAD:
        return None


def _photograph(image: dict[str, Any], sides: Sides) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # photographs of data sets have no place
            with rasterio.open(image["href"]) as source:
                if source.count < 3 or source.dtypes[0] != "uint8" or source.crs is not None:
                    return _view(image, sides)
                x0, y0, x1, y1 = window = image.get("window", (0, 0, source.width, source.height))
                if min(x0, y0) < 0 or x1 > source.width or y1 > source.height or any(map(_is_part, window)):
                    return _view(image, sides)
                width, height = _size(x1 - x0, y1 - y0, sides)
                reduces = width < x1 - x0 or height < y1 - y0
                bands = source.read(
                    [1, 2, 3],
                    window=Window.from_slices((y0, y1), (x0, x1)),
                    out_shape=(3, height, width),
                    resampling=Resampling.average if reduces else Resampling.bilinear,
                )
                return Picture(np.ascontiguousarray(bands.transpose(1, 2, 0)), int(x1 - x0), int(y1 - y0))
    except UNREAD as error:
        raise RsvlmError("bad_raster", f"{image['href']} cannot be read.", MEND) from error


def _is_part(pixels: float) -> bool:
    return pixels != round(pixels)


def _view(image: dict[str, Any], sides: Sides) -> Picture:
    """As a person would see it in the plugin: the bands, the stretch and the resampling of a scene."""
    raster = Raster(href=image["href"], extent=image.get("extent"), crs=image.get("crs"), bands=image.get("bands"))
    with opened(raster) as scene:
        if "window" in image:
            left, top, right, bottom = image["window"]
            width, height = max(1, round(right - left)), max(1, round(bottom - top))
            return Picture(scene.window(image["window"], _size(width, height, sides)).rgb(), width, height)
        (x0, y0, x1, y1), (left, top, right, bottom) = scene.extent, scene.bounds
        width = max(1, round((x1 - x0) / (right - left) * scene.width))
        height = max(1, round((y1 - y0) / (bottom - top) * scene.height))
        return Picture(scene.view(scene.extent, _size(width, height, sides)).rgb(), width, height)


def _size(width: float, height: float, sides: Sides) -> tuple[int, int]:
    side, finest = sides
    if side is not None:
        own = round(min(width, height))
        return (max(side, min(own, finest or side)),) * 2
    share = min(1.0, LARGEST / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))
