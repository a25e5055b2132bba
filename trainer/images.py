"""Pictures of records as arrays in memory: small sets are read once and augmented on the fly."""

from __future__ import annotations

import warnings

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.records import Record


def read_square(href: str, pixels: int) -> np.ndarray:
    """(pixels, pixels, 3) uint8: an 8-bit RGB picture averaged or interpolated to a square.

    Raises RsvlmError (bad_raster) for a picture that is missing, damaged or has other bands.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # photographs of data sets have no place
            with rasterio.open(href) as source:
                if source.count < 3 or source.dtypes[0] != "uint8":
                    raise RsvlmError("bad_raster", f"{href} is no 8-bit RGB picture.", "Convert it to one.")
                reduce = max(source.width, source.height) > pixels
                bands = source.read(
                    [1, 2, 3],
                    out_shape=(3, pixels, pixels),
                    resampling=Resampling.average if reduce else Resampling.bilinear,
                )
    except RasterioError as error:
        raise RsvlmError("bad_raster", f"{href} cannot be read.", "Check the archive of pictures.") from error
    return np.ascontiguousarray(bands.transpose(1, 2, 0))


def read_squares(records: list[Record], pixels: int) -> np.ndarray:
    """(records, pixels, pixels, 3) uint8, one picture a record."""
    squares = np.empty((len(records), pixels, pixels, 3), np.uint8)
    for index, record in enumerate(records):
        squares[index] = read_square(record.images[0]["href"], pixels)
    return squares
