"""One raster with everything decided once for the whole of it (bands, nodata, stretch, CRS, date), to cut views from.

The same pixel gives the same model input in every view, because nothing is decided again for a view.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Optional

import numpy as np
import rasterio
from affine import Affine
from rasterio.features import geometry_mask
from rasterio.io import DatasetReader
from rasterio.transform import from_bounds
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from rsvlm.geo import ground, place, reading, sensor, stretch
from rsvlm.geo.bands import band_of_role, describe_bands
from rsvlm.geo.ground import Extent
from rsvlm.geo.metadata import acquired, georeference, how_to_read, instrument
from rsvlm.geo.opening import open_raster
from rsvlm.geo.stretch import Stretch
from rsvlm.geo.view import View
from rsvlm.protocol import Raster, RsvlmError

OVERVIEW_SIDE = 1024  # pixels of the overview that the stretch is taken from
_ENOUGH_VALID = 0.5  # of a pixel of a view, for it to count as valid


class Scene:
    """An open raster; a context manager.

    source: the path, or the name of a rendered picture.   rendered: whether it is one.
    width, height: pixels.   crs: None where it has none.
    transform: from pixel (x right, y down) to `crs`; identity without a CRS, where all coordinates are pixels.
    bounds, extent: x0, y0, x1, y1 in `crs`; extent is what was asked for, inside the raster.   area: polygon or None.
    reaches_out: the extent that was asked for goes beyond the raster by more than half a pixel.
    bands: all of them.   display: which ones are seen and why (a number three times: its palette).
    gsd_m: metres on the ground per pixel at the centre, None without a CRS.   acquired: ISO 8601 or None.
    """

    def __init__(self, dataset: DatasetReader, raster: Raster, closing: ExitStack) -> None:
        self._closing, self._dataset = closing, dataset
        self.rendered = raster.data is not None
        self.source = raster.href or raster.name or "rendered picture"
        self.width, self.height = dataset.width, dataset.height
        self.crs, self.transform = georeference(dataset, raster)
        self.acquired = raster.acquired or acquired(dataset)
        name = os.path.basename(self.source)
        self._words = " ".join([name, *instrument(dataset)])
        self.bands = describe_bands(dataset)
        self._source, self.display = how_to_read(dataset, self.bands, raster, name)
        self.bounds: Extent = _bounds(self.transform, self.width, self.height)
        self.gsd_m = ground.gsd_m(self.transform, self.crs, self.width, self.height)
        self.extent, self.area = self._asked(raster)

    @classmethod
    def open(cls, raster: Raster) -> Scene:
        """Raises RsvlmError: bad_request, not_found, forbidden, too_large, bad_raster or bad_extent."""
        with rasterio.Env(), ExitStack() as closing:
            scene = cls(open_raster(raster.href, raster.data, closing), raster, closing)
            scene._closing = closing.pop_all()
        return scene

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.close()

    @property
    def rgb_bands(self) -> tuple[int, ...]:
        """The 1 or 3 band numbers that are seen."""
        return self.display.bands

    @property
    def files(self) -> list[str]:
        """All that the raster is made of, as GDAL names them: of a VRT, its sources too. Not for one on a web host."""
        return list(self._dataset.files)

    def band_of(self, role: str) -> int:
        """The number of the band that metadata give this role ("red", "nir" ...); 0 where none does, or it is a guess."""
        return band_of_role(tuple(band for band in self.bands if not band.guessed), role)

    @cached_property
    def _samples(self) -> np.ndarray:
        """(bands, N) raw values of valid pixels from all over the raster."""
        return reading.samples(self._source, OVERVIEW_SIDE)

    @cached_property
    def stretch(self) -> Stretch:
        """From an overview of the whole raster, never of a view. Raises bad_raster where that cannot be read."""
        is_8bit = all(self.bands[number - 1].dtype == "uint8" for number in self.rgb_bands)
        is_8bit = is_8bit or self._source.palette is not None
        if self.rendered and is_8bit:  # already stretched by who drew it, and every view of the map is drawn anew
            return stretch.unchanged(self.rgb_bands)
        return stretch.fit(self._samples, self.rgb_bands, photo=is_8bit and not self.false_colour)

    @cached_property
    def false_colour(self) -> bool:
        """Red, green and blue of the picture are something else, by metadata or by the look of guessed bands."""
        guessed = self.display.guessed and stretch.looks_false_coloured(self._samples)
        return self.display.false_colour or guessed

    @cached_property
    def sensor(self) -> str:
        """See sensor.guess; "unknown" when in doubt."""
        palette = self._source.palette is not None
        return sensor.guess(self.bands, self.rgb_bands, palette, self._words, self._samples)

    def ground_size_m(self, extent: Extent) -> Optional[tuple[float, float]]:
        """Width and height of an extent in metres; None without a CRS."""
        return ground.ground_size_m(extent, self.crs)

    def view(self, extent: Extent, size: tuple[int, int]) -> View:
        """`extent` (x0, y0, x1, y1 in the scene's CRS) as size = (width, height) pixels, north up.

        What lies outside the raster or outside `area` is not valid. Raises bad_extent or bad_raster.
        """
        x0, y0, x1, y1 = place.checked_extent(extent)
        width, height = size
        if self.crs is None:
            transform = Affine((x1 - x0) / width, 0.0, x0, 0.0, (y1 - y0) / height, y0)
        else:
            transform = from_bounds(x0, y0, x1, y1, width, height)
        return self._cut(transform, width, height)

    def window(self, window: Extent, size: tuple[int, int]) -> View:
        """Pixels x0, y0, x1, y1 of the raster (x right, y down) as size = (width, height) pixels, turned as the raster is.

        What lies outside the raster is not valid. Raises bad_extent or bad_raster.
        """
        x0, y0, x1, y1 = place.checked_extent(window)
        width, height = size
        scale = Affine.scale((x1 - x0) / width, (y1 - y0) / height)
        return self._cut(self.transform @ Affine.translation(x0, y0) @ scale, width, height)

    def _cut(self, transform: Affine, width: int, height: int) -> View:
        """transform: from pixels of the view to the CRS."""
        pixels = reading.read(self._source, ~self.transform @ transform, width, height)
        valid = pixels.share >= _ENOUGH_VALID
        if self.area is not None:
            valid &= geometry_mask([mapping(self.area)], (height, width), transform, invert=True)
        return View(
            pixels=pixels.values if valid.all() else pixels.values * valid,
            valid=valid,
            transform=transform,
            crs=self.crs,
            acquired=self.acquired,
            source=self.source,
            stretch=self.stretch,
            sampled=pixels.sampled,
        )

    def _asked(self, raster: Raster) -> tuple[Extent, Optional[BaseGeometry]]:
        """The request's extent and area in the scene's CRS, inside the raster."""
        given = place.parse_crs(raster.crs) if raster.crs else self.crs
        if raster.crs and self.crs is None and (raster.extent is not None or raster.area is not None):
            raise RsvlmError(
                "bad_extent",
                "The raster is not georeferenced, so an extent on the map cannot be found in it.",
                "Georeference it first, or give the extent in its pixels and leave out the coordinate system.",
            )
        extent = self.bounds
        self.reaches_out = False
        if raster.extent is not None:
            asked = place.checked_extent(raster.extent)
            if given is not None and self.crs is not None:
                asked = place.reproject_extent(asked, given, self.crs, self.bounds)
            extent = place.clip(asked, self.bounds)
            x0, y0, x1, y1 = self.bounds
            half = min((x1 - x0) / self.width, (y1 - y0) / self.height) / 2
            self.reaches_out = any(abs(inside - wanted) > half for inside, wanted in zip(extent, asked))
        if raster.area is None:
            return extent, None
        area = place.reproject_area(raster.area, given, self.crs, self.bounds)
        extent = place.clip(area.bounds, extent)
        return extent, area


def _bounds(transform: Affine, width: int, height: int) -> Extent:
    corners = [transform @ corner for corner in ((0, 0), (width, 0), (0, height), (width, height))]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
