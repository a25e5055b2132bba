"""What a file says of itself: where it lies, when it was taken, which values mean nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Optional

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import CRSError
from rasterio.io import DatasetReader

from rsvlm.geo import labels
from rsvlm.geo.bands import Band, Display, choose_display
from rsvlm.geo.place import parse_crs
from rsvlm.geo.reading import Source, is_true_alpha
from rsvlm.protocol import Raster, RsvlmError

# Of a grid that can be read: sides of a pixel in units of the CRS, the longer by the shorter, the sine of their angle, and
# a side by the distance from the origin.
_LEAST_SIDE, _MOST_SIDE, _MOST_STRETCHED, _LEAST_SINE, _ROUNDING = 1e-9, 1e8, 1e3, 1e-3, 1e-12

_INSTRUMENT_TAGS = ("satellite", "sensor", "platform", "spacecraft", "instrument", "mission", "product", "description")
_DATE_TAGS = (
    "acquisitiondatetime", "acquisition_date", "acquisitiondate", "date_acquired", "datetime", "sensing_time",
    "sensing_date", "product_start_time",
)  # fmt: skip


def georeference(dataset: DatasetReader, raster: Raster) -> tuple[Optional[CRS], Affine]:
    """CRS and transform of a scene; None and identity where one of them is missing, so that coordinates are pixels."""
    try:
        own = dataset.crs
    except (CRSError, UnicodeDecodeError):
        own = None
    given = parse_crs(raster.crs) if raster.crs else None
    crs, transform = own or given, dataset.transform
    if raster.transform is not None and (raster.data is not None or _is_nowhere(transform)):
        crs, transform = given or own, _given_transform(raster.transform)
    if not crs or _is_nowhere(transform):
        return None, Affine.identity()
    return crs, transform


def _is_nowhere(transform: Affine) -> bool:
    return transform.is_identity or not _spans_grid(transform)


def _spans_grid(transform: Affine) -> bool:
    """Whether its pixels have two sides that can be told apart and told from rounding where they lie."""
    if not all(map(math.isfinite, transform[:6])) or transform.is_degenerate:
        return False
    sides = math.hypot(transform.a, transform.d), math.hypot(transform.b, transform.e)
    short, long = min(sides), max(sides)
    away = max(abs(transform.c), abs(transform.f))
    return (
        short > max(_LEAST_SIDE, away * _ROUNDING)
        and long < min(short * _MOST_STRETCHED, _MOST_SIDE)
        and (abs(transform.determinant) > _LEAST_SINE * short * long)
    )


def _given_transform(values: Sequence[float]) -> Affine:
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    if len(numbers) != 6 or len(values) != 6 or not _spans_grid(Affine(*numbers)):
        raise RsvlmError(
            "bad_request",
            "The picture's transform is not six finite numbers that span a grid.",
            "Give a, b, c, d, e, f: x = a*col + b*row + c, y = d*col + e*row + f.",
        )
    return Affine(*numbers)


def how_to_read(dataset: DatasetReader, bands: tuple[Band, ...], raster: Raster, name: str) -> tuple[Source, Display]:
    """How the dataset's values are to be taken."""
    asked = tuple(int(number) for number in raster.bands) if raster.bands else None
    alphas = [band.number for band in bands if band.role == "alpha"]
    false_alphas = [number for number in alphas if not is_true_alpha(dataset, number, name)]
    seen = tuple(replace(band, role="") if band.number in false_alphas else band for band in bands)
    display = choose_display(seen, asked)
    palette = _palette(dataset) if set(display.bands) == {1} else None
    if palette is not None:
        display = Display((1, 1, 1))
    flags = dataset.mask_flag_enums[display.bands[0] - 1]
    masked = MaskFlags.per_dataset in flags and not (MaskFlags.alpha in flags and false_alphas)
    nodata = _nodata(dataset, raster, name)
    wide = all(bands[number - 1].dtype in ("uint16", "int16") for number in display.bands)
    undeclared = not masked and all(value is None for value in nodata)
    zero_fill = wide and undeclared and len(display.bands) == 3 and palette is None
    return Source(dataset, name, display.bands, palette, masked, nodata, zero_fill), display


def _nodata(dataset: DatasetReader, raster: Raster, name: str) -> tuple[Optional[float], ...]:
    """One per band. Raises RsvlmError (bad_request) where the request tells another number of them."""
    if raster.nodata is None:
        return tuple(dataset.nodatavals)
    if len(raster.nodata) != dataset.count:
        raise RsvlmError(
            "bad_request",
            f"{name} has {dataset.count} bands, and nodata is given for {len(raster.nodata)}.",
            "Give one value for each band, null where every value is data, or leave nodata out.",
        )
    return tuple(raster.nodata)


def _palette(dataset: DatasetReader) -> Optional[np.ndarray]:
    """(entries, 4) uint8 RGBA of indexed colour; None where values are values."""
    if dataset.colorinterp[0] != ColorInterp.palette:
        return None
    entries = dataset.colormap(1)
    table = np.zeros((max(entries) + 1, 4), np.uint8)
    for index, colour in entries.items():
        table[index] = colour
    return table


def instrument(dataset: DatasetReader) -> list[str]:
    """What the file says about who made it: satellite, sensor, product, description."""
    return [
        value for key, value in labels.tags(dataset).items() if any(word in key.lower() for word in _INSTRUMENT_TAGS)
    ]


def acquired(dataset: DatasetReader) -> Optional[str]:
    """The acquisition date that the file states, ISO 8601. The date of the file itself is not one."""
    lowered = {key.lower(): value.strip() for key, value in labels.tags(dataset).items()}
    for key in _DATE_TAGS:
        text = lowered.get(key, "").replace("Z", "+00:00")
        try:
            stated = datetime.fromisoformat(text)
        except ValueError:
            continue
        return stated.date().isoformat() if len(text) <= 10 else stated.isoformat()
    return None
