"""One date of a place as it can be seen: class and thing of every pixel, objects with masks and boxes, shares, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.builders.colours import colour_shares
from rsvlm.trainer.builders.components import cell_of
from rsvlm.trainer.scenes.pictures.canvas import Ids
from rsvlm.trainer.scenes.sites.kinds import CODES, COUNTED, KINDS, LABELS
from rsvlm.trainer.scenes.sites.site import Item

SMALLEST = 6  # pixels of an object that is counted
NEAR = 3  # pixels of a quarter-size map that a neighbour may be away
BODIES = ("lake",)  # of water, that are counted
COURTS = ("football field", "tennis court", "basketball court", "baseball field", "running track")
NOUNS = (*(label for label in COUNTED if label != "sports field"), *COURTS, *BODIES)


@dataclass(frozen=True, eq=False)
class Object:
    """thing: its number. x, y: its middle, as shares of the picture. box: x0, y0, x1, y1 in pixels.

    sample: (n, 3) some of its pixels.
    """

    thing: int
    noun: str
    pixels: int
    x: float
    y: float
    box: tuple[int, int, int, int]
    sample: NDArray[np.uint8]

    @cached_property
    def colours(self) -> dict[str, float]:
        """Name of a colour -> share of the pixels."""
        return colour_shares(self.sample)

    @property
    def cell(self) -> str:
        return cell_of(self.x, self.y)

    @property
    def colour(self) -> str:
        """What most of it is called by, "" where that is not clear."""
        name = max(self.colours, key=lambda one: self.colours[one])
        return name if self.colours[name] >= 0.6 else ""


class Truth:
    """rgb: (H, W, 3). classes: (H, W) codes of kinds.LABELS. things: (H, W) numbers of things, 0 where none is."""

    def __init__(self, rgb: NDArray[np.uint8], ids: Ids, items: Sequence[Item], nouns: dict[int, str]) -> None:
        self.rgb = rgb
        self.classes = np.array([CODES[KINDS[item.kind].label] for item in items], np.uint8)[ids]
        self.things = np.array([item.thing for item in items], np.int32)[ids]
        self.nouns = nouns
        counts = np.bincount(self.classes.ravel(), minlength=len(LABELS))
        self.shares = {
            label: float(count) / ids.size for label, count in zip(LABELS, counts.tolist(), strict=True) if count
        }

    def mask(self, *labels: str) -> NDArray[np.bool_]:
        """(H, W): pixels of any of these classes."""
        table = np.zeros(len(LABELS), bool)
        table[[CODES[label] for label in labels]] = True
        found: NDArray[np.bool_] = table[self.classes]
        return found

    def mask_of(self, one: Object) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.things == one.thing
        return found

    @cached_property
    def _all(self) -> list[Object]:
        """Whatever has a name that is counted, however small."""
        flat = self.things.ravel()
        wanted = np.array([self.nouns[number] in NOUNS for number in range(len(self.nouns))])
        at = np.flatnonzero(wanted[flat])
        at = at[np.argsort(flat[at], kind="stable")]
        if not len(at):
            return []
        starts = np.flatnonzero(np.diff(flat[at], prepend=-1))
        height, width = self.things.shape
        found = []
        for part in np.split(at, starts[1:]):
            rows, columns = np.divmod(part, width)
            box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            x, y = (float(columns.mean()) + 0.5) / width, (float(rows.mean()) + 0.5) / height
            thing = int(flat[part[0]])
            sample = self.rgb.reshape(-1, 3)[part[:: max(1, len(part) // 200)]]
            found.append(Object(thing, self.nouns[thing], len(part), x, y, box, sample))
        return found

    @cached_property
    def objects(self) -> list[Object]:
        return [one for one in self._all if one.pixels >= SMALLEST]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Noun -> how many are to be seen; none of them 0."""
        found: dict[str, int] = {}
        for one in self.objects:
            found[one.noun] = found.get(one.noun, 0) + 1
        return found

    @cached_property
    def unclear(self) -> set[str]:
        """Nouns of which too little of one is seen for it to be counted: nothing is asked about their number or absence."""
        return {one.noun for one in self._all if one.pixels < SMALLEST}

    def of(self, noun: str) -> list[Object]:
        return [one for one in self.objects if one.noun == noun]

    @cached_property
    def _small(self) -> NDArray[np.uint8]:
        return self.classes[2::4, 2::4]

    def around(self, mask: NDArray[np.bool_]) -> dict[str, float]:
        """Label -> share of what lies near a mask, within NEAR pixels of a picture a quarter as large; most first."""
        blocks = mask.reshape(mask.shape[0] // 4, 4, mask.shape[1] // 4, 4)
        small: np.ndarray = np.asarray(blocks.any(axis=(1, 3)))
        wide = small.copy()
        for _ in range(NEAR):
            grown = wide.copy()
            grown[1:] |= wide[:-1]
            grown[:-1] |= wide[1:]
            grown[:, 1:] |= wide[:, :-1]
            grown[:, :-1] |= wide[:, 1:]
            wide = grown
        ring = self._small[wide & ~small]
        if not len(ring):
            return {}
        counts = np.bincount(ring, minlength=len(LABELS))
        order = np.argsort(-counts, kind="stable")
        return {LABELS[code]: float(counts[code]) / len(ring) for code in order.tolist() if counts[code]}
