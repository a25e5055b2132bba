"""Parts of masks whose pixels share edges, and where in a picture they lie. Knows pixels only."""

from __future__ import annotations

import numpy as np
from rasterio.features import rasterize, shapes

import rsvlm.geo  # noqa: F401 # its limits, before rasterio is used
from rsvlm.trainer.metrics.change_answers import CELLS

ROWS, COLUMNS = ("top", "center", "bottom"), ("left", "center", "right")


def components(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """(H, W) int32, 0 outside of the mask and 1 to n in its parts; n. 4-connected, as outlines on the map are."""
    found = [shape for shape, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4)]
    if not found:
        return np.zeros(mask.shape, np.int32), 0
    numbered = [(shape, number) for number, shape in enumerate(found, 1)]
    return rasterize(numbered, mask.shape, dtype="int32"), len(found)


def without_small(mask: np.ndarray, smallest: int) -> tuple[np.ndarray, int]:
    """The mask without parts of fewer pixels than `smallest`, and how many those were."""
    numbers, count = components(mask)
    small = np.bincount(numbers.ravel(), minlength=count + 1) < smallest
    small[0] = True
    return ~small[numbers], int(small[1:].sum())


def parts(mask: np.ndarray) -> list[np.ndarray]:
    """Each part as a mask of its own."""
    numbers, count = components(mask)
    return [numbers == number for number in range(1, count + 1)]


def thirds(length: int) -> np.ndarray:
    """(length,) which third each pixel lies in: 0, 1, 2."""
    return (3 * (np.arange(length) + 0.5) / length).astype(int)


def pixels_in(mask: np.ndarray, cell: str) -> int:
    """Pixels of the mask in a cell of a 3 x 3 grid; for cells see `cells`."""
    row, _, column = cell.partition("-")
    rows, columns = thirds(mask.shape[0]) == ROWS.index(row), thirds(mask.shape[1]) == COLUMNS.index(column)
    return int(np.count_nonzero(mask[np.ix_(rows, columns)]))


def cells(mask: np.ndarray) -> list[str]:
    """Cells of a 3 x 3 grid with a pixel of the mask in them, row by row: “top-left” to “bottom-right” (DeltaVLM's names)."""
    return [cell for cell in CELLS if pixels_in(mask, cell)]


def middle(mask: np.ndarray) -> tuple[float, float]:
    """x, y of the mean of its pixels' middles, as shares of the picture."""
    rows, columns = np.nonzero(mask)
    return (float(columns.mean()) + 0.5) / mask.shape[1], (float(rows.mean()) + 0.5) / mask.shape[0]


def cell_of(x: float, y: float) -> str:
    """The cell that a point lies in, given as shares of the picture."""
    return f"{ROWS[min(2, int(3 * y))]}-{COLUMNS[min(2, int(3 * x))]}"
