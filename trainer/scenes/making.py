"""One generated scene, a picture or two dates, with all its records; from the seed, the split and its number alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.pairs import Pair
from rsvlm.trainer.scenes.pictures.drawing import draw
from rsvlm.trainer.scenes.pictures.flights import make_flight, make_flights
from rsvlm.trainer.scenes.sites.dates import one_date, two_dates
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.themes import Theme, make_site
from rsvlm.trainer.scenes.truths.change import Exact, changed_of
from rsvlm.trainer.scenes.truths.records import OF_ONE, OF_PAIR, OF_ROUND, Teller
from rsvlm.trainer.scenes.truths.truth import Truth

GENERATOR = 4  # its version: another one draws other pictures
SIDES = (128, 512)  # pixels of a side, from and to


@dataclass(frozen=True)
class Wanted:
    """count: scenes. pixels: of a side. pairs: share of the scenes that are two dates. split: what the records are called.
    rounds: of phrases for things of a picture.
    """

    count: int
    seed: int = 0
    pixels: int = 256
    pairs: float = 0.3
    split: str = "train"
    rounds: int = 1

    def __post_init__(self) -> None:
        low, high = SIDES
        if not low <= self.pixels <= high or self.pixels % 8:
            raise RsvlmError(
                "bad_request",
                f"Scenes cannot have {self.pixels} pixels.",
                f"Choose a multiple of 8 from {low} to {high}.",
            )
        if not self.split.isidentifier():
            raise RsvlmError("bad_request", f"“{self.split}” is no name of a split.", "Choose train, val or test.")

    def generator(self, index: int, what: int) -> np.random.Generator:
        """Chance of its own for each scene and each part of its making."""
        split = int.from_bytes(hashlib.sha256(self.split.encode()).digest()[:4], "big")
        return np.random.default_rng([self.seed, split, index, what])

    def is_pair(self, index: int) -> bool:
        return bool(self.generator(index, 0).random() < self.pairs)

    def records(self, index: int) -> int:
        return OF_PAIR if self.is_pair(index) else OF_ONE + OF_ROUND * (self.rounds - 1)


@dataclass(frozen=True)
class Scene:
    """pictures: by the ending of their names, each (H, W, 3) uint8, the earlier date first. records: all of them."""

    pictures: dict[str, NDArray[np.uint8]]
    records: list[Record]


def scene(wanted: Wanted, index: int) -> Scene:
    """Picture or pair number `index`, with its records; hrefs are relative to the folder."""
    theme, site = make_site(wanted.generator(index, 1), wanted.pixels)
    ground = int(wanted.generator(index, 2).integers(2**31))
    name = f"{wanted.split}-{index:06}"
    about = {
        "scene": theme.label,
        "gsd_m": round(site.gsd, 3),
        "sensor": "generated",
        "index": index,
        "generator": GENERATOR,
    }
    endings = ("-before", "-after") if wanted.is_pair(index) else ("",)
    images: list[dict[str, Any]] = [{"href": f"{wanted.split}/{name}{ending}.png"} for ending in endings]
    job = Job("scenes", wanted.seed, [], {}, wanted.split)
    teller = Teller(name, images, about, job, job.draw(index))
    if len(endings) > 1:
        pictures, records = _pair(site, wanted.pixels, ground, teller)
    else:
        pictures, records = _one(site, theme, wanted, ground, teller)
    return Scene(dict(zip(endings, pictures, strict=True)), records)


def _one(
    site: Site, theme: Theme, wanted: Wanted, ground: int, teller: Teller
) -> tuple[list[NDArray[np.uint8]], list[Record]]:
    items = one_date(site)
    rgb, ids = draw(items, site.size, wanted.pixels, site.look, make_flight(site.rng, site.gsd), ground)
    truth = Truth(rgb, ids, items, site.nouns)
    return [rgb], list(teller.picture(truth, theme.label, theme.urban, wanted.rounds))


def _pair(site: Site, pixels: int, ground: int, teller: Teller) -> tuple[list[NDArray[np.uint8]], list[Record]]:
    dates = two_dates(site)
    both = zip((dates.before, dates.after), make_flights(site.rng, site.gsd), strict=True)
    drawn = [(*draw(items, site.size, pixels, site.look, flight, ground), items) for items, flight in both]
    before, after = (Truth(rgb, ids, items, site.nouns) for rgb, ids, items in drawn)
    changed, counts = changed_of(dates, site.groups, (drawn[0][1], drawn[1][1]), (before, after), teller.draw)
    facts = Exact(Pair(teller.name, teller.images, changed, pixels, pixels), counts)
    return [before.rgb, after.rgb], list(teller.pair(facts, before, after))
