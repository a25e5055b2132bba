"""Trees: single ones, rows, groves, and woods that close their canopy."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.outlines import Points, blob
from rsvlm.trainer.scenes.sites.site import Frame, Site

SMALLEST = 2.2  # pixels that a crown measures across, to be drawn by itself


def plant(site: Site, spots: Points, radius: float, spread: float = 0.35) -> None:
    """A tree at each place where its crown covers nothing; crowns may touch each other. radius: metres, of the mean one."""
    if not len(spots) or 2 * radius < SMALLEST * site.gsd:
        return
    reach = np.clip(site.rng.normal(radius, radius * spread, len(spots)), radius * 0.5, radius * 1.8)
    turns = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    rim = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    corners = (spots[:, None] + rim * (reach[:, None, None] * 1.15 + 0.3)).reshape(-1, 2)
    planted = []
    alone_there = site.free(corners).reshape(-1, 8).all(axis=1) & site.free(spots)
    for (x, y), r, alone in zip(spots.tolist(), reach.tolist(), alone_there.tolist(), strict=True):
        if alone and site.inside(x, y, r):
            height = r * float(site.rng.uniform(1.3, 2.3))
            frame = Frame(x, y, 0.0, r, r)
            outline = blob(site.rng, x, y, r, 0.12, 12)
            site.put("tree", outline, site.look.tree(site.rng), frame=frame, height=height, take=False)
            planted.append(outline)
    for outline in planted:
        site.take(outline)


def scattered(site: Site, count: float) -> Points:
    """(n, 2) anywhere, in clumps: about `count` of them."""
    number = int(site.rng.poisson(max(count, 0)))
    clumps = site.rng.uniform(0, site.size, (max(1, number // 9), 2))
    loose = site.rng.uniform(0, site.size, (number, 2))
    close = clumps[site.rng.integers(len(clumps), size=number)] + site.rng.normal(0, site.size * 0.06, (number, 2))
    return np.where((site.rng.random(number) < 0.5)[:, None], loose, close)


def along(line: Points, step: float, aside: float) -> Points:
    """(n, 2) every `step` metres along a line, `aside` metres to its right."""
    ways = np.diff(line, axis=0)
    lengths = np.hypot(ways[:, 0], ways[:, 1])
    at = np.arange(step / 2, lengths.sum(), step)
    part = np.searchsorted(np.cumsum(lengths), at).clip(0, len(ways) - 1)
    rest = at - np.concatenate([[0], np.cumsum(lengths)])[part]
    unit = ways[part] / np.maximum(lengths[part], 1e-9)[:, None]
    return line[part] + unit * rest[:, None] + np.stack([-unit[:, 1], unit[:, 0]], axis=1) * aside


def wood(site: Site, outline: Points, take: bool = True) -> None:
    """A closed canopy, with crowns of other shades in it where pixels are small enough to tell them apart."""
    rng = site.rng
    number = site.thing("woodland")
    site.put("wood", outline, site.look.tree(rng), number, height=float(rng.uniform(7, 14)), take=False)
    crowns(site, outline, number)
    if take:
        site.take(outline)


def crowns(site: Site, outline: Points, thing: int = 0) -> None:
    """Crowns that stand out of a canopy, where nothing else is. thing: the wood that they belong to."""
    rng = site.rng
    if site.gsd > 1.6:
        return
    low, high = outline.min(axis=0).clip(0, site.size), outline.max(axis=0).clip(0, site.size)
    number = int(min(260, np.prod(high - low) / 55))
    spots = rng.uniform(low, high, (number, 2)) if number else np.empty((0, 2))
    radii = np.clip(rng.normal(3.4, 0.9, number), 1.6, 6.5)
    kept = inside(outline, spots)
    for part in (spots, *(spots + radii[:, None] * way for way in ((1, 0), (0, 1), (-1, 0), (0, -1)))):
        kept &= site.free(part)
    for (x, y), r in zip(spots[kept].tolist(), radii[kept].tolist(), strict=True):
        frame, crown = Frame(x, y, 0.0, r, r), blob(rng, x, y, r, 0.14, 10)
        site.put("tree", crown, site.look.tree(rng), thing, frame=frame, height=float(rng.uniform(9, 17)), take=False)


def inside(outline: Points, spots: Points) -> np.ndarray:
    """(n,) bool: whether places lie in an outline (even-odd rule)."""
    if not len(spots):
        return np.zeros(0, bool)
    x, y = spots[:, 0, None], spots[:, 1, None]
    (x0, y0), (x1, y1) = outline.T, np.roll(outline, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    at = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1e-9, y1 - y0)
    found: np.ndarray = (crosses & (x < at)).sum(axis=1) % 2 == 1
    return found
