"""Random views of training examples: seen from another side, nearer, on another day; masks, maps and boxes follow exactly."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from rsvlm.trainer.nuisance import KINDS, LIGHT, STILL, disturbed

if TYPE_CHECKING:  # recipes are read without torch
    from rsvlm.models.learning import Example

CROP = (0.7, 1.0)  # side of the part that is seen, as a share of the picture's
STRENGTH = (0.3, 1.0)  # of what differs from day to day
LEFT = 0.25  # share of a box that has to be in view, for its thing to be asked for
NAMES = ("none", "light", "view", "nuisance", *KINDS)  # of ways to change an example


@dataclass(frozen=True)
class View:
    """The part of a picture between x0, y0 and x1, y1 (shares of it), a square of `side` pixels, or as large as the whole; then
    mirrored from left to right, if so; then turned by quarter turns against the clock, which of what is no square are half turns.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    mirror: bool
    turns: int
    side: int | None = None

    @classmethod
    def draw(cls, generator: np.random.Generator, side: int | None = None) -> View:
        share = generator.uniform(*CROP)
        x0, y0 = generator.uniform(0, 1 - share, 2)
        return cls(x0, y0, x0 + share, y0 + share, bool(generator.integers(2)), int(generator.integers(4)), side)

    @property
    def whole(self) -> View:
        """From the same side, with nothing cut away."""
        return replace(self, x0=0, y0=0, x1=1, y1=1)

    def picture(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8, interpolated."""
        height, width = pixels.shape[:2]
        box = (self.x0 * width, self.y0 * height, self.x1 * width, self.y1 * height)
        rows, columns = self._size((height, width))
        return self._sided(np.asarray(Image.fromarray(pixels).resize((columns, rows), Resampling.HAMMING, box)))

    def plane(self, values: np.ndarray) -> np.ndarray:
        """(H, W, ...) of any kind: of each pixel the value that its middle lies on."""
        height, width = values.shape[:2]
        down, across = self._size((height, width))
        rows = (self.y0 + (np.arange(down) + 0.5) / down * (self.y1 - self.y0)) * height
        columns = (self.x0 + (np.arange(across) + 0.5) / across * (self.x1 - self.x0)) * width
        return self._sided(values[rows.astype(int)[:, None], columns.astype(int)])

    def boxes(self, boxes: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(n, 4) pixels of a picture of this size, (height, width) -> what is in view of them, in pixels of the view; (n,) which
        share of each box that is.
        """
        height, width = size
        xs = (boxes[:, [0, 2]] / width - self.x0) / (self.x1 - self.x0)
        ys = (boxes[:, [1, 3]] / height - self.y0) / (self.y1 - self.y0)
        xs = 1 - xs if self.mirror else xs
        for _ in range(self._quarters(size)):
            xs, ys = ys, 1 - xs
        corners = np.stack([xs.min(axis=1), ys.min(axis=1), xs.max(axis=1), ys.max(axis=1)], axis=1)
        inside = corners.clip(0, 1)
        share = _areas(inside) / np.maximum(_areas(corners), 1e-12)
        height, width = self._size(size)
        return inside * np.array([width, height, width, height]), share

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        return (self.side, self.side) if self.side else size

    def _sided(self, values: np.ndarray) -> np.ndarray:
        turned = np.rot90(values[:, ::-1] if self.mirror else values, self._quarters(values.shape[:2]))
        return np.ascontiguousarray(turned)

    def _quarters(self, size: tuple[int, ...]) -> int:
        return self.turns if size[0] == size[1] else self.turns // 2 * 2


def _areas(boxes: np.ndarray) -> np.ndarray:
    areas: np.ndarray = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def read_at(augment: Collection[str], side: int) -> int:
    """Pixels along a side from which a view of `side` pixels can be cut without making anything larger, or blurring it twice."""
    return 2 * side if "view" in augment else side


def seen(found: Example, augment: Collection[str], generator: np.random.Generator, side: int | None = None) -> Example:
    """The example as `augment`, of NAMES, lets it be seen: all dates from one side, each on a day of its own.

    side: pixels of a view, which is a square then; else it is as large as the picture. Where there is one picture only, nothing
    shifts in it, so that masks and boxes stay where they are.
    """
    if "view" in augment:
        view = View.draw(generator, side)
        found = _viewed(found, view) or _viewed(found, view.whole) or found
    kinds = {kind for name in augment for kind in {"light": LIGHT, "view": LIGHT, "nuisance": KINDS}.get(name, (name,))}
    kinds &= set(KINDS if len(found.pictures) > 1 else STILL)
    if not kinds:
        return found
    pictures = (disturbed(picture, generator, generator.uniform(*STRENGTH), kinds) for picture in found.pictures)
    return replace(found, pictures=tuple(pictures))


def _viewed(found: Example, view: View) -> Example | None:
    """None where boxes are asked for, and too little of all of them is in view that is cut: they are left out one by one.

    A mask of which nothing is in view stays, for that is true of the view; boxes are then those around masks.
    """
    phrases, masks, boxes = found.phrases, found.masks, found.boxes
    if masks is not None:
        masks = np.stack([view.plane(mask) for mask in masks])
    if boxes is not None:
        boxes, share = view.boxes(boxes, found.pictures[-1].shape[:2])
        if masks is not None:
            boxes = np.stack([_around(mask) for mask in masks])
        if found.task == "ground":
            kept = np.flatnonzero((share >= LEFT) & (_areas(boxes) > 0))
            if not kept.size and view != view.whole:
                return None
            kept = kept if kept.size else np.arange(len(boxes))
            phrases, boxes = tuple(phrases[place] for place in kept), boxes[kept]
            masks = None if masks is None else masks[kept]
    return replace(
        found,
        pictures=tuple(view.picture(picture) for picture in found.pictures),
        phrases=phrases,
        masks=masks,
        boxes=boxes,
        maps=tuple(view.plane(plane) for plane in found.maps),
    )


def _around(mask: np.ndarray) -> np.ndarray:
    """x0, y0, x1, y1 of what is set; zeros where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return np.zeros(4)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
