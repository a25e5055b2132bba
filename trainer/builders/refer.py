"""GeoPix-style referring masks from outlines: phrases by class, place, size and colour that mean exactly one thing each.

After GeoPixInstruct (GeoPix, arXiv 2501.06828). A phrase is used only if it surely holds for one thing of the picture and can
hold for no other, with room in between for what is nearly so. Phrases that hold for nothing are asked as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job, split_of, whole_pictures
from rsvlm.trainer.builders.colours import NAMES
from rsvlm.trainer.builders.components import COLUMNS, ROWS
from rsvlm.trainer.builders.things import Thing, classes_of, things
from rsvlm.trainer.builders.wording import put, singular, templates, whereabouts
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.metrics.change_answers import CELLS

SIZE = 1.3  # times as large as any other, to be the largest
APART = 0.06  # of the picture, by which a middle is further out than others, or inside of a cell
SURELY, PERHAPS = 0.6, 0.25  # of a thing's pixels, for it to have a colour, or perhaps to have it
_SIDES = {"leftmost": ("x", 1), "rightmost": ("x", -1), "topmost": ("y", 1), "bottommost": ("y", -1)}


@dataclass(frozen=True)
class Phrase:
    """What is said of a thing of class `label`. size: largest | smallest; side: leftmost ...; colour; cell: of 3 x 3."""

    label: str
    size: str = ""
    side: str = ""
    colour: str = ""
    cell: str = ""

    @property
    def words(self) -> str:
        where = whereabouts(self.cell) if self.cell else ""
        return " ".join(filter(None, (self.size, self.side, self.colour, singular(self.label), where)))

    def holds(self, thing: Thing, among: Sequence[Thing], surely: bool) -> bool:
        """Whether it is true of a thing of a picture; surely: with room to spare, else also where it is nearly true."""
        peers = [other for other in among if other.label == self.label and other is not thing]
        if thing.label != self.label:
            return False
        return (
            self._in_size(thing, peers, surely)
            and self._at_side(thing, peers, surely)
            and (not self.colour or thing.colours[self.colour] >= (SURELY if surely else PERHAPS))
            and (not self.cell or _in_cell(thing, self.cell, -APART / 2 if surely else APART / 2))
        )

    def _in_size(self, thing: Thing, peers: Sequence[Thing], surely: bool) -> bool:
        times = SIZE if surely else 1 / SIZE
        if self.size == "largest":
            return all(thing.pixels >= times * other.pixels for other in peers)
        return self.size != "smallest" or all(thing.pixels * times <= other.pixels for other in peers)

    def _at_side(self, thing: Thing, peers: Sequence[Thing], surely: bool) -> bool:
        if not self.side:
            return True
        axis, sign = _SIDES[self.side]
        room = APART if surely else -APART
        return all(sign * (getattr(other, axis) - getattr(thing, axis)) >= room for other in peers)


def _in_cell(thing: Thing, cell: str, wider: float) -> bool:
    """Whether the thing's middle lies in a cell made wider, or narrower, on its inner sides."""
    row, _, column = cell.partition("-")
    for place, number in ((thing.y, ROWS.index(row)), (thing.x, COLUMNS.index(column))):
        low, high = number / 3 - wider, (number + 1) / 3 + wider
        if (number > 0 and place < low) or (number < 2 and place >= high):
            return False
    return True


def phrases(thing: Thing) -> list[Phrase]:
    """All that might be said of it."""
    label = thing.label
    cells = [cell for cell in CELLS if _in_cell(thing, cell, -APART / 2)]
    colours = [name for name, share in thing.colours.items() if share >= SURELY]
    found = [Phrase(label), *(Phrase(label, size=size) for size in ("largest", "smallest"))]
    found += [Phrase(label, side=side) for side in _SIDES]
    found += [Phrase(label, colour=colour) for colour in colours] + [Phrase(label, cell=cell) for cell in cells]
    return found + [Phrase(label, colour=colour, cell=cell) for colour in colours for cell in cells]


