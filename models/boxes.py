"""Boxes as models write them, as pixels, and on the map.

percent: {<x0><y0><x1><y1>}, 0 to 100 (MiniGPT-v2, arXiv 2310.09478, section 3.2; SkyEyeGPT; GeoPix); rotated: the same with
|<degrees> (GeoChat, arXiv 2311.15826, section 3.1); thousand: JSON with bbox_2d, or (x0,y0),(x1,y1), 0 to 1000 (Qwen-VL,
arXiv 2308.12966); florence: <loc_x0><loc_y0><loc_x1><loc_y1>, 1000 bins (Florence-2, arXiv 2311.06242, section 4.1);
paligemma: <locy0><locx0><locy1><locx1>, 1024 bins (arXiv 2407.07726). Knows text and geometry; no model, no raster.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely
from affine import Affine

Point = tuple[float, float]

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_BRACES = r"\{(?=[^{}]*[<\d])[^{}\n]*\}|\{[<>|\d\s.,°-]+"
_JSON = r"\{[^{}]*[\"']bbox(?:_2d)?[\"'][^{}]*\}?"
_PAIRS = r"(?:<box>|<\|box_start\|>)?\(\s*-?\d[^()]*\)\s*,\s*\([^()]*\)?(?:</box>|<\|box_end\|>)?|<box>[^<]*(?:</box>)?"
_LIST = r"\[\s*-?[\d.]+\s*(?:,\s*-?[\d.]+\s*)+\]?"
_NAMED = re.compile(r"<(?:p|ref|\|object_ref_start\|)>(.*?)</?(?:p|ref|\|object_ref_end\|)>", re.DOTALL)
_MARKS = re.compile(r"</?(?:p|ref|delim)>|<\|object_ref_(?:start|end)\|>|```\w*|</?s>|<pad>")
_QUOTED = r"([\"'])((?:(?!\1)[^\\]|\\.)*)"  # up to the quote of the same kind, or the end
_LABEL = re.compile(rf"(?:\"label\"|'label')\s*:\s*{_QUOTED}", re.DOTALL)
_STRING = re.compile(rf"{_QUOTED}\1|<seg\d+>", re.DOTALL)


@dataclass(frozen=True)
class Convention:
    """steps: of a side of the picture; mark: what is meant as a box, readable or not; order: places of x0, y0, x1, y1 among
    its numbers; middle: a number is a bin, which stands for its middle; opens: characters that may begin a mark.
    """

    steps: int
    mark: re.Pattern[str]
    order: tuple[int, int, int, int] = (0, 1, 2, 3)
    middle: float = 0.0
    opens: str = "{<"


CONVENTIONS = {
    "percent": Convention(100, re.compile(_BRACES)),
    "rotated": Convention(100, re.compile(_BRACES)),
    "thousand": Convention(1000, re.compile(f"{_JSON}|{_PAIRS}|{_LIST}"), opens="{<[(`"),
    "florence": Convention(1000, re.compile(r"(?:<loc_\d+>\s*)+"), middle=0.5),
    "paligemma": Convention(1024, re.compile(r"(?:<loc\d+>\s*)+(?:<seg\d+>\s*)*"), (1, 0, 3, 2)),
}


@dataclass(frozen=True)
class Box:
    """x0, y0, x1, y1: pixels of a picture, x right, y down, x0 < x1 and y0 < y1. label: what the model calls it.

    angle: degrees by which it is turned about its middle, from the x axis to the y axis (clockwise, as one sees it).
    """

    x0: float
    y0: float
    x1: float
    y1: float
    angle: float = 0.0
    label: str = ""

    def corners(self) -> list[Point]:
        """The four, (x, y) in pixels, from (x0, y0) on towards (x1, y0) before it was turned."""
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        right, down = (self.x1 - self.x0) / 2, (self.y1 - self.y0) / 2
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        ways = ((-right, -down), (right, -down), (right, down), (-right, down))
        return [(x + cos * a - sin * b, y + sin * a + cos * b) for a, b in ways]

    def upright(self) -> Box:
        """The smallest one around it that is not turned."""
        if not self.angle:
            return self
        xs, ys = zip(*self.corners(), strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys), label=self.label)


@dataclass(frozen=True)
class Reading:
    """text: with [1], [2] and so on where boxes stood. warnings: sentences on what could not be read or had to be mended."""

    text: str
    boxes: tuple[Box, ...]
    warnings: tuple[str, ...]


def read(text: str, convention: str, width: int, height: int) -> Reading:
    """Boxes in what a model said of a picture of width x height pixels. Never raises, whatever the text is."""
    rules = CONVENTIONS[convention]
    boxes: list[Box] = []
    warnings: list[str] = []
    told, end = "", 0
    for mark in rules.mark.finditer(text):
        told += text[end : mark.start()]
        label = _label(text, mark, convention, text[end : mark.start()])
        coordinates, bar, turned = mark[0].partition("|" if mark[0].startswith("{<") else "\0")
        numbers, angles = _numbers(coordinates), _numbers(turned)
        angle = angles[0] if len(angles) == 1 else math.nan if bar else 0.0
        groups = [numbers[start : start + 4] for start in range(0, len(numbers), 4)]
        if convention not in ("florence", "paligemma") and len(groups) != 1:
            groups = [[]]
        for group in groups or [[]]:
            box, mended = _box(group, angle, rules, width, height)
            if box is None:
                warnings.append(f"The model wrote a box that cannot be read: “{_short(mark[0])}”.")
                continue
            if mended:
                warnings.append(
                    f"The model wrote a box that reaches out of the picture or is inverted: “{_short(mark[0])}”."
                )
            boxes.append(replace(box, label=label))
            told += f"{label} [{len(boxes)}]" if mark[0].startswith("{") and "bbox" in mark[0] else f" [{len(boxes)}] "
        end = mark.end()
    if not end and not _MARKS.search(text):
        return Reading(text, (), ())
    return Reading(_tidy(told + text[end:]), tuple(boxes), tuple(dict.fromkeys(warnings)))


def write(box: Box, convention: str, width: int, height: int) -> str:
    """As a model reads it in a question; a turned one upright where the convention has no angle."""
    rules = CONVENTIONS[convention]
    angle = round(box.angle)
    box = box if convention == "rotated" else box.upright()
    sides = (width, height, width, height)
    shares = [value / side for value, side in zip((box.x0, box.y0, box.x1, box.y1), sides, strict=True)]
    if rules.middle:
        steps = [min(rules.steps - 1, max(0, math.floor(share * rules.steps))) for share in shares]
    else:
        steps = [min(rules.steps, max(0, round(share * rules.steps))) for share in shares]
    if convention == "thousand":
        return f'{{"bbox_2d": {steps}}}'
    if convention == "florence":
        return "".join(f"<loc_{step}>" for step in steps)
    if convention == "paligemma":
        return "".join(f"<loc{min(steps[place], rules.steps - 1):04d}>" for place in rules.order)
    inner = "".join(f"<{step}>" for step in steps)
    return f"{{{inner}|<{angle}>}}" if convention == "rotated" else f"{{{inner}}}"


def to_map(box: Box, transform: Affine) -> dict[str, Any]:
    """GeoJSON polygon in the CRS that `transform` leads to from pixels."""
    ring = [list(transform @ corner) for corner in box.corners()]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def from_map(geometry: Mapping[str, Any], transform: Affine) -> Box:
    """The box of a geometry (GeoJSON): turned if it is a turned rectangle in the picture, else the smallest around it."""
    back = ~transform
    shape = shapely.transform(shapely.geometry.shape(geometry), lambda xy: [back @ point for point in xy.tolist()])
    x0, y0, x1, y1 = shape.bounds
    upright = Box(x0, y0, x1, y1)
    around = shapely.minimum_rotated_rectangle(shape)
    full = (x1 - x0) * (y1 - y0)
    if around.geom_type != "Polygon" or shape.area < around.area * (1 - 1e-6) or shape.area > full * (1 - 1e-6):
        return upright
    return _turned([(x, y) for x, y in shapely.get_coordinates(around).tolist()][:4])


def _turned(corners: Sequence[Point]) -> Box:
    """By less than an eighth of a circle."""
    (ax, ay), (bx, by), (cx, cy), _ = corners
    width, height = math.hypot(bx - ax, by - ay), math.hypot(cx - bx, cy - by)
    angle = math.degrees(math.atan2(by - ay, bx - ax))
    quarters = round(angle / 90)
    angle -= 90 * quarters
    if quarters % 2:
        width, height = height, width
    x, y = (ax + cx) / 2, (ay + cy) / 2
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2, angle)


def _box(numbers: Sequence[float], angle: float, rules: Convention, width: int, height: int) -> tuple[Box | None, bool]:
    """The box that four numbers mean, and whether they had to be mended; None where they mean none."""
    if len(numbers) != 4 or not math.isfinite(sum(numbers)) or not math.isfinite(angle):
        return None, False
    given = [numbers[place] + rules.middle for place in rules.order]
    inside = [min(float(rules.steps), max(0.0, value)) for value in given]
    x0, x1 = sorted((inside[0], inside[2]))
    y0, y1 = sorted((inside[1], inside[3]))
    if any(max(given[axis::2]) < 0 or min(given[axis::2]) > rules.steps for axis in (0, 1)):
        return None, False
    mended = inside != given or (inside[0], inside[1]) != (x0, y0)
    (x0, x1), (y0, y1) = (_wide(low, high, rules.steps) for low, high in ((x0, x1), (y0, y1)))
    across, down = width / rules.steps, height / rules.steps
    return Box(x0 * across, y0 * down, x1 * across, y1 * down, angle % 360), mended


def _wide(low: float, high: float, steps: int) -> tuple[float, float]:
    """A side of no length is one that rounding took away: one step long."""
    if high > low:
        return low, high
    low = min(max(0.0, low - 0.5), steps - 1)
    return low, low + 1


def _label(text: str, mark: re.Match[str], convention: str, before: str) -> str:
    """What the model calls the thing in a box."""
    inside = _LABEL.search(mark[0])
    if inside:
        return re.sub(r"\\([\"'\\])", r"\1", inside[2]).strip()
    if convention == "paligemma":
        return re.split(r"[;<\n]", text[mark.end() :], maxsplit=1)[0].strip()
    named = _NAMED.findall(text[: mark.start()])
    if named:
        return str(named[-1]).strip()
    return _MARKS.sub("", before).strip(" ,.;:\n") if convention == "florence" else ""


def _numbers(mark: str) -> list[float]:
    """Digits in the label or in the keys of JSON are no coordinates."""
    return [float(number) for number in _NUMBER.findall(_STRING.sub(" ", mark))]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _tidy(text: str) -> str:
    """Without marks and the spaces that they leave; without the brackets of a JSON list around it all."""
    text = re.sub(r"[ \t]+", " ", _MARKS.sub(" ", text)).strip()
    if text.startswith("[") and text.endswith("]") and not re.match(r"\[\d+\]", text):
        text = text[1:-1].strip()
    return re.sub(r" ([.,;:!?])", r"\1", text)
