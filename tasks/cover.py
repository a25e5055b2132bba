"""Land cover that can be measured without any model: water, green and bare ground from a raster's own bands.

NDVI (Rouse et al. 1974) and NDWI (McFeeters 1996, whose threshold for water is 0). Only where metadata tell which bands
are green, red and near infrared, and values are more than eight bits: pictures made to be looked at measure nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rsvlm.geo import ground
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Evidence, Raster

WATER_NDWI = 0.0
GREEN_NDVI, BARE_NDVI = 0.3, 0.2
SIDE = 512  # pixels along the longer side of what is measured
RULES = f"NDWI above {WATER_NDWI:g}; NDVI above {GREEN_NDVI:g}, below {BARE_NDVI:g}"


@dataclass(frozen=True)
class Cover:
    """shares: of the valid ground, 0 to 1, by name, the largest first; they add up to 1. evidence: one for each."""

    shares: dict[str, float]
    evidence: list[Evidence]


def classes(nir: np.ndarray, red: np.ndarray, green: np.ndarray, valid: np.ndarray) -> dict[str, np.ndarray]:
    """Boolean masks (H, W), disjoint, together all of `valid`. Bands in one unit whose 0 is no light: radiance or reflectance."""
    positive = valid & (nir + red > 0) & (nir + green > 0)
    ndvi = np.divide(nir - red, nir + red, out=np.zeros_like(nir), where=positive)
    ndwi = np.divide(green - nir, green + nir, out=np.zeros_like(nir), where=positive)
    water = positive & (ndwi > WATER_NDWI)
    green_ground = positive & ~water & (ndvi > GREEN_NDVI)
    bare = valid & ~water & (ndvi < BARE_NDVI)
    return {
        "open water": water,
        "green vegetation": green_ground,
        "bare or built-up ground": bare,
        "sparse vegetation": valid & ~water & ~green_ground & ~bare,
    }


def measure_cover(raster: Raster, scene: Scene) -> Cover | None:
    """Cover of the scene's extent; None where the bands do not allow it. Raises what Scene raises."""
    numbers = tuple(scene.band_of(role) for role in ("nir", "red", "green"))
    eight_bit = any(scene.bands[number - 1].dtype in ("uint8", "int8") for number in numbers if number)
    if not all(numbers) or eight_bit or scene.sensor not in ("optical", "unknown"):
        return None
    x0, y0, x1, y1 = scene.extent
    shrink = SIDE / max(x1 - x0, y1 - y0)
    size = max(1, round((x1 - x0) * shrink)), max(1, round((y1 - y0) * shrink))
    with Scene.open(replace(raster, bands=numbers)) as bands:
        view = bands.view(scene.extent, size)
    if not view.valid.any():
        return None
    nir, red, green = (
        pixels * scene.bands[number - 1].scale + scene.bands[number - 1].offset
        for pixels, number in zip(view.pixels, numbers, strict=True)
    )
    masks = classes(nir, red, green, view.valid)
    whole = ground.area_m2(view.footprint(), scene.crs)
    shares = {name: float(mask.sum() / view.valid.sum()) for name, mask in masks.items()}
    ordered = dict(sorted(shares.items(), key=lambda item: -item[1]))
    evidence = [
        Evidence(
            kind="tile",
            geometry=view.footprint(),
            label=name,
            area_m2=None if whole is None else whole * float(masks[name].mean()),
            text=f"{share:.1%} of the valid pixels ({RULES})",
        )
        for name, share in ordered.items()
        if share > 0
    ]
    return Cover(ordered, evidence)
