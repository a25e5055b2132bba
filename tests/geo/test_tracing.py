"""Labels as outlines: exactly the pixels, valid, with every vertex in common, however the rows arrive."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from rasterio.features import shapes

from rsvlm.geo.tracing import Traced, Tracer

LABELS = arrays(np.uint8, some.tuples(some.integers(1, 14), some.integers(1, 14)), elements=some.integers(0, 3))


def trace(labels: np.ndarray, rows: int, smallest: int = 1) -> Traced:
    tracer = Tracer(labels.shape[1], smallest)
    parts: list[Traced] = []
    for y in range(0, len(labels), rows):
        parts += tracer.add(labels[y : y + rows], labels[y : y + rows] / np.float32(4))
    parts.append(tracer.finish())
    names = Traced.__dataclass_fields__
    return Traced(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def known(polygons: np.ndarray, labels: np.ndarray) -> list[tuple[str, int]]:
    plain = shapely.normalize(polygons)
    return sorted(zip(shapely.to_wkt(plain), (int(label) for label in labels)))


@settings(max_examples=200, deadline=None)
@given(LABELS)
def test_outlines_are_those_of_gdal_and_a_valid_coverage(labels: np.ndarray):
    found = trace(labels, len(labels))
    assert shapely.is_valid(found.polygons).all() and shapely.coverage_is_valid(found.polygons)
    np.testing.assert_array_equal(shapely.area(found.polygons), found.pixels)
    np.testing.assert_allclose(found.means, found.labels / 4)
    expected = [(shapely.geometry.shape(shape), value) for shape, value in shapes(labels, labels > 0, connectivity=4)]
    assert len(expected) == len(found.polygons)
    for label in (1, 2, 3):
        theirs = shapely.make_valid(np.array([shape for shape, value in expected if value == label], object))
        ours = found.polygons[found.labels == label]
        assert shapely.symmetric_difference(shapely.union_all(theirs), shapely.union_all(ours)).area == 0


@settings(max_examples=100, deadline=None)
@given(LABELS, some.integers(1, 13))
def test_bands_of_rows_change_nothing(labels: np.ndarray, rows: int):
    one, other = trace(labels, len(labels)), trace(labels, rows)
    assert known(one.polygons, one.labels) == known(other.polygons, other.labels)
    assert sorted(one.pixels) == sorted(other.pixels)


def test_spiral_over_many_bands_is_one_region_and_its_gap_another():
    spiral = np.zeros((401, 401), np.uint8)
    low, high = 0, 401
    while high - low > 4:
        spiral[low, low:high] = spiral[low:high, high - 1] = spiral[high - 1, low + 2 : high] = 1
        spiral[low + 2 : high, low + 2] = 1
        low, high = low + 2, high - 2
    found = trace(spiral + np.uint8(1), 7)
    assert found.labels.tolist().count(2) == 1
    assert shapely.area(found.polygons).sum() == spiral.size


def test_region_closes_when_its_last_row_has_passed():
    labels = np.zeros((200, 10), np.uint8)
    labels[10:20, 2:5] = 1
    tracer = Tracer(10)
    parts = tracer.add(labels, labels.astype(np.float32))
    assert [len(part.polygons) for part in parts] == [1, 0]
    assert parts[0].polygons[0].bounds == (2, 10, 5, 20) and len(tracer.finish().polygons) == 0


@pytest.mark.parametrize("rows", [1, 6])
def test_where_a_region_meets_itself_in_a_corner_a_hole_stays_a_hole(rows: int):
    ring = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]], np.uint8)
    found = trace(ring, rows)
    assert sorted(found.pixels) == [1, 1, 7]
    largest = found.polygons[np.argmax(found.pixels)]
    assert largest.is_valid and len(largest.interiors) == 1 and largest.area == 7


def test_specks_are_left_out_and_holes_that_they_leave_stay():
    labels = np.ones((5, 5), np.uint8)
    labels[2, 2] = 2
    found = trace(labels, 2, smallest=2)
    assert found.pixels.tolist() == [24] and len(found.polygons[0].interiors) == 1
