"""A large map of classes becomes polygons that share their edges."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from PIL import Image
from rasterio.crs import CRS
from rasterio.features import shapes

from measuring.figures import Figure, middle
from rsvlm.geo.measuring import measured
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.tiling import PixelGrid

SIDE = 10_000  # pixels
CLASSES = 5
CELL = 39  # pixels, of the noise that the classes are the ridges of: about 45,000 polygons with 6 million vertices
ROWS = 448  # of a band, as tiles of 512 with an overlap of 64 give
TOLERANCE_M = 2.0
SECONDS = 10
ROUNDS = 3
OVERLAPS = 3000  # polygons that are held against their neighbours


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Processor time, of one core."""
    labels = _classes()
    grid = PixelGrid.over(SIDE, SIDE, Affine(1, 0, 500000, 0, -1, 5000000), CRS.from_epsg(32633), None)
    ours, theirs = [], []
    for _round in range(min(rounds, ROUNDS)):
        begin = time.process_time()
        features = outlined(_bands(labels), grid, Cut(tolerance_m=TOLERANCE_M))
        done = time.process_time()
        for _band in _bands(labels):  # making them up is no part of it
            pass
        ours.append(2 * done - begin - time.process_time())
        begin = time.process_time()
        apart = _each_on_its_own(labels)
        theirs.append(time.process_time() - begin)
    together = np.array([feature.polygon for feature in features], object)
    begin = time.process_time()
    measured(together, CRS.from_epsg(32633))
    areas = time.process_time() - begin
    against = "GDAL, each simplified"
    return [
        Figure(f"{SIDE} px squared to polygons with shared edges", middle(ours), "s", SECONDS, middle(theirs), against),
        Figure("their geodesic areas and perimeters", areas, "s"),
        Figure("polygons", len(together), "", None, len(apart), against),
        Figure("their vertices", int(shapely.get_num_coordinates(together).sum()), ""),
        Figure(
            "not valid", int((~shapely.is_valid(together)).sum()), "", 0, int((~shapely.is_valid(apart)).sum()), against
        ),
        Figure(f"overlap of the first {OVERLAPS}", _overlap(together), "m²", 0, _overlap(apart), against),
    ]


def _classes() -> np.ndarray:
    """(SIDE, SIDE) uint8, 1 to CLASSES everywhere, whose edges run in every direction."""
    best, labels = np.full((SIDE, SIDE), -np.inf, np.float32), np.zeros((SIDE, SIDE), np.uint8)
    for number in range(CLASSES):
        noise = np.random.default_rng(number).random((SIDE // CELL + 3,) * 2, dtype=np.float32)
        smooth = np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        higher = smooth > best
        best[higher], labels[higher] = smooth[higher], number + 1
    return labels


def _bands(labels: np.ndarray) -> Iterator[np.ndarray]:
    """As probabilities of one and zero."""
    numbers = np.arange(1, CLASSES + 1, dtype=np.uint8)[:, None, None]
    return ((labels[y : y + ROWS] == numbers).astype(np.float32) for y in range(0, SIDE, ROWS))


def _each_on_its_own(labels: np.ndarray) -> np.ndarray:
    traced = shapes(labels, connectivity=4, transform=Affine(1, 0, 500000, 0, -1, 5000000))
    return shapely.simplify(np.array([shapely.geometry.shape(shape) for shape, _ in traced], object), TOLERANCE_M)


def _overlap(polygons: np.ndarray) -> float:
    """m² that the first OVERLAPS share with others; what is not valid is mended first."""
    valid = shapely.make_valid(polygons)
    one, other = shapely.STRtree(valid).query(valid[:OVERLAPS], predicate="intersects")
    before = one < other
    return float(shapely.area(shapely.intersection(valid[one[before]], valid[other[before]])).sum())
