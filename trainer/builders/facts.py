"""What a raster says and shows of itself: place, date, sensor, ground sample distance, bands, and values measured in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyproj import Transformer

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster
from rsvlm.trainer.rasters import opened

LOOK = 256  # pixels of the view that is measured
# Upper bounds of the ground sample distance in metres, as GAIA's words for resolution go.
RESOLUTIONS = ((1.0, "very high"), (5.0, "high"), (30.0, "medium"), (float("inf"), "low"))


def facts_of(image: dict[str, Any]) -> dict[str, Any]:
    """Only what is stated or measured: width, height (pixels), gsd_m, ground_m, date, lat, lon, sensor, bands, values (mean and
    deviation of each band that is seen), valid (share), ndvi (mean), resolution. Raises RsvlmError for what cannot be read.
    """
    raster = Raster(
        href=image["href"],
        extent=image.get("extent"),
        crs=image.get("crs"),
        bands=image.get("bands"),
        acquired=image.get("date"),
    )
    with opened(raster) as scene:
        extent = scene.extent
        if "window" in image:
            x0, y0, x1, y1 = image["window"]
            corners = np.array([scene.transform @ xy for xy in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])
            (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
            extent = (float(left), float(bottom), float(right), float(top))
        view = scene.view(extent, (LOOK, LOOK))
        found: dict[str, Any] = {
            "gsd_m": scene.gsd_m and round(scene.gsd_m, 4),
            "date": scene.acquired,
            "sensor": None if scene.sensor == "unknown" else scene.sensor,
            "bands": [band.role or f"band {band.number}" for band in scene.bands],
            "valid": round(float(view.valid.mean()), 3),
        }
        ground = scene.ground_size_m(extent)
        found["ground_m"] = [round(side) for side in ground] if ground else None
        if scene.crs is not None:
            way = Transformer.from_crs(scene.crs.to_wkt(), "EPSG:4326", always_xy=True)
            lon, lat = way.transform((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2)
            found |= {"lat": round(lat, 4), "lon": round(lon, 4)}
        if view.valid.any():
            shown = [scene.bands[number - 1].role or f"band {number}" for number in scene.rgb_bands]
            values = zip(shown, view.pixels, strict=False)
            found["values"] = {
                name: [round(float(band[view.valid].mean()), 3), round(float(band[view.valid].std()), 3)]
                for name, band in values
            }
        red, nir = scene.band_of("red"), scene.band_of("nir")
    if red and nir:
        found["ndvi"] = _ndvi(image["href"], (nir, red), extent)
    if found["gsd_m"]:
        found["resolution"] = next(name for most, name in RESOLUTIONS if found["gsd_m"] <= most)
    return {name: value for name, value in found.items() if value is not None}


def _ndvi(href: str, bands: tuple[int, int], extent: tuple[float, float, float, float]) -> float | None:
    nir, red = bands
    with Scene.open(Raster(href=href, bands=[nir, red, red])) as scene:
        view = scene.view(extent, (LOOK, LOOK))
    near, visible = view.pixels[0][view.valid].astype(float), view.pixels[1][view.valid].astype(float)
    total = near + visible
    return round(float(((near - visible)[total > 0] / total[total > 0]).mean()), 3) if (total > 0).any() else None
