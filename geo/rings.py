"""Corners become polygons: linked along rows and columns to rings, outer ones and holes. Knows pixels only."""

from __future__ import annotations

import numpy as np
import shapely

from rsvlm.geo.corners import DOWN, LEFT, RIGHT, UP, Corners
from rsvlm.geo.stairs import Slopes, sloped


def outlines(corners: Corners, chosen: np.ndarray, slopes: Slopes) -> tuple[np.ndarray, np.ndarray]:
    """Shapely polygons of whole regions, and the number of each one's region.

    chosen: numbers of the corners of these regions.
    """
    if not len(chosen):
        return np.zeros(0, object), np.zeros(0, np.int32)
    x, y, region = corners.x[chosen], corners.y[chosen].astype(np.int64), corners.region[chosen]
    place = (y - y.min()) * (int(x.max()) + 1) + x
    corners = corners.only(chosen[np.argsort(place * (int(region.max()) + 1) + region, kind="stable")])
    following = _links(corners)
    if slopes.longest > 0:
        corners, following = sloped(corners, following, slopes)
    order, ring = _rings(following)
    xy = np.column_stack([corners.x[order], corners.y[order]]).astype(float)
    begins = np.flatnonzero(np.diff(ring, prepend=-1))
    follows = np.arange(1, len(order) + 1)
    follows[np.append(begins[1:], len(order)) - 1] = begins
    turned = np.add.reduceat(xy[:, 0] * xy[follows, 1] - xy[follows, 0] * xy[:, 1], begins)  # positive: not a hole
    regions = corners.region[order[begins]]
    outer = np.flatnonzero(turned > 0)
    rank = np.zeros(regions.max() + 1, int)
    rank[regions[outer]] = np.arange(len(outer))
    sequence = np.lexsort((turned < 0, rank[regions]))
    rings = shapely.linearrings(xy, indices=ring)
    return shapely.polygons(rings[sequence], indices=rank[regions][sequence]), regions[outer]


def _links(corners: Corners) -> np.ndarray:
    """Number of the next corner along the outline. corners: by y, then x, then region."""
    following = np.empty(len(corners.x), np.int64)
    for way in (RIGHT, DOWN, LEFT, UP):
        leave, arrive = np.flatnonzero(corners.out == way), np.flatnonzero(corners.into == way)
        if way in (DOWN, UP):
            leave = leave[np.argsort(corners.x[leave], kind="stable")]
            arrive = arrive[np.argsort(corners.x[arrive], kind="stable")]
        following[leave] = (
            arrive  # edges of one direction in one line do not overlap: the n-th ends where the n-th does
        )
    # Where a region meets itself in a corner, outer and inner ring touch; each has to go straight past the other.
    same = (np.diff(corners.x) == 0) & (np.diff(corners.y) == 0) & (np.diff(corners.region) == 0)
    one = np.flatnonzero(same)
    following[one], following[one + 1] = following[one + 1], following[one].copy()
    return following


def _rings(following: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners in the order of their rings, and the number of each one's ring."""
    ahead = following.tolist()
    order: list[int] = []
    ends: list[int] = []
    for corner in range(len(ahead)):
        after = ahead[corner]
        if after < 0:  # passed already
            continue
        while after >= 0:
            order.append(corner)
            ahead[corner] = -1
            corner, after = after, ahead[after]
        ends.append(len(order))
    return np.array(order), np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
