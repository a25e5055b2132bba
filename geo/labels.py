"""The words in a raster file. Old files hold them in code pages that cannot be told: such words are passed over."""

from __future__ import annotations

from rasterio.io import DatasetReader


def tags(dataset: DatasetReader, band: int = 0) -> dict[str, str]:
    """Metadata of the file (band 0) or of one of its bands, that of its instrument included."""
    try:
        return {**dataset.tags(band), **dataset.tags(band, ns="IMAGERY")}
    except UnicodeDecodeError:
        return {}


def band_names(dataset: DatasetReader) -> tuple[str, ...]:
    """What the file calls its bands, "" where it says nothing."""
    try:
        return tuple(name or "" for name in dataset.descriptions)
    except UnicodeDecodeError:
        return ("",) * dataset.count
