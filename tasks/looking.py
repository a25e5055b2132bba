"""From a plan to pictures as the model takes them. Knows views and pixels; nothing of models or words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from shapely import box

from rsvlm.geo import ground
from rsvlm.geo.scene import Scene
from rsvlm.geo.view import View
from rsvlm.models.parts.pixels import FLAT
from rsvlm.protocol import RsvlmError, Watch
from rsvlm.tasks.figures import percent
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


def frame_of(scene: Scene) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the extent, in coordinates of the scene."""
    x0, y0, x1, y1 = scene.extent
    return (x0, y1, x1, y0) if scene.crs else (x0, y0, x1, y1)


def wanted_share(scene: Scene) -> float:
    """How much of the extent was asked for, over 0 to 1: all of it, or what an area covers of it."""
    if scene.area is None:
        return 1.0
    extent = box(*scene.extent)
    return float(scene.area.intersection(extent).area / extent.area) or 1.0


def seen(scene: Scene, plan: Plan, watch: Watch, told: str = "look at", enough: float = ENOUGH) -> list[Tile]:
    """All tiles that show something. told: what the task does, for errors. enough: as in `look`.

    Raises RsvlmError: no_data, bad_raster, cancelled.
    """
    tiles = []
    for tile in look(scene, plan, enough):
        watch.check()
        tiles.append(tile)
    if not tiles:
        raise nothing_seen(told, f"under {percent(enough)}" if enough else "none", scene.area is not None)
    if all(tile.flat for tile in tiles):
        raise RsvlmError(
            "no_data",
            f"There is nothing to {told} here: the picture is one even colour.",
            "Choose an extent where the layer shows something.",
        )
    return tiles


def nothing_seen(told: str, least: str, narrow: bool) -> RsvlmError:
    """told: what the task does. least: how much shows something. narrow: whether what was asked for may be less than a pixel."""
    what, doubt, hint = "extent", "", "an extent"
    if narrow:
        what, hint = "area that was asked for", "a wider area, or one"
        doubt = ", or the area is narrower than a pixel of the view"
    return RsvlmError(
        "no_data",
        f"There is nothing to {told} here: {least} of the {what} holds valid pixels, the rest is nodata{doubt}.",
        f"Choose {hint} where the layer shows something.",
    )


def gaps(scene: Scene, plan: Plan, tiles: Sequence[Tile], done: str = "looked at") -> list[str]:
    """Sentences on what of the extent could not be seen, or not well. done: what the task did with the rest."""
    warnings = []
    empty = 1 - sum(tile.view.valid_share for tile in tiles) / len(plan.tiles) / wanted_share(scene)
    if empty > 0.05:
        warnings.append(f"{percent(empty)} of the extent holds no data and was not {done}.")
    if any(tile.view.sampled for tile in tiles):
        warnings.append(
            "The raster is very large and has no overviews, so it was read from samples. Build pyramids for a better look."
        )
    return warnings


def look(scene: Scene, plan: Plan, enough: float = ENOUGH) -> Iterator[Tile]:
    """The tiles of the plan that show something, one by one. enough: share of valid pixels from which on they do, of those that
    were asked for; 0 = any.

    Raises RsvlmError (bad_raster) when reading fails.
    """
    least = enough * wanted_share(scene)
    for index, extent in enumerate(plan.tiles):
        view = scene.view(extent, plan.size)
        if view.valid_share > 0 and view.valid_share >= least:
            area = ground.area_m2(view.footprint(), scene.crs)
            yield Tile(index, view, picture(view), None if area is None else area * view.valid_share)
