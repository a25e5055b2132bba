"""Stairs become slopes: fewer corners, the same neighbours, nothing torn and nothing over anything else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from rsvlm.geo.stairs import Slopes
from rsvlm.geo.tracing import Traced, Tracer

LABELS = arrays(np.uint8, some.tuples(some.integers(1, 14), some.integers(1, 14)), elements=some.integers(0, 3))


def trace(labels: np.ndarray, longest: float, column: int = 0, row: int = 0) -> Traced:
    tracer = Tracer(labels.shape[1], 1, Slopes(longest, column, row))
    return Traced.together([*tracer.add(labels, np.ones(labels.shape, np.float32)), tracer.finish()])


@settings(max_examples=300, deadline=None)
@given(LABELS, some.sampled_from([1, 2, 3, 8]))
def test_regions_lie_to_each_other_as_before(labels: np.ndarray, longest: int):
    before, after = trace(labels, 0), trace(labels, longest)
    assert shapely.is_valid(after.polygons).all() and shapely.coverage_is_valid(after.polygons)
    assert len(after.polygons) == len(before.polygons) and sorted(after.pixels) == sorted(before.pixels)
    holes = [sorted(shapely.get_num_interior_rings(traced.polygons).tolist()) for traced in (before, after)]
    assert holes[0] == holes[1]
    whole = [shapely.union_all(traced.polygons) for traced in (before, after)]
    assert len(shapely.get_parts(whole[0])) == len(shapely.get_parts(whole[1]))
    for one, other in shapely.STRtree(after.polygons).query(after.polygons, predicate="overlaps").T:
        assert shapely.area(shapely.intersection(after.polygons[one], after.polygons[other])) == 0


@settings(max_examples=100, deadline=None)
@given(LABELS, some.sampled_from([1, 3, 8]), some.integers(0, 3), some.integers(0, 3))
def test_outlines_are_the_same_wherever_the_raster_begins(labels: np.ndarray, longest: int, right: int, down: int):
    one = trace(labels, longest, right, down)
    other = trace(np.pad(labels, ((down, 0), (right, 0))), longest)
    moved = shapely.transform(other.polygons, lambda xy: xy - (right, down))
    assert shapely.equals_exact(shapely.normalize(one.polygons), shapely.normalize(moved)).all()


@pytest.mark.parametrize("slope", [0.15, 0.4, 1.0, 2.5, -0.3, -1.7])
def test_slope_keeps_its_place_with_two_thirds_of_its_corners_at_most(slope: float):
    y, x = np.mgrid[:240, :240] + 0.5
    labels = np.where(y - 120 > slope * (x - 120), 1, 2).astype(np.uint8)
    before, after = trace(labels, 0), trace(labels, 9)
    count = [int(shapely.get_num_coordinates(traced.polygons).sum()) for traced in (before, after)]
    assert count[1] <= 0.66 * count[0] + 8
    changed = shapely.area(after.polygons[0]) - shapely.area(before.polygons[0])
    assert abs(changed) / 240 < 0.02  # pixels to one side


def test_long_edge_before_a_step_stays():
    labels = np.zeros((6, 30), np.uint8)
    labels[1:4, 2:26] = 1
    labels[4, 2:12] = 1
    assert shapely.equals(trace(labels, 13).polygons[0], trace(labels, 0).polygons[0])
    assert not shapely.equals(trace(labels, 14).polygons[0], trace(labels, 0).polygons[0])
