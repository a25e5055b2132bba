"""Items of a place on a grid: which one lies on top of each pixel, and where each pixel lies in that one's own frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.bank import Bank
from rsvlm.trainer.scenes.sites.kinds import NUMBERS
from rsvlm.trainer.scenes.sites.looks import Look
from rsvlm.trainer.scenes.sites.site import Item

FINER = 2  # drawn at so many pixels per pixel of the picture and averaged
Ids = NDArray[np.int32]


def rasterise(items: Sequence[Item], size: float, side: int) -> Ids:
    """(side, side): number in `items` of what is on top; the first one, the ground, lies everywhere."""
    image = Image.new("I", (side, side))
    pen = ImageDraw.Draw(image)
    scale = side / size
    for number, item in enumerate(items[1:], 1):
        corners = item.outline * scale - 0.5
        if corners.max() > -1 and corners.min() < side:
            pen.polygon(corners.ravel().tolist(), fill=number)
    return np.asarray(image)


def coarser(ids: Ids) -> Ids:
    """(side / 2, side / 2): what lies on most of the four pixels of each; of equals, what was put last."""
    one, two, three, four = ids[::2, ::2], ids[::2, 1::2], ids[1::2, ::2], ids[1::2, 1::2]
    top = np.maximum(np.maximum(one, two), np.maximum(three, four))
    tops = sum((part == top).astype(np.int8) for part in (one, two, three, four))
    cases = [tops >= 2, (one == two) | (one == three) | (one == four), (two == three) | (two == four), three == four]
    return np.select(cases, [top, one, two, three], top).astype(np.int32)


@dataclass
class Spots:
    """Pixels of one pattern. at: (n,) places in the flattened picture; of: (n,) numbers of items.

    u, v: metres along and across from the middle of an item's frame; a, b: half its length and width.
    """

    at: NDArray[np.intp]
    of: Ids
    u: Grid
    v: Grid
    a: Grid
    b: Grid
    scale: Grid
    tone: Grid


class Canvas:
    """ids: (side, side). broad, patch, tuft, grain: noise of features of about 70 m, 12 m, 1.5 m and one pixel."""

    def __init__(
        self, items: Sequence[Item], size: float, ids: Ids, look: Look, bank: Bank, rng: np.random.Generator
    ) -> None:
        self.items, self.ids, self.look, self.bank, self.rng = items, ids, look, bank, rng
        self.metres = size / len(ids)
        self.broad = bank.mix(rng, 70 / self.metres, 4)
        self.patch = bank.mix(rng, 12 / self.metres, 3)
        self.tuft = bank.mix(rng, 1.5 / self.metres, 2)
        self.grain = bank.cut(rng, 1.0)
        self.colours = np.array([item.colour for item in items], np.float32)
        self.kinds = np.array([NUMBERS[item.kind] for item in items], np.uint8)
        self.tones = np.array([item.tone for item in items], np.float32)
        self.heights = np.array([item.height for item in items], np.float32)
        self.frames = np.array([item.frame for item in items], np.float32)
        self.scales = np.array([item.scale for item in items], np.float32)

    @cached_property
    def kind(self) -> NDArray[np.uint8]:
        """(side, side): number of the kind of each pixel."""
        return np.take(self.kinds, self.ids)

    @cached_property
    def patterns(self) -> dict[str, NDArray[np.intp]]:
        """Name -> places in the flattened picture, for all patterns that are to be seen."""
        names = sorted({item.pattern for item in self.items})
        number = {name: code for code, name in enumerate(names)}
        table = np.array([number[item.pattern] for item in self.items], np.uint8)
        codes = np.take(table, self.ids.ravel())
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        return {
            name: order[edges[code] : edges[code + 1]]
            for name, code in number.items()
            if name and edges[code] < edges[code + 1]
        }

    def spots(self, at: NDArray[np.intp]) -> Spots:
        of = self.ids.ravel()[at]
        frame = np.take(self.frames, of, axis=0)
        rows, columns = np.divmod(at, self.ids.shape[1])
        dx = (columns + np.float32(0.5)) * np.float32(self.metres) - frame[:, 0]
        dy = (rows + np.float32(0.5)) * np.float32(self.metres) - frame[:, 1]
        cos, sin = np.cos(frame[:, 2]), np.sin(frame[:, 2])
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        return Spots(
            at,
            of,
            u.astype(np.float32),
            v.astype(np.float32),
            frame[:, 3],
            frame[:, 4],
            self.scales[of],
            self.tones[of],
        )
