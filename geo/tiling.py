"""An extent cut into equal tiles that neither overlap nor leave a gap, so that shares of tiles add up to one."""

from __future__ import annotations

from rsvlm.geo.ground import Extent


def grid(width: float, height: float, side: float, at_most: int) -> tuple[int, int]:
    """Columns and rows of tiles nearest to `side` x `side` that cover width x height (all in one unit).

    Tiles grow when there would be more than `at_most` of them. At least one column and one row.
    """
    side = max(side, 1e-12)
    columns, rows = max(1, round(width / side)), max(1, round(height / side))
    while columns * rows > max(1, at_most):
        side *= max(1.02, (columns * rows / max(1, at_most)) ** 0.5)
        columns, rows = max(1, round(width / side)), max(1, round(height / side))
    return columns, rows


def tiles(extent: Extent, columns: int, rows: int, y_down: bool = False) -> list[Extent]:
    """Extents of a grid over `extent`, row by row from the top, left to right; neighbours share their edges exactly.

    y_down: the top is the smallest y, as in pixel coordinates (a scene without a CRS).
    """
    x0, y0, x1, y1 = extent
    xs = [x0 + (x1 - x0) * column / columns for column in range(columns)] + [x1]
    ys = [y0 + (y1 - y0) * row / rows for row in range(rows)] + [y1]
    order = range(rows) if y_down else range(rows - 1, -1, -1)
    return [(xs[column], ys[row], xs[column + 1], ys[row + 1]) for row in order for column in range(columns)]
