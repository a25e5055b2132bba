"""How a place is going to be looked at: in one view or in tiles, at which ground sample distance, with which doubts.

Decided before the model runs, so that the dock can show it. Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

from rsvlm.geo.ground import Extent
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import grid, tiles
from rsvlm.models.cards import ModelCard

MOST_TILES = {"brief": 36, "detailed": 64, "structured": 64}
SIDE_STEP = 32  # pixels; sides of a view are multiples of this
LONGEST_SIDE = 2  # of a view, in short sides
GLANCE_GSD = 4.0  # metres per pixel up to which one view is enough for a sentence
TILE_GSD = 1.5  # metres per pixel that tiles are looked at with, where the raster is that sharp


@dataclass(frozen=True)
class Plan:
    """tiles: extents row by row, in the scene's CRS. size: width, height in pixels of each tile's view.

    gsd_m: metres per pixel of those views along the side where these are more, None without a CRS. reliable: the model was
    trained on such pictures. warnings: what the user should know beforehand.
    """

    tiles: list[Extent]
    columns: int
    rows: int
    size: tuple[int, int]
    gsd_m: float | None
    reliable: bool
    warnings: list[str]


def make_plan(scene: Scene, card: ModelCard, style: str) -> Plan:
    """One view where the extent is small enough for `card`, else tiles; at most MOST_TILES[style]."""
    x0, y0, x1, y1 = scene.extent
    ground = scene.ground_size_m(scene.extent)
    width, height = ground or (x1 - x0, y1 - y0)
    return in_tiles(scene, card, *_grid(scene, card, style, width, height, ground is not None))


def one_view(scene: Scene, card: ModelCard) -> Plan:
    """All of the extent in one view, however large it is."""
    return in_tiles(scene, card, 1, 1)


def in_tiles(scene: Scene, card: ModelCard, columns: int, rows: int) -> Plan:
    """The extent in so many tiles of one size."""
    x0, y0, x1, y1 = scene.extent
    ground = scene.ground_size_m(scene.extent)
    width, height = ground or (x1 - x0, y1 - y0)
    size = view_size(width / columns, height / rows, card.input.pixels)
    gsd = max(width / columns / size[0], height / rows / size[1]) if ground else None
    extents = tiles(scene.extent, columns, rows, y_down=scene.crs is None)
    sharpness = _sharpness(scene, gsd)
    familiar = scene.sensor in (*card.input.sensors, "unknown") and not scene.false_colour
    if gsd is not None and sharpness is not None:
        familiar = familiar and _finest(card) <= gsd and sharpness <= _coarsest(card)
    return Plan(extents, columns, rows, size, gsd, familiar, doubts(scene, card, gsd))


def _grid(scene: Scene, card: ModelCard, style: str, width: float, height: float, measured: bool) -> tuple[int, int]:
    """Columns and rows."""
    finest, _ = card.input.gsd_range_m
    pixels = card.input.pixels
    short, long = sorted((width, height))
    if style == "brief" and long <= LONGEST_SIDE * short and (not measured or long <= GLANCE_GSD * pixels):
        return 1, 1
    if not measured:
        return grid(width, height, max(short / 3, pixels), MOST_TILES[style])
    native = scene.gsd_m or finest
    side = max(TILE_GSD, native) * pixels
    if style != "brief":
        side = min(side, max(short / 2, finest * pixels))  # even a small place is looked at in more than one part
    side = min(side, LONGEST_SIDE * short)  # tiles of a strip are no longer than a view can be
    return grid(width, height, side, MOST_TILES[style])


def view_size(width: float, height: float, pixels: int) -> tuple[int, int]:
    """Width and height in pixels of a view of a width x height place: the short side has `pixels`, steps of SIDE_STEP."""
    ratio = min(max(width, height) / min(width, height), LONGEST_SIDE)
    long = round(ratio * pixels / SIDE_STEP) * SIDE_STEP
    return (long, pixels) if width >= height else (pixels, long)


def _coarsest(card: ModelCard) -> float:
    return card.input.gsd_range_m[1] * 1.05  # rounding tiles to a grid may go slightly over


def _finest(card: ModelCard) -> float:
    return card.input.gsd_range_m[0] * 0.5  # training pictures are seen nearer as well


def _sharpness(scene: Scene, gsd: float | None) -> float | None:
    """Metres per pixel of what can be told apart in a view of `gsd`, which cannot show more than the raster has."""
    return None if gsd is None else max(gsd, scene.gsd_m or gsd)


def doubts(scene: Scene, card: ModelCard, gsd: float | None) -> list[str]:
    """Sentences on what the model was not trained for, where it sees the scene at `gsd` metres per pixel."""
    sharpness = _sharpness(scene, gsd)
    finest, coarsest = card.input.gsd_range_m
    found = []
    if gsd is None or sharpness is None:
        found.append(
            "The raster has no coordinate system, so sizes and areas cannot be measured. Set one in Layer Properties ▸ Source."
        )
    elif sharpness > _coarsest(card):
        found.append(
            f"A pixel of what the model sees is {sharpness:.3g} m on the ground; it was trained on {finest:g} to {coarsest:g} m, "
            "so its words would be a guess. Choose a smaller extent or a sharper image."
        )
    elif gsd < _finest(card):
        found.append(
            f"A pixel of what the model sees is {gsd:.2g} m on the ground; it was trained on {finest:g} to {coarsest:g} m. "
            "Choose a larger extent to see more of the surroundings."
        )
    if scene.sensor not in card.input.sensors and scene.sensor != "unknown":
        kind = {"sar": "radar", "thermal": "thermal", "index": "computed index"}.get(scene.sensor, scene.sensor)
        found.append(
            f"This looks like {kind} data; the model was trained on optical imagery only, so do not rely on the words."
        )
    if scene.false_colour:
        found.append(
            "The picture is in false colours; the model was trained on natural colours, so vegetation and water may be mistaken."
        )
    return found
