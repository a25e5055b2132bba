"""Masks as polygons: valid, 4-connected, without overlap, and of exactly the pixels' area."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from rsvlm.geo.polygons import polygons

PIXELS = some.tuples(some.integers(1, 12), some.integers(1, 12))


@settings(max_examples=150, deadline=None)
@given(arrays(bool, PIXELS))
def test_polygons_are_valid_and_cover_exactly_the_mask(mask: np.ndarray):
    transform = Affine(0.5, 0, 500000, 0, -0.5, 5500000)
    found = polygons(mask, transform)
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in found)
    assert abs(sum(shape.area for shape in found) - 0.25 * mask.sum()) < 1e-6
    assert abs(shapely.union_all(found).area - 0.25 * mask.sum()) < 1e-6, "no two overlap"


def test_corners_do_not_connect_and_holes_stay_holes():
    mask = np.array([[1, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 0, 1, 0], [0, 1, 1, 1, 0]], bool)
    found = polygons(mask, Affine.identity())
    assert sorted(shape.area for shape in found) == [1, 8]
    assert len(max(found, key=lambda shape: shape.area).interiors) == 1
    assert [shape.area for shape in polygons(mask, Affine.identity(), smallest=2)] == [8]
