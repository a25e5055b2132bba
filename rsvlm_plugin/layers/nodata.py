"""What of a raster means no data: by its file, or by what the user told QGIS in the layer's properties."""

from __future__ import annotations

from math import isnan
from typing import List, Optional, Tuple

from qgis.core import QgsRasterLayer

Values = Tuple[Optional[float], ...]  # of each band; None = every value is data


def declared(layer: QgsRasterLayer) -> Optional[List[Optional[float]]]:
    """One value of each band where the user has said otherwise than the file does; None = as the file says.

    Raises ValueError where that is not one value a band: several, a range, or pixels that are transparent by their value.
    """
    provider, transparency = layer.dataProvider(), layer.renderer().rasterTransparency()
    if transparency is not None and (
        transparency.transparentSingleValuePixelList() or transparency.transparentThreeValuePixelList()
    ):
        raise ValueError("pixels are transparent by their values")
    bands = range(1, provider.bandCount() + 1)
    own: Values = tuple(
        provider.sourceNoDataValue(band) if provider.sourceHasNoDataValue(band) else None for band in bands
    )
    told = tuple(_told(layer, band, value) for band, value in zip(bands, own))
    return None if told == own else [None if value is None or isnan(value) else value for value in told]


def can_be_told(layer: QgsRasterLayer) -> bool:
    try:
        declared(layer)
    except ValueError:
        return False
    return True


def _told(layer: QgsRasterLayer, band: int, own: Optional[float]) -> Optional[float]:
    provider = layer.dataProvider()
    values = {(own, own)} if own is not None and provider.useSourceNoDataValue(band) else set()
    values |= {(each.min(), each.max()) for each in provider.userNoDataValues(band)}
    if len(values) > 1 or any(low < high for low, high in values):
        raise ValueError(f"band {band} has no data by several values")
    return next(iter(values))[0] if values else None
