"""Outlines as arrays of corners, (n, 2), metres, x right, y down. Angles are from the x axis towards the y axis, radians."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.scenes.noise import wander

Points = NDArray[np.float64]

_BOW = ((-0.5, 0.36), (-0.2, 0.48), (0.1, 0.5), (0.3, 0.38), (0.43, 0.2), (0.5, 0.03))


def xy(point: Points) -> tuple[float, float]:
    """The coordinates of one place."""
    return float(point[0]), float(point[1])


def turned(points: Points, x: float, y: float, angle: float) -> Points:
    """Local coordinates, first along and then across, at a place on the ground."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x + points[:, 0] * cos - points[:, 1] * sin, y + points[:, 0] * sin + points[:, 1] * cos], axis=1)


def rectangle(x: float, y: float, angle: float, length: float, width: float) -> Points:
    half = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * (length / 2, width / 2)
    return turned(half, x, y, angle)


def ellipse(x: float, y: float, a: float, b: float, angle: float = 0.0, points: int = 24) -> Points:
    """a, b: half axes."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return turned(np.stack([a * np.cos(turn), b * np.sin(turn)], axis=1), x, y, angle)


def blob(rng: np.random.Generator, x: float, y: float, radius: float, rough: float = 0.12, points: int = 14) -> Points:
    """Round and uneven: a crown, a pond, a grove. The radius varies by about `rough` of itself; waves get shorter with points."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = np.ones(points)
    waves = np.arange(2, max(4, points // 4 + 2))
    sizes, phases = rng.normal(0, 0.6, len(waves)), rng.uniform(0, 2 * np.pi, len(waves))
    reach += rough * (
        sizes[:, None] * (2.2 / waves[:, None]) ** 1.3 * np.cos(waves[:, None] * turn + phases[:, None])
    ).sum(0)
    reach = np.clip(reach, 0.5, 1.6) * radius
    return np.stack([x + reach * np.cos(turn), y + reach * np.sin(turn)], axis=1)


def hull(x: float, y: float, angle: float, length: float, beam: float) -> Points:
    """A boat, its bow in the direction of the angle."""
    right = np.array(_BOW) * (length, beam)
    return turned(np.concatenate([right, right[::-1] * (1, -1)]), x, y, angle)


def path(rng: np.random.Generator, start: Points, end: Points, sway: float, bend: float, step: float = 8.0) -> Points:
    """(n, 2) points of a line from start to end that sways by up to about `sway`, with bends about `bend` apart."""
    way = end - start
    reach = float(np.hypot(*way))
    share = np.linspace(0, 1, max(int(reach / step), 2))
    aside = wander(rng, share * reach, bend) * sway
    return start + share[:, None] * way + aside[:, None] * np.array([-way[1], way[0]]) / max(reach, 1e-9)


def ribbon(line: Points, width: float | Points) -> Points:
    """Both banks of a line; the width may differ from point to point."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    aside = (
        np.stack([-along[:, 1], along[:, 0]], axis=1) * (np.broadcast_to(np.asarray(width), (len(line),)) / 2)[:, None]
    )
    return np.concatenate([line + aside, (line - aside)[::-1]])


def through(size: float, x: float, y: float, angle: float, beyond: float = 1.1) -> tuple[Points, Points]:
    """Two points outside of the square of `size` on the straight line through (x, y)."""
    along = np.array([np.cos(angle), np.sin(angle)]) * size * beyond
    return np.array([x, y]) - along, np.array([x, y]) + along
