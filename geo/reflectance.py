"""From the integers of satellites' products to reflectance, where GDAL's scale and offset of a band do not tell it."""

from __future__ import annotations

import re
from typing import Optional

from rasterio.io import DatasetReader

from rsvlm.geo import labels

_LANDSAT = re.compile(r"(?:^|_)SR_B\d+$", re.IGNORECASE)
_LANDSAT_2 = (2.75e-5, -0.2)  # scale and offset (USGS, Landsat Collection 2 Level-2 surface reflectance)
_SENTINEL2_SCALE = 1e-4
_ADDED = re.compile(r"(?:boa|radio)_add_offset")  # tags by GDAL's SENTINEL2 driver, of bands, and by product metadata
_ADDED_SINCE, _ADDED_THEN = 4.0, -1000.0  # processing baseline (ESA, Sentinel-2 Products Specification, 2021)
_PRODUCT = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d{2})(\d{2})_", re.IGNORECASE)


def scale_and_offset(dataset: DatasetReader, number: int, name: str, sentinel2: bool) -> tuple[float, float]:
    """Reflectance is scale * value + offset. number: of the band, from 1. name: its own. sentinel2: it may be one of that.

    1 and 0 where nothing tells.
    """
    told = dataset.scales[number - 1], dataset.offsets[number - 1]
    if told != (1, 0) or "int" not in dataset.dtypes[number - 1]:
        return told
    if _LANDSAT.search(name):
        return _LANDSAT_2
    added = _added(dataset, number) if sentinel2 else None
    return (_SENTINEL2_SCALE, _SENTINEL2_SCALE * added) if added else told


def _added(dataset: DatasetReader, number: int) -> Optional[float]:
    """What is to be added to values of Sentinel-2 before they are scaled; None where nothing tells."""
    whole = labels.tags(dataset)
    for tags in (labels.tags(dataset, number), whole):
        stated = {_number(value) for key, value in tags.items() if _ADDED.match(key.lower())}
        if len(stated) == 1:
            return stated.pop()
    baselines = [_number(value) for key, value in whole.items() if key.lower().endswith("processing_baseline")]
    parts = dataset.files if dataset.driver == "VRT" else [dataset.name]
    names = " ".join([*parts, *whole.values(), *labels.band_names(dataset)])
    baselines += [float(f"{major}.{minor}") for major, minor in _PRODUCT.findall(names)]
    known = {baseline >= _ADDED_SINCE for baseline in baselines if baseline is not None}
    return _ADDED_THEN if known == {True} else None


def _number(text: str) -> Optional[float]:
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*", text)
    return float(found.group(1)) if found else None
