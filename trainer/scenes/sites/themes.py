"""The kinds of place that can be generated: what each is called, how fine its pixels are, and who lays it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.scenes.sites import coasts, country, leisure, parking, sports, towns, transport, waters, wilds, works
from rsvlm.trainer.scenes.sites.additions import add
from rsvlm.trainer.scenes.sites.looks import make_look
from rsvlm.trainer.scenes.sites.site import Site


@dataclass(frozen=True)
class Theme:
    """label: the class of the scene. gsd: metres of a pixel, from and to, for pictures of 256 pixels. share: how often."""

    label: str
    lay_out: Callable[[Site], None]
    gsd: tuple[float, float]
    share: float = 1.0
    urban: bool = False


THEMES: tuple[Theme, ...] = (
    Theme("dense residential area", towns.dense, (0.3, 0.8), 1.5, True),
    Theme("sparse residential area", towns.sparse, (0.4, 1.1), 1.3),
    Theme("commercial area", towns.centre, (0.4, 1.6), 1.1, True),
    Theme("city", towns.city, (2.5, 8.0), 1.0, True),
    Theme("industrial area", works.industry, (0.5, 1.8), 1.3, True),
    Theme("storage tanks", works.tanks, (0.4, 2.5), 0.8, True),
    Theme("solar farm", works.solar, (0.4, 2.5), 0.7),
    Theme("motorway", transport.motorway, (0.35, 1.3), 0.9),
    Theme("airport", transport.airport, (0.6, 3.0), 1.2, True),
    Theme("harbour", coasts.harbour, (0.35, 1.6), 1.2, True),
    Theme("river", waters.river, (0.5, 6.0), 1.2),
    Theme("lake", waters.lake, (0.5, 8.0), 1.1),
    Theme("beach", coasts.coast, (0.4, 5.0), 1.1),
    Theme("farmland", country.farmland, (0.6, 10.0), 1.5),
    Theme("forest", wilds.forest, (0.4, 10.0), 1.1),
    Theme("meadow", wilds.grassland, (0.4, 5.0), 0.6),
    Theme("desert", wilds.desert, (0.6, 10.0), 0.9),
    Theme("sports fields", sports.sport, (0.3, 1.3), 1.1, True),
    Theme("parking lot", parking.parking, (0.3, 0.6), 1.0, True),
    Theme("park", leisure.park, (0.35, 1.6), 0.8),
)
COARSEST = 2.0  # times as large pixels, at most, where a picture has fewer of them than 256


def make_site(rng: np.random.Generator, pixels: int) -> tuple[Theme, Site]:
    """A place of any kind, for a picture of pixels x pixels."""
    shares = np.array([theme.share for theme in THEMES])
    theme = THEMES[int(rng.choice(len(THEMES), p=shares / shares.sum()))]
    low, high = np.log(theme.gsd)
    gsd = float(np.exp(rng.uniform(low, high)))
    gsd = min(gsd * float(np.clip(256 / pixels, 0.75, COARSEST)) ** 0.5, 10.0)
    site = Site(rng, gsd * pixels, gsd, make_look(rng))
    theme.lay_out(site)
    add(site, theme.urban)
    return theme, site
