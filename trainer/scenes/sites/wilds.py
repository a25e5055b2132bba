"""What is not farmed: forests with clearings, deserts and bare hills, meadows."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.country import country_road, farm
from rsvlm.trainer.scenes.sites.ground import lay, meadow, whole
from rsvlm.trainer.scenes.sites.leisure import groves, pond
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import blob, path, rectangle, ribbon, through, xy
from rsvlm.trainer.scenes.sites.planting import crowns, plant, scattered, wood
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.traffic import road


def forest(site: Site) -> None:
    """Woods with clearings, some of which are there on one date only; a track, a stream."""
    rng = site.rng
    meadow(site)
    site.put("wood", whole(site), site.look.tree(rng), height=float(rng.uniform(7, 14)))
    for _ in range(int(rng.integers(2, 8))):
        x, y = rng.uniform(0, site.size, 2).tolist()
        outline = blob(rng, x, y, float(rng.uniform(0.12, 0.45)) * site.size, 0.3, 24)
        site.put("wood", outline, site.look.tree(rng), height=float(rng.uniform(6, 15)), take=False)
    for number in range(int(rng.integers(1, 5))):
        clearing(site, changing=number > 0 or rng.random() < 0.6)
    if rng.random() < 0.5:
        ends = through(site.size, *xy(rng.uniform(0.2, 0.8, 2) * site.size), float(rng.uniform(0, np.pi)))
        width = max(float(rng.uniform(3.5, 7)), 1.4 * site.gsd)
        line = path(rng, *ends, site.size * 0.08, site.size * 0.35)
        if rng.random() < 0.5:
            with site.group("road"):
                road(site, line, width, site.thing("road"))
        else:
            road(site, line, width, site.thing("road"))
    if rng.random() < 0.3:
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        pond(site, x, y, float(rng.uniform(0.07, 0.16)) * site.size)
    crowns(site, whole(site))


def clearing(site: Site, changing: bool) -> None:
    """Open ground in a wood, square or uneven, with what single trees were left."""
    rng = site.rng
    x, y = (rng.uniform(0.1, 0.9, 2) * site.size).tolist()
    radius = float(rng.uniform(0.08, 0.22)) * site.size
    outline = blob(rng, x, y, radius, 0.25, 20)
    if rng.random() < 0.45:
        outline = rectangle(x, y, float(rng.uniform(0, np.pi)), radius * 2, radius * float(rng.uniform(0.8, 1.6)))
    bare = rng.random() < 0.6
    colour = site.look.soil if bare else site.look.grass

    def cut() -> None:
        site.put("bare" if bare else "grass", outline, varied(rng, colour, 0.05), pattern="scrub", scale=0.3, take=True)

    if not changing:
        cut()
        return
    with site.group("tree") as number:
        wood(site, outline, take=False)
    with site.instead(number):
        cut()


def desert(site: Site) -> None:
    """Dunes, or bare hills with dry valleys; next to nothing grows or stands here."""
    rng = site.rng
    sandy = rng.random() < 0.5
    colour = site.look.sand if sandy else site.look.soil
    lay(site, "sand" if sandy else "bare", colour, "dunes" if sandy else "hills", float(rng.uniform(0.25, 1.0)))
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(0, site.size, 2).tolist()
        outline = blob(rng, x, y, float(rng.uniform(0.1, 0.35)) * site.size, 0.35, 30)
        kind = "bare" if rng.random() < 0.7 else "sand"
        look = varied(rng, site.look.soil if kind == "bare" else site.look.sand, 0.07)
        pattern = site.pick(("hills", "scrub", "dunes"))
        site.put(kind, outline, look, pattern=pattern, scale=float(rng.uniform(0.2, 0.7)))
    for _ in range(int(rng.integers(0, 4))):
        ends = through(site.size, *xy(rng.uniform(0, site.size, 2)), float(rng.uniform(0, np.pi)))
        line = path(rng, *ends, site.size * 0.1, site.size * 0.3)
        width = site.size * float(rng.uniform(0.01, 0.035)) * np.abs(1 + 0.5 * np.sin(np.linspace(0, 9, len(line))))
        site.put("sand", ribbon(line, width), varied(rng, site.look.sand, 0.05))
    if rng.random() < 0.4:
        country_road(site)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            farm(site)
    if rng.random() < 0.2:
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        pond(site, x, y, float(rng.uniform(0.05, 0.12)) * site.size)
    plant(site, scattered(site, 12 * rng.random()), 2.4)


def grassland(site: Site) -> None:
    """Meadows with single trees, a track, now and then a pond."""
    rng = site.rng
    meadow(site)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0, site.size, 2).tolist()
        outline = blob(rng, x, y, float(rng.uniform(0.15, 0.4)) * site.size, 0.3, 24)
        site.put("grass", outline, varied(rng, site.look.grass, 0.08))
    if rng.random() < 0.5:
        ends = through(site.size, *xy(rng.uniform(0, site.size, 2)), float(rng.uniform(0, np.pi)))
        line = path(rng, *ends, site.size * 0.06, site.size * 0.4)
        road(site, line, max(3.0, 1.3 * site.gsd), site.thing("path"))
    if rng.random() < 0.35:
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        pond(site, x, y, float(rng.uniform(0.05, 0.14)) * site.size)
    if rng.random() < 0.4:
        farm(site)
    groves(site, int(rng.integers(0, 5)), 0.08)
    plant(site, scattered(site, (site.size / 22) ** 2 * rng.random()), 3.6)
