"""Masks as files of predictions hold them: pictures beside the file, COCO's run lengths, or nested lists.

Knows pixels only.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.pictures import whole
from rsvlm.trainer.regions import decode

HINT = (
    "Give the path of a picture, run lengths {size, counts}, or rows of numbers; several masks of an image as a list."
)
MOST_PIXELS = 2**28  # of one mask: what a file claims must not fill the memory


def read_masks(value: Any, folder: Path) -> np.ndarray:
    """(masks, height, width) uint8, the numbers as they are stored. folder: where relative paths begin.

    Raises RsvlmError (bad_raster) for a picture that cannot be read, (bad_request) for what is no mask.
    """
    several = isinstance(value, list) and bool(value) and isinstance(value[0], (str, dict))
    masks = [_mask(one, folder) for one in (value if several else [value])]
    stacked = masks[0] if len(masks) == 1 and masks[0].ndim == 3 else None
    if stacked is None:
        if len({mask.shape for mask in masks}) != 1 or masks[0].ndim != 2:
            raise RsvlmError("bad_request", "The masks of an image differ in size.", HINT)
        stacked = np.stack(masks)
    return stacked


def _mask(value: Any, folder: Path) -> np.ndarray:
    if isinstance(value, str):
        return _picture(folder / value)
    if isinstance(value, dict):
        return _run_lengths(value)
    try:
        array = np.asarray(value, np.uint8)
    except (TypeError, ValueError, OverflowError) as error:
        raise RsvlmError("bad_request", "A mask cannot be read.", HINT) from error
    if array.ndim not in (2, 3) or not array.size:
        raise RsvlmError("bad_request", "A mask has no rows and columns.", HINT)
    return array


def _picture(path: Path) -> np.ndarray:
    try:
        with whole(str(path)), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                if source.width * source.height > MOST_PIXELS or source.dtypes[0] not in ("uint8", "bool"):
                    raise RsvlmError("bad_raster", f"{path} is no 8-bit mask.", "Convert it to one.")
                return source.read(1).astype(np.uint8)
    except RasterioError as error:
        raise RsvlmError("bad_raster", f"{path} cannot be read.", HINT) from error


def _run_lengths(value: dict[str, Any]) -> np.ndarray:
    size, counts = value.get("size"), value.get("counts")
    sound = isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)
    if not isinstance(size, list) or not sound or math.prod(size) > MOST_PIXELS or not isinstance(counts, (str, list)):
        raise RsvlmError("bad_request", "Run lengths have no size, too large a one, or no counts.", HINT)
    try:
        return decode(value).astype(np.uint8)
    except (TypeError, ValueError, OverflowError) as error:
        raise RsvlmError("bad_request", "Run lengths cannot be read.", HINT) from error
