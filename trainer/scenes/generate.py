"""Generated scenes as a data set: pictures and records in a folder, the same ones for the same seed however many are asked for.

Scene n of a split is made from the seed, the split and n alone. Every scene of a kind (picture or pair) has as many records as
any other, so work that was stopped knows from their number where it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.pairs import Pair
from rsvlm.trainer.records import Writer
from rsvlm.trainer.scenes.pictures.drawing import draw
from rsvlm.trainer.scenes.pictures.flights import make_flight, make_flights
from rsvlm.trainer.scenes.sites.dates import one_date, two_dates
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.themes import Theme, make_site
from rsvlm.trainer.scenes.truths.change import Exact, changed_of
from rsvlm.trainer.scenes.truths.records import OF_ONE, OF_PAIR, Teller
from rsvlm.trainer.scenes.truths.truth import Truth

GENERATOR = 1  # its version: another one draws other pictures
SIDES = (128, 512)  # pixels of a side, from and to


@dataclass(frozen=True)
class Wanted:
    """count: scenes. pixels: of a side. pairs: share of the scenes that are two dates. split: what the records are called."""

    count: int
    seed: int = 0
    pixels: int = 256
    pairs: float = 0.3
    split: str = "train"

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
        return OF_PAIR if self.is_pair(index) else OF_ONE


@dataclass(frozen=True)
class Scene:
    """pictures: by the ending of their names, each (H, W, 3) uint8, the earlier date first. records: all of them."""

    pictures: dict[str, NDArray[np.uint8]]
    records: list[Record]


@dataclass(frozen=True)
class Generated:
    """scenes, records: in the file; before: records that were there from work that was stopped. tasks: records of each."""

    scenes: int
    records: int
    before: int
    tasks: dict[str, int]


def scene(wanted: Wanted, index: int) -> Scene:
    """Picture or pair number `index`, with its records; hrefs are relative to the folder."""
    rng = wanted.generator(index, 1)
    theme, site = make_site(rng, wanted.pixels)
    options = {"pixels": wanted.pixels, "pairs": wanted.pairs, "generator": GENERATOR}
    job = Job("scenes", wanted.seed, [], options, wanted.split)
    name = f"{wanted.split}-{index:06}"
    about = {
        "scene": theme.label, "gsd_m": round(site.gsd, 3), "sensor": "generated", "index": index, "generator": GENERATOR,
    }  # fmt: skip
    return (_pair if wanted.is_pair(index) else _one)(wanted, index, theme, site, job, name, about)


def _ground(wanted: Wanted, index: int) -> int:
    return int(wanted.generator(index, 2).integers(2**31))


def _one(wanted: Wanted, index: int, theme: Theme, site: Site, job: Job, name: str, about: dict[str, Any]) -> Scene:
    items = one_date(site)
    flight = make_flight(site.rng, site.gsd)
    rgb, ids = draw(items, site.size, wanted.pixels, site.look, flight, _ground(wanted, index))
    truth = Truth(rgb, ids, items, site.nouns)
    teller = Teller(name, [{"href": f"{wanted.split}/{name}.png"}], about, job, job.draw(index))
    return Scene({"": rgb}, list(teller.picture(truth, theme.label, theme.urban)))


def _pair(wanted: Wanted, index: int, theme: Theme, site: Site, job: Job, name: str, about: dict[str, Any]) -> Scene:
    dates = two_dates(site)
    flights = make_flights(site.rng, site.gsd)
    ground, chance = _ground(wanted, index), job.draw(index)
    drawn = [
        draw(items, site.size, wanted.pixels, site.look, flight, ground)
        for items, flight in zip((dates.before, dates.after), flights, strict=True)
    ]
    before, after = (
        Truth(rgb, ids, items, site.nouns) for (rgb, ids), items in zip(drawn, (dates.before, dates.after), strict=True)
    )
    images = [{"href": f"{wanted.split}/{name}-{date}.png"} for date in ("before", "after")]
    changed, counts = changed_of(dates, site.groups, (drawn[0][1], drawn[1][1]), (before, after), chance)
    facts = Exact(Pair(name, images, changed, wanted.pixels, wanted.pixels), counts)
    records = list(Teller(name, images, about, job, chance).pair(facts, before, after))
    return Scene({"-before": before.rgb, "-after": after.rgb}, records)


def generate(wanted: Wanted, folder: Path, overwrite: bool = False, watch: Watch = Watch()) -> Generated:  # noqa: B008
    """Write pictures into folder/SPLIT and their records into folder/SPLIT.jsonl, which is there when all is done.

    Stopped, the same work goes on where it was. Raises RsvlmError: cancelled, bad_request.
    """
    (folder / wanted.split).mkdir(parents=True, exist_ok=True)
    tasks: Counter[str] = Counter()
    with Writer(folder / f"{wanted.split}.jsonl", f"scenes {GENERATOR} {wanted}", overwrite) as writer:
        before = writer.written
        for index, first in _todo(wanted, before):
            watch.check()
            made = scene(wanted, index)
            for ending, pixels in made.pictures.items():
                Image.fromarray(pixels).save(
                    folder / wanted.split / f"{wanted.split}-{index:06}{ending}.png", compress_level=1
                )
            for record in made.records[first:]:
                writer.write(record)
                tasks[record.task] += 1
            writer.keep()
            watch.progress(index + 1, wanted.count, "Scenes")
        return Generated(wanted.count, writer.written, before, dict(tasks))


def _todo(wanted: Wanted, written: int) -> Iterator[tuple[int, int]]:
    """Numbers of the scenes that are not there yet, and how many records of each are."""
    for index in range(wanted.count):
        records = wanted.records(index)
        if written < records:
            yield index, max(0, written)
        written -= records
