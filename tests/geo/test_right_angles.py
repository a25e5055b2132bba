"""Right angles for buildings, where they fit; no overlap afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.features import rasterize
from shapely.affinity import rotate, translate

from rsvlm.geo.polygons import polygons
from rsvlm.geo.right_angles import ALIKE, squared

L_SHAPE = shapely.Polygon([(0, 0), (40, 0), (40, 15), (18, 15), (18, 30), (0, 30)])


def drawn(shape: shapely.Polygon) -> shapely.Polygon:
    """Its outline along pixels."""
    mask = rasterize([shape], (80, 80)).astype(bool)
    return polygons(mask, Affine.identity())[0]


def corners(shape: shapely.Polygon) -> np.ndarray:
    """Cosines of the angles along the outline."""
    edges = np.diff(shapely.get_coordinates(shape.exterior), axis=0)
    edges /= np.hypot(*edges.T)[:, None]
    return np.abs((edges * np.roll(edges, 1, axis=0)).sum(axis=1))


@pytest.mark.parametrize("angle", [0, 17, 30, 44, 71])
def test_building_is_drawn_with_its_own_corners(angle: float):
    real = translate(rotate(L_SHAPE, angle), 20, 25)
    (found,) = squared(np.array([drawn(real)], object), 1.5)
    assert len(found.exterior.coords) == 7 and corners(found).max() < 1e-9
    assert found.intersection(real).area / found.union(real).area > 0.93


def test_courtyards_stay():
    yard = shapely.Polygon(
        translate(rotate(L_SHAPE, 0), 20, 20).exterior.coords, [shapely.box(24, 24, 34, 34).exterior.coords]
    )
    (found,) = squared(np.array([drawn(rotate(yard, 20))], object), 1.5)
    assert len(found.interiors) == 1 and corners(found).max() < 1e-9


def test_what_has_no_right_angles_stays_as_it_was():
    triangle = shapely.Polygon([(0, 0), (60, 0), (30, 50)])
    assert squared(np.array([triangle], object), 1.5)[0] is triangle


def test_neighbours_never_overlap_afterwards():
    """Houses apart, so close that right angles overlap, and wall to wall."""
    mask = np.zeros((300, 300), np.uint8)
    for number in range(36):
        column, row = number % 6, number // 6
        house = translate(rotate(L_SHAPE, 7 * number), column * (34 if row > 2 else 48) + 4, row * 48 + 4)
        mask[(rasterize([house], (300, 300)) > 0) & (mask == 0)] = number + 1
    shapes = np.array(
        [part for number in range(1, 37) for part in polygons(mask == number, Affine.identity(), 20)], object
    )
    found = squared(shapes, 1.5)
    assert shapely.is_valid(found).all()
    kept = (found == shapes).sum()
    assert 10 < kept < len(shapes) - 10
    one, other = shapely.STRtree(found).query(found, predicate="intersects")
    assert shapely.area(shapely.intersection(found[one], found[other]))[one != other].sum() == 0
    alike = shapely.area(shapely.intersection(found, shapes)) / shapely.area(shapely.union(found, shapes))
    assert alike.min() >= ALIKE
