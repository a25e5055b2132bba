"""The scene as vectors: what stands where. Knows nothing of pixels or colours' values.

A Layout is the single truth that masks, picture, boxes and counts are all derived from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Iterable, List, Set, Tuple

from shapely import LineString
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes.classes import ORDER


@dataclass(frozen=True)
class Strip:
    """A line with a width, metres: a carriageway, a roof's ridge with the house's depth, a keel with the beam."""

    axis: LineString
    width: float


@dataclass(frozen=True)
class Thing:
    """One object.

    id: unique and the same on every date; kind: a key of classes.KINDS; shape: its outline on the ground, metres;
    style: which variety ("clay", "wheat", "oak" ...); strips: the direction it runs in (roofs: one per wing);
    height: metres above ground (roofs: the eaves); tone: its own shade, in [-1, 1].
    """

    id: int
    kind: str
    shape: BaseGeometry
    style: str = ""
    strips: Tuple[Strip, ...] = ()
    height: float = 0.0
    tone: float = 0.0


@dataclass(frozen=True)
class Layout:
    """All things of one date in painting order, on a square of `size_m` metres; `seed` feeds the textures."""

    size_m: float
    seed: int
    things: Tuple[Thing, ...]

    def of(self, *kinds: str) -> List[Thing]:
        return [thing for thing in self.things if thing.kind in kinds]

    def count(self, kind: str) -> int:
        return sum(thing.kind == kind for thing in self.things)

    def ids(self) -> Set[int]:
        return {thing.id for thing in self.things}

    def with_things(self, things: Iterable[Thing]) -> "Layout":
        return replace(
            self, things=tuple(sorted(things, key=lambda thing: (ORDER[thing.kind], thing.height, thing.id)))
        )


class Drafts:
    """Collects things while a scene is laid out, numbering them from 1."""

    def __init__(self) -> None:
        self.things: Dict[int, Thing] = {}
        self._next = 1

    def add(
        self,
        kind: str,
        shape: BaseGeometry,
        style: str = "",
        strips: Tuple[Strip, ...] = (),
        height: float = 0.0,
        tone: float = 0.0,
    ) -> Thing:
        thing = Thing(self._next, kind, shape, style, strips, height, tone)
        self.things[thing.id] = thing
        self._next += 1
        return thing

    def copy(self) -> "Drafts":
        """The same things to go on from; numbering goes on as well."""
        twin = Drafts()
        twin.things, twin._next = dict(self.things), self._next
        return twin

    def shapes(self, *kinds: str) -> List[BaseGeometry]:
        return [thing.shape for thing in self.things.values() if thing.kind in kinds]
