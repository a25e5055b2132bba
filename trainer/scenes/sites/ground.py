"""The ground of a place: what lies under everything else."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.looks import Colour
from rsvlm.trainer.scenes.sites.outlines import Points
from rsvlm.trainer.scenes.sites.site import Frame, Site


def whole(site: Site) -> Points:
    """An outline around the picture."""
    low, high = -0.02 * site.size, 1.02 * site.size
    return np.array([[low, low], [high, low], [high, high], [low, high]])


def lay(site: Site, kind: str, colour: Colour, pattern: str = "", scale: float = 0.0) -> None:
    """The first item of a place: it covers all of it."""
    frame = Frame(site.size / 2, site.size / 2, float(site.rng.uniform(0, np.pi)), site.size / 2, site.size / 2)
    site.put(kind, whole(site), colour, frame=frame, pattern=pattern, scale=scale, take=False)


def meadow(site: Site) -> None:
    """Grass, green or dry; with bushes where the region is arid."""
    scrub = site.look.dry > 0.4 and site.rng.random() < 0.5
    lay(site, "grass", site.look.grass, "scrub" if scrub else "", float(site.rng.uniform(0.2, 0.7)))


def mostly(site: Site, grass: float) -> None:
    """Grass with this probability, else bare soil."""
    if site.rng.random() < grass:
        meadow(site)
    else:
        lay(site, "bare", site.look.soil, "scrub" if site.rng.random() < 0.5 else "", float(site.rng.uniform(0.1, 0.5)))
