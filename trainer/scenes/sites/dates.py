"""Two dates of one place: which groups of things come and go, what moves without having changed, which crops grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rsvlm.trainer.scenes.sites.looks import Look
from rsvlm.trainer.scenes.sites.site import Item, Site, present

UNCHANGED = 0.2  # share of pairs in which nothing comes or goes
ABSENT = 0.1  # share of groups that are there on neither date
MOVING = ("car", "boat", "aeroplane")
STAYING = 0.72  # share of these that are seen on each date
LEAST = 10.0  # square pixels of a group in the picture, for it to come or go


@dataclass(frozen=True)
class Dates:
    """Items of both dates in painting order; numbers of the groups that came and that went."""

    before: list[Item]
    after: list[Item]
    came: frozenset[int]
    went: frozenset[int]


def one_date(site: Site) -> list[Item]:
    """What is there on a single date: most groups."""
    return present(site.items, frozenset(group for group in site.groups if site.rng.random() < 2 * ABSENT))


def two_dates(site: Site) -> Dates:
    """Nothing, or one to three classes of things, come or go."""
    rng = site.rng
    never = frozenset(group for group in site.groups if rng.random() < ABSENT)
    seen = [group for group in site.groups if group not in never and _seen(site, group) >= LEAST]
    labels = sorted({site.groups[group] for group in seen})
    came: set[int] = set()
    went: set[int] = set()
    if labels and rng.random() >= UNCHANGED:
        for label in rng.permutation(labels)[: int(rng.integers(1, 4))]:
            own = [group for group in seen if site.groups[group] == label]
            chosen = rng.permutation(own)[: min(len(own), 1 + int(rng.geometric(0.4)))].tolist()
            mixed = rng.random() < 0.2
            share = 0.35 if label in ("tree", "building") and not mixed else 0.5
            lost = rng.random() < share
            for group in chosen:
                (went if (rng.random() < 0.5 if mixed else lost) else came).add(group)
    before = _moved(present(site.items, never | came), rng)
    after = _ripened(_moved(present(site.items, never | went), rng), site.look, rng)
    return Dates(before, after, frozenset(came), frozenset(went))


def _seen(site: Site, group: int) -> float:
    """Square pixels that the outlines of a group take up in the picture, by the boxes round them, at most."""
    total = 0.0
    for item in site.items:
        if item.group == group:
            low, high = item.outline.min(axis=0).clip(0, site.size), item.outline.max(axis=0).clip(0, site.size)
            total += float(np.prod(high - low))
    return total / site.gsd**2


def _moved(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Vehicles come and go; what belongs to one goes with it."""
    things = {item.thing for item in items if item.kind in MOVING}
    gone = {thing for thing in sorted(things) if rng.random() > STAYING}
    return [item for item in items if item.kind not in MOVING or item.thing not in gone]


def _ripened(items: Sequence[Item], look: Look, rng: np.random.Generator) -> list[Item]:
    """Other crops on half of the fields."""
    rotates = rng.random() < 0.6
    found = []
    for item in items:
        if rotates and item.kind == "field" and rng.random() < 0.5:
            plants, rows = look.crop(rng)
            item = replace(item, colour=plants, scale=rows if item.pattern == "rows" else item.scale)
        found.append(item)
    return found
