"""From a plan to pictures as the model takes them. Knows views and pixels; nothing of models or words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from shapely import box

from rsvlm.geo import ground
from rsvlm.geo.scene import Scene
from rsvlm.geo.view import View
from rsvlm.models.parts.pixels import FLAT
from rsvlm.tasks.plan import Plan

ENOUGH = 0.1  # share of valid pixels, among those asked for, from which on a tile is looked at


@dataclass(frozen=True)
class Tile:
    """index: place in the plan, row by row. picture: (H, W, 3) uint8. area_m2: of its valid part, None without a CRS."""

    index: int
    view: View
    picture: np.ndarray
    area_m2: float | None

    @property
    def flat(self) -> bool:
        """Whether it is one even colour, as an empty map is."""
        return bool(self.picture.std(axis=(0, 1)).max() < FLAT * 255)

    @property
    def weight(self) -> float:
        """How much ground it stands for, to compare tiles of one plan."""
        return self.area_m2 if self.area_m2 is not None else self.view.valid_share


def picture(view: View) -> np.ndarray:
    """(H, W, 3) uint8: the view with its missing pixels in the mean colour of the others, so that gaps show no shapes."""
    seen = view.rgb()
    if view.valid.any() and not view.valid.all():
        seen[~view.valid] = seen[view.valid].mean(axis=0).round().astype(np.uint8)
    return seen


def wanted_share(scene: Scene) -> float:
    """How much of the extent was asked for, over 0 to 1: all of it, or what an area covers of it."""
    if scene.area is None:
        return 1.0
    extent = box(*scene.extent)
    return float(scene.area.intersection(extent).area / extent.area) or 1.0


def look(scene: Scene, plan: Plan) -> Iterator[Tile]:
    """The tiles of the plan that show something, one by one. Raises RsvlmError (bad_raster) when reading fails."""
    enough = ENOUGH * wanted_share(scene)
    for index, extent in enumerate(plan.tiles):
        view = scene.view(extent, plan.size)
        if view.valid_share >= enough:
            area = ground.area_m2(view.footprint(), scene.crs)
            yield Tile(index, view, picture(view), None if area is None else area * view.valid_share)
