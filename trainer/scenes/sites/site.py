"""A place that is being laid out: surfaces and objects in the order in which they lie over each other, and what is free ground.

An item is one outline; a thing (a house with two wings, an aeroplane) may have several. A group is what may be there on one
date only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from rsvlm.trainer.scenes.sites.kinds import FLAT, KINDS, RAISED
from rsvlm.trainer.scenes.sites.looks import Colour, Look
from rsvlm.trainer.scenes.sites.outlines import Points

GRID = 192  # cells along a side of the map of taken ground
LIES, STANDS = 1, 2  # how ground is taken
SEEN, PIXELS = (
    0.45,
    70.0,
)  # share, or square pixels, of a counted thing that must lie in the picture for it to be put there


class Frame(NamedTuple):
    """Where an item's pattern lies: its middle, the angle that it runs in, and half its length and width, metres."""

    x: float
    y: float
    angle: float = 0.0
    a: float = 1.0
    b: float = 1.0


@dataclass(frozen=True)
class Item:
    """kind: of KINDS. pattern: how it is painted (see pictures/patterns.py). group: 0 always there; +g with group g; -g without.

    thing: number of the thing that it is part of; tone: its own shade, in [-1, 1]; scale: of its pattern, metres.
    """

    kind: str
    outline: Points
    colour: Colour
    frame: Frame
    pattern: str
    height: float
    tone: float
    thing: int
    group: int
    scale: float


class Site:
    """size: metres along a side. gsd: metres of a pixel of the picture that will be drawn of it.

    nouns: what a thing is called, by its number. groups: class of what comes or goes with a group, by its number.
    """

    def __init__(self, rng: np.random.Generator, size: float, gsd: float, look: Look) -> None:
        self.rng, self.size, self.gsd, self.look = rng, size, gsd, look
        self.items: list[Item] = []
        self.nouns: dict[int, str] = {0: ""}
        self.groups: dict[int, str] = {}
        self._group = 0
        self._taken = Image.new("L", (GRID, GRID))
        self._pen = ImageDraw.Draw(self._taken)

    def thing(self, noun: str) -> int:
        """A new thing of this name."""
        number = len(self.nouns)
        self.nouns[number] = noun
        return number

    def put(
        self,
        kind: str,
        outline: Points,
        colour: Colour,
        thing: int = 0,
        *,
        frame: Frame | None = None,
        pattern: str = "",
        height: float = 0.0,
        tone: float | None = None,
        scale: float = 0.0,
        take: bool | None = None,
    ) -> None:
        """take: whether nothing else may stand here; by default where it is no ground."""
        if frame is None:
            x, y = outline.mean(axis=0)
            frame = Frame(float(x), float(y))
        shade = float(self.rng.uniform(-1, 1)) if tone is None else tone
        self.items.append(Item(kind, outline, colour, frame, pattern, height, shade, thing, self._group, scale))
        if take if take is not None else KINDS[kind].layer >= FLAT:
            self.take(outline, STANDS if KINDS[kind].layer >= RAISED else LIES)

    def take(self, outline: Points, how: int = LIES) -> None:
        """Nothing else may stand here; on what LIES, vehicles may."""
        self._pen.polygon([(x, y) for x, y in (outline * (GRID / self.size)).tolist()], fill=how)

    def free(self, points: Points, of: int = LIES) -> np.ndarray:
        """(n,) bool: whether nothing lies or stands at these places yet; what is outside of the picture is free."""
        cells = np.floor(points * (GRID / self.size)).astype(int)
        inside = ((cells >= 0) & (cells < GRID)).all(axis=1)
        cells = cells.clip(0, GRID - 1)
        taken = np.asarray(self._taken)[cells[:, 1], cells[:, 0]] >= of
        return ~(taken & inside)

    def clear(self, outline: Points, margin: float = 1.0, of: int = LIES) -> bool:
        """Whether an outline, made larger by `margin` metres, is free; what is outside of the picture is."""
        middle = outline.mean(axis=0)
        spread = outline - middle
        reach = float(np.hypot(spread[:, 0], spread[:, 1]).max())
        cells = (middle + spread * (1 + margin / max(reach, 1e-9))) * (GRID / self.size)
        low, high = np.floor(cells.min(axis=0)).clip(0, GRID), np.ceil(cells.max(axis=0) + 1).clip(0, GRID)
        (x0, y0), (x1, y1) = low.astype(int).tolist(), high.astype(int).tolist()
        if x0 >= x1 or y0 >= y1:
            return True
        shape = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(shape).polygon((cells - low).ravel().tolist(), fill=1)
        there = np.asarray(self._taken.crop((x0, y0, x1, y1))) >= of
        return not bool((there & (np.asarray(shape) > 0)).any())

    def shows(self, outline: Points) -> bool:
        """Whether enough of a thing lies in the picture for it to be counted."""
        low, high = outline.min(axis=0), outline.max(axis=0)
        share = np.prod((np.clip(high, 0, self.size) - np.clip(low, 0, self.size)) / np.maximum(high - low, 1e-9))
        x, y = outline[:, 0], outline[:, 1]
        area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
        return bool(share >= SEEN or share * area >= PIXELS * self.gsd**2)

    def inside(self, x: float, y: float, margin: float = 0.0) -> bool:
        return -margin <= x <= self.size + margin and -margin <= y <= self.size + margin

    @contextmanager
    def group(self, label: str) -> Iterator[int]:
        """What is put meanwhile is there on some dates only, as a whole. label: class of what comes and goes."""
        number = len(self.groups) + 1
        self.groups[number] = label
        before, self._group = self._group, number
        try:
            yield number
        finally:
            self._group = before

    @contextmanager
    def instead(self, number: int) -> Iterator[None]:
        """What is put meanwhile is there while the group is not."""
        before, self._group = self._group, -number
        try:
            yield
        finally:
            self._group = before

    def pick(self, choices: Sequence[str]) -> str:
        return choices[int(self.rng.integers(len(choices)))]


def present(items: Sequence[Item], missing: frozenset[int] = frozenset()) -> list[Item]:
    """What is there on a date when these groups are not, in painting order."""
    found = [item for item in items if (item.group >= 0 and item.group not in missing) or -item.group in missing]
    return sorted(found, key=lambda item: KINDS[item.kind].layer)