def meant(phrase: Phrase, among: Sequence[Thing]) -> Thing | None:
    """The one thing that a phrase means; None if it means none or more, or might."""
    might = [thing for thing in among if phrase.holds(thing, among, surely=False)]
    if len(might) != 1 or not phrase.holds(might[0], among, surely=True):
        return None
    alone = sum(thing.label == phrase.label for thing in among) == 1
    return None if alone and (phrase.size or phrase.side) else might[0]  # “the largest” of one is odd


def refer_records(
    records: Sequence[Record], apart: bool, smallest: int, each: int, absent: int, job: Job
) -> Iterator[Record]:
    """Phrases and outlines of each picture. apart: see `things`. smallest: pixels of a thing that is asked for.

    each: phrases of a thing, at most. absent: phrases of a picture that hold for nothing.
    """
    known = classes_of(records)
    for group in whole_pictures(records, lambda record: bool(record.images and record.regions)):
        first = replace(group[0], split=split_of(group))
        found: list[Thing] = []
        undrawn: set[str] = set()
        try:
            for record in group:
                drawn, boxed = things(record, apart, job)
                found += drawn
                undrawn |= boxed
        except RsvlmError as error:
            job.left_out[error.message] += 1
            continue
        named = set(classes_of(group))
        yield from _found(first, found, undrawn, smallest, each, job)
        found = [thing for thing in found if thing.label not in undrawn]
        yield from _absent(first, found, [label for label in known if label not in named], absent, job)


def _found(
    record: Record, found: Sequence[Thing], undrawn: Collection[str], smallest: int, each: int, job: Job
) -> Iterator[Record]:
    """undrawn: classes of which the picture has more things, of unknown outline: no phrase surely means one of them alone."""
    for number, thing in enumerate(found):
        if thing.label in undrawn:
            job.left_out["other things of its class have no outline"] += 1
            continue
        if thing.pixels < smallest:
            job.left_out[f"a thing has fewer than {smallest} pixels"] += 1
            continue
        true = [phrase for phrase in phrases(thing) if meant(phrase, found) is thing]
        if not true:
            job.left_out["no phrase means this thing alone"] += 1
        draw = job.draw(record.id, number)
        for phrase in draw.sample(true, min(each, len(true))):
            words = f"the {phrase.words}"
            region = {**thing.region, "label": words}
            about = {"category": thing.label, "instance_id": number, **_told(phrase), **_of(record)}
            ident = f"{record.id}/{number}/{phrase.words.replace(' ', '-')}"
            yield job.record(ident, "segment", record.images, said(words), [region], about, record.split)


def _absent(record: Record, found: Sequence[Thing], others: Sequence[str], most: int, job: Job) -> Iterator[Record]:
    """Other classes of the data set, and classes that are there with colours and places that none of theirs has."""
    there = sorted({thing.label for thing in found})
    draw = job.draw(record.id, "absent")
    wrong = [Phrase(label, colour=colour) for label in there for colour in NAMES]
    wrong += [Phrase(label, cell=cell) for label in there for cell in CELLS]
    wrong = [one for one in wrong if not any(one.holds(thing, found, surely=False) for thing in found)]
    unseen = [Phrase(label) for label in others]
    words = templates()["refer"]["absent"]
    for number in range(most):
        pool = unseen if unseen and (number % 2 == 0 or not wrong) else wrong
        if not pool:
            job.left_out["nothing is absent that could be asked for"] += 1
            return
        phrase = pool.pop(draw.randrange(len(pool)))
        asked = said(f"the {phrase.words}", put(draw.choice(words), phrase=phrase.words))
        about = {"target_absent": True, "category": phrase.label, "type": "absent", **_told(phrase), **_of(record)}
        ident = f"{record.id}/absent/{phrase.words.replace(' ', '-')}"
        yield job.record(ident, "segment", record.images, asked, [], about, record.split)


def _told(phrase: Phrase) -> dict[str, Any]:
    rows = {"size": phrase.size, "side": phrase.side, "colour": phrase.colour, "cell": phrase.cell}
    return {"phrase": {name: value for name, value in rows.items() if value}}


def _of(record: Record) -> dict[str, Any]:
    kept = ("gsd_m", "lat", "lon", "scene", "filename")
    return {name: record.meta[name] for name in kept if name in record.meta} | {"of": record.id}
