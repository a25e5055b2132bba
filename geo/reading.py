"""Pixels out of a raster, by window and through its overviews, with what is valid among them.

Memory stays small whatever the raster's size: windows are read in blocks and averaged into cells at once. A window that
would cost more than READ_BUDGET is not read whole but sampled, block by block, on a coarse grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

import numpy as np
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from rsvlm.geo.resampling import resample
from rsvlm.protocol import RsvlmError

READ_BUDGET = 2**28  # band values read for one view: about two seconds
_CHUNK = 2**22  # band values held as floats at a time
_SAMPLE_SIDE = 64  # pixels of one sample
_SAMPLES_PER_SIDE = 16  # of the raster, for its stretch: a million pixels in all
_LARGEST = 1e30  # beyond it lie undeclared "no value" marks such as -3.4e38


@dataclass(frozen=True)
class Source:
    """An open dataset and how to take its values: display bands, palette, and what counts as no value.

    palette: (entries, 4) uint8 RGBA for indexed colour, else None. mask: it has a mask or a real alpha band.
    nodata: one per band, None where there is none. zero_fill: pixels that are 0 in every band are empty.
    """

    dataset: DatasetReader
    name: str
    bands: tuple[int, ...]
    palette: Optional[np.ndarray]
    mask: bool
    nodata: tuple[Optional[float], ...]
    zero_fill: bool

    @property
    def planes(self) -> int:
        return 3 if self.palette is not None else len(self.bands)


@dataclass(frozen=True)
class Pixels:
    """values: (bands, H, W) float32, 0 where share is 0.   share: (H, W) in [0, 1], how much of each pixel is valid."""

    values: np.ndarray
    share: np.ndarray
    sampled: bool


def read(source: Source, placement: Affine, width: int, height: int) -> Pixels:
    """A grid of width x height pixels out of the source.

    placement: from coordinates of that grid to pixel coordinates of the source (x right, y down), any scale and turn.
    Raises bad_raster when the file is damaged.
    """
    dataset = source.dataset
    corners = [placement @ corner for corner in ((0, 0), (width, 0), (0, height), (width, height))]
    reach = 1 + max(abs(placement.a), abs(placement.b), abs(placement.d), abs(placement.e)) / 8
    c0 = max(0, math.floor(min(x for x, _ in corners) - reach))
    r0 = max(0, math.floor(min(y for _, y in corners) - reach))
    c1 = min(dataset.width, math.ceil(max(x for x, _ in corners) + reach))
    r1 = min(dataset.height, math.ceil(max(y for _, y in corners) + reach))
    if c0 >= c1 or r0 >= r1:
        empty = np.zeros((source.planes, height, width), np.float32)
        return Pixels(empty, np.zeros((height, width), np.float32), False)
    across, down = math.hypot(placement.a, placement.d), math.hypot(placement.b, placement.e)
    level = _overview(dataset, min(across, down) / 2)
    cost = (c1 - c0) * (r1 - r0) * source.planes / level**2
    if cost > READ_BUDGET:
        values, share, grid = _sampled_cells(source, (c0, r0, c1, r1), width, height)
    else:
        step = (max(1, int(across / 2 / level)) * level, max(1, int(down / 2 / level)) * level)
        values, share, grid = _cells(source, (c0, r0, c1, r1), level, step)
    values, share = resample(values, share, ~grid @ placement, width, height)
    return Pixels(values, share, cost > READ_BUDGET)


def samples(source: Source, side: int) -> np.ndarray:
    """(bands, N) values of valid pixels from all over the raster.

    They are those of an overview of at most side x side, or of scattered blocks where that would cost too much.
    """
    dataset = source.dataset
    whole = (0, 0, dataset.width, dataset.height)
    scale = max(dataset.width, dataset.height) / side
    level = _overview(dataset, scale)
    if dataset.width * dataset.height * source.planes / level**2 <= READ_BUDGET:
        step = max(1, math.ceil(scale / level)) * level
        values, share, _ = _cells(source, whole, level, (step, step))
        return values[:, share >= 0.5]
    parts = []
    for _, _, window in _sample_windows(dataset, whole, _SAMPLES_PER_SIDE, _SAMPLES_PER_SIDE):
        values, valid = _raw(source, window, (window.height, window.width))
        parts.append(values[:, valid])
    return np.concatenate(parts, axis=1)


def is_true_alpha(dataset: DatasetReader, band: int, name: str) -> bool:
    """Whether an "alpha" band holds opacity: drivers label any fourth 8-bit band so, and often it is near infrared."""
    top = float(np.iinfo(dataset.dtypes[band - 1]).max) if "int" in dataset.dtypes[band - 1] else 1.0
    plain = Source(dataset, name, (band,), None, False, (None,) * dataset.count, False)
    whole = (0, 0, dataset.width, dataset.height)
    values = [
        _raw(plain, window, (window.height, window.width))[0].ravel()
        for _, _, window in _sample_windows(dataset, whole, 8, 8)
    ]
    opacity = np.concatenate(values)
    return float(np.mean((opacity == 0) | (opacity == top))) > 0.8


def _overview(dataset: DatasetReader, at_most: float) -> int:
    """The factor of the coarsest overview that is no coarser than `at_most`; 1 = the raster itself."""
    return max([1, *(factor for factor in dataset.overviews(1) if factor <= at_most)])


def _raw(source: Source, window: Window, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """values (bands, h, w) float32 with 0 where not valid, valid (h, w) bool. window in source pixels, shape (h, w)."""
    dataset = source.dataset
    indexes = [1] if source.palette is not None else list(source.bands)
    try:
        raw = dataset.read(indexes, window=window, out_shape=(len(indexes), *shape), resampling=Resampling.nearest)
        masked = dataset.read_masks(indexes[0], window=window, out_shape=shape) if source.mask else None
    except RasterioError as error:
        raise RsvlmError(
            "bad_raster",
            f"{source.name} cannot be read to the end: the file is damaged or incomplete.",
            "Copy or download it again, then open it in QGIS to check it.",
        ) from error
    valid = _has_value(raw, [source.nodata[index - 1] for index in indexes])
    if masked is not None:
        valid &= masked >= 128
    if source.zero_fill:
        valid &= (raw != 0).any(axis=0)
    if source.palette is not None:
        colours = source.palette[np.clip(raw[0].astype(np.int64), 0, len(source.palette) - 1)]
        valid &= colours[..., 3] >= 128
        raw = colours[..., :3].transpose(2, 0, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw.astype(np.float32)
    if not valid.all():
        values = np.where(valid, values, np.float32(0.0))
    return values, valid


def _has_value(raw: np.ndarray, nodata: list[Optional[float]]) -> np.ndarray:
    """(h, w) bool. A mark inside the range of real values (0 or 255) empties a pixel only if all bands carry it."""
    valid = np.ones(raw.shape[1:], bool)
    if np.issubdtype(raw.dtype, np.floating):
        with np.errstate(invalid="ignore"):
            valid = (np.abs(raw) < _LARGEST).all(axis=0)
    marked = [raw[plane] == value for plane, value in enumerate(nodata) if value is not None and not math.isnan(value)]
    if not marked:
        return valid
    ordinary = np.issubdtype(raw.dtype, np.integer) and all(value in (None, 0, 255) for value in nodata)
    if ordinary and len(marked) == len(raw):
        return valid & ~np.logical_and.reduce(marked)
    return valid & ~np.logical_or.reduce(marked)


def _cells(
    source: Source, box: tuple[int, int, int, int], level: int, step: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, Affine]:
    """Means over cells of `step` source pixels: values (bands, h, w), share (h, w), and cell -> source coordinates."""
    dataset = source.dataset
    c0, r0 = box[0] // step[0] * step[0], box[1] // step[1] * step[1]
    columns, rows = -(-(box[2] - c0) // step[0]), -(-(box[3] - r0) // step[1])
    kx, ky = step[0] // level, step[1] // level
    values = np.zeros((source.planes, rows, columns), np.float32)
    share = np.zeros((rows, columns), np.float32)
    grid = Affine(step[0], 0, c0, 0, step[1], r0)
    wide = max(1, min(columns, _CHUNK // (source.planes * kx * ky)))
    tall = max(1, _CHUNK // (source.planes * kx * ky * wide))
    for row in range(0, rows, tall):
        for column in range(0, columns, wide):
            h, w = min(tall, rows - row), min(wide, columns - column)
            x, y = c0 + column * step[0], r0 + row * step[1]
            window = Window(x, y, min(w * step[0], dataset.width - x), min(h * step[1], dataset.height - y))
            shape = (-(-window.height // level), -(-window.width // level))
            block, valid = _raw(source, window, shape)
            if kx == ky == 1 and block.shape == values.shape:  # as of most tiles
                return block, valid.astype(np.float32), grid
            if kx == ky == 1:
                values[:, row : row + h, column : column + w] = block
                share[row : row + h, column : column + w] = valid
                continue
            counts = _block_sums(valid.astype(np.float32)[None], ky, kx, h, w)[0]
            sums = _block_sums(block, ky, kx, h, w)
            values[:, row : row + h, column : column + w] = sums / np.maximum(counts, 1.0)
            share[row : row + h, column : column + w] = counts / (kx * ky)
    return values, share, grid


def _block_sums(block: np.ndarray, ky: int, kx: int, rows: int, columns: int) -> np.ndarray:
    """(n, h, w) -> (n, rows, columns) sums over ky x kx; the last cells may reach over the edge."""
    count, height, width = block.shape
    if (height, width) != (rows * ky, columns * kx):
        block = np.pad(block, ((0, 0), (0, rows * ky - height), (0, columns * kx - width)))
    across = block.reshape(-1, kx) @ np.ones(kx, np.float32)
    return across.reshape(count, rows, ky, columns).sum(axis=2)


def _cells_per_side(source: Source) -> int:
    """As many samples as the budget pays for when each costs one block of the file, within reason."""
    block_height, block_width = source.dataset.block_shapes[0]
    return int(np.clip(math.sqrt(READ_BUDGET / 2 / (block_height * block_width * source.planes)), 24, 64))


def _sample_windows(
    dataset: DatasetReader, box: tuple[int, int, int, int], columns: int, rows: int
) -> Iterator[tuple[int, int, Window]]:
    """Row, column and a small window inside one block of the file for each cell of a grid over box (c0, r0, c1, r1)."""
    block_height, block_width = dataset.block_shapes[0]
    width, height = min(_SAMPLE_SIDE, block_width), min(_SAMPLE_SIDE, block_height)
    for row in range(rows):
        for column in range(columns):
            x = int(box[0] + (column + 0.5) * (box[2] - box[0]) / columns)
            y = int(box[1] + (row + 0.5) * (box[3] - box[1]) / rows)
            x = min(max(x - width // 2, x // block_width * block_width), dataset.width - 1)
            y = min(max(y - height // 2, y // block_height * block_height), dataset.height - 1)
            w = min(width, dataset.width - x, block_width - x % block_width)
            h = min(height, dataset.height - y, block_height - y % block_height)
            yield row, column, Window(x, y, w, h)


def _sampled_cells(
    source: Source, box: tuple[int, int, int, int], width: int, height: int
) -> tuple[np.ndarray, np.ndarray, Affine]:
    """As _cells, from one small window per cell of a coarse grid."""
    most = _cells_per_side(source)
    columns, rows = min(most, width), min(most, height)
    values = np.zeros((source.planes, rows, columns), np.float32)
    share = np.zeros((rows, columns), np.float32)
    for row, column, window in _sample_windows(source.dataset, box, columns, rows):
        block, valid = _raw(source, window, (window.height, window.width))
        count = int(valid.sum())
        values[:, row, column] = block.sum(axis=(1, 2)) / max(count, 1)
        share[row, column] = count / valid.size
    scale = Affine((box[2] - box[0]) / columns, 0, box[0], 0, (box[3] - box[1]) / rows, box[1])
    return values, share, scale
