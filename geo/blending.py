"""Overlapping tiles of probabilities become one map without seams, of which only the rows that are still open are in memory.

Each tile counts most in its middle, where a model has seen most of the surroundings. The weights of all tiles over a pixel sum to
one: they are the product of one along x and one along y, so that no map of weights is needed. Knows arrays only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from rsvlm.geo.tiling import Tiling


def weights(length: int, starts: list[int], side: int) -> np.ndarray:
    """(tiles, side) float32: how much each pixel of each tile counts along one axis of `length` pixels.

    A squared sine over the tile, divided by the sum over all tiles there; 0 beyond `length`.
    """
    bell = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    places = np.array(starts)[:, None] + np.arange(side)
    total = np.bincount(places.ravel(), np.tile(bell, len(starts)))
    return np.where(places < length, bell / total[places], 0).astype(np.float32)


def blended(tiling: Tiling, tiles: Iterable[np.ndarray | None]) -> Iterator[np.ndarray]:
    """Finished rows from the top, as (classes, rows, width) float32; together they have tiling.height rows.

    tiles: (classes, side, side) float in [0, 1] for each of tiling.windows(), in that order, nan where there is no data; what
    lies beyond the map is ignored. None: no data anywhere in it. Where they end early (cancelled), so do the rows: only those
    come over which every tile has been seen.
    """
    across = weights(tiling.width, tiling.columns, tiling.side)
    down = weights(tiling.height, tiling.rows, tiling.side)
    band: np.ndarray | None = None
    incoming = iter(tiles)
    ends = [*tiling.rows[1:], tiling.height]
    for top, below, row_weights in zip(tiling.rows, ends, down, strict=True):
        for left, column_weights in zip(tiling.columns, across, strict=True):
            try:
                tile = next(incoming)
            except StopIteration:
                return
            shown = min(tiling.side, tiling.width - left)
            if band is None:
                band = np.zeros((1 if tile is None else len(tile), tiling.side, tiling.width), np.float32)
            elif tile is not None and len(tile) != len(band):
                band = np.repeat(band, len(tile), axis=0)  # only tiles without data came before
            part = band[:, :, left : left + shown]
            if tile is None:
                part += np.where(row_weights[:, None] * column_weights[:shown] > 0, np.float32(np.nan), np.float32(0))
            else:
                part += tile[:, :, :shown] * (row_weights[:, None] * column_weights[:shown])
        if band is not None:
            done = below - top
            yield band[:, :done].copy()
            band[:, : tiling.side - done] = band[:, done:].copy()
            band[:, tiling.side - done :] = 0
