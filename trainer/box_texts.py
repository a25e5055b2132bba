"""Boxes as files of predictions hold them: numbers in brackets, or in a model's own words. Knows text and corners only."""

from __future__ import annotations

import math
import re
from typing import Any

from rsvlm.models.boxes import Box, read

SIDE = 100  # of a picture, in the units of text boxes; IoU does not depend on it

_LIST = re.compile(r"\[\s*(-?[\d.]+(?:\s*,\s*-?[\d.]+)*)\s*\]")
Corners = list[tuple[float, float]]


def read_boxes(value: Any, turned: bool) -> list[Corners]:
    """Corners of each box, (x, y): lists of four numbers x0, y0, x1, y1, of five with an angle in degrees (clockwise, as
    models.boxes.Box has it), of eight as four corners; text of such lists; or {<x0><y0><x1><y1>|<degrees>} as GeoChat,
    SkyEyeGPT and GeoPix write. What is no box is left out. turned: whether angles count.
    """
    if isinstance(value, str):
        if "{" in value:
            return [_corners(box, turned) for box in read(value, "rotated", SIDE, SIDE).boxes]
        lists = [re.split(r"\s*,\s*", found) for found in _LIST.findall(value)]
    else:
        lists = _innermost(value)
    found = [_box(numbers, turned) for numbers in lists]
    return [corners for corners in found if corners]


def _innermost(value: Any) -> list[list[Any]]:
    """The lists that hold no list, in order; four points are one list of eight."""
    if not isinstance(value, list) or not value:
        return []
    if all(isinstance(point, list) and len(point) == 2 and not isinstance(point[0], list) for point in value):
        return [[number for point in value for number in point]]
    if not any(isinstance(part, list) for part in value):
        return [value]
    return [numbers for part in value for numbers in _innermost(part)]


def _box(values: list[Any], turned: bool) -> Corners | None:
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        return None
    if not all(map(math.isfinite, numbers)):
        return None
    if len(numbers) == 8:
        return [(numbers[place], numbers[place + 1]) for place in range(0, 8, 2)]
    if len(numbers) not in (4, 5):
        return None
    (x0, x1), (y0, y1) = sorted(numbers[0:4:2]), sorted(numbers[1:4:2])
    return _corners(Box(x0, y0, x1, y1, sum(numbers[4:])), turned)


def _corners(box: Box, turned: bool) -> Corners:
    return (box if turned else Box(box.x0, box.y0, box.x1, box.y1)).corners()
