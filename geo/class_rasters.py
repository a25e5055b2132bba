"""Features as numbers of classes on the grid of a raster: a mask that any program reads, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize

from rsvlm.geo.byte_rasters import ByteRaster
from rsvlm.geo.staging import beside
from rsvlm.geo.tiling import PixelGrid
from rsvlm.protocol import Evidence, RsvlmError

_ROWS = 512
_MOST = 255  # classes
# Of the first classes, and again from the start (Okabe and Ito, Color Universal Design, 2008).
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


def write_classes(path: Path, evidence: Sequence[Evidence], grid: PixelGrid) -> None:
    """A cloud-optimised GeoTIFF of bytes: 1 for the first label, 2 for the second ..., 0 for none, on `grid`, in whose CRS the
    evidence is. Pixels count whose middle is inside; where features overlap, the later one. Names stand in the metadata.

    Raises RsvlmError (bad_request) if the file cannot be written, or there are more than 255 labels.
    """
    labels = list(dict.fromkeys(item.label for item in evidence))
    if len(labels) > _MOST:
        raise RsvlmError("bad_request", f"A mask holds {_MOST} classes at most.", "Use .gpkg.")
    numbers = [labels.index(item.label) + 1 for item in evidence]
    shapes = np.array([*(shapely.geometry.shape(item.geometry) for item in evidence), None], object)[:-1]
    tree = shapely.STRtree(shapes)
    colours = {number: (*COLOURS[(number - 1) % len(COLOURS)], 255) for number in range(1, len(labels) + 1)}
    with beside(path) as whole:
        raster = ByteRaster(whole.with_name(f".plain-{whole.name}"), grid, 1, 0)
        with raster.file:
            raster.file.write_colormap(1, {0: (0, 0, 0, 0), **colours})
            raster.file.update_tags(1, **{f"CLASS_{number}": label for number, label in enumerate(labels, 1)})
            for y in range(0, grid.height, _ROWS):
                rows = min(_ROWS, grid.height - y)
                place = grid.transform @ Affine.translation(0, y)
                frame = shapely.Polygon([place @ xy for xy in ((0, 0), (grid.width, 0), (grid.width, rows), (0, rows))])
                found = sorted(tree.query(frame, predicate="intersects").tolist())
                if found:
                    burnt = [(shapes[at], numbers[at]) for at in found]
                    raster.write(rasterize(burnt, (rows, grid.width), transform=place, dtype="uint8")[None], y)
        raster.finish(whole, "nearest")
