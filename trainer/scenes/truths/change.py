"""What came and went between two dates, class by class: exact masks, and how many things they are."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.builders.change import Facts
from rsvlm.trainer.builders.components import cell_of, cells, middle, parts, pixels_in
from rsvlm.trainer.builders.pairs import Changed, Pair
from rsvlm.trainer.builders.wording import counted, listed, put, whereabouts
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.scenes.pictures.canvas import Ids
from rsvlm.trainer.scenes.sites.dates import Dates
from rsvlm.trainer.scenes.sites.kinds import CODES, KINDS
from rsvlm.trainer.scenes.sites.site import Item
from rsvlm.trainer.scenes.truths.truth import SMALLEST, Truth
from rsvlm.trainer.scenes.truths.words import wording

# class of what comes or goes: what it is called
CALLED: dict[str, str] = {
    "building": "building",
    "road": "road",
    "tree": "woodland",
    "water": "water",
    "parking": "parking lot",
    "solar panel": "solar array",
    "storage tank": "storage tank",
    "sports field": "sports field",
    "bridge": "bridge",
}
ALWAYS = ("building", "road")  # told whether they changed or not, as LEVIR-MCI and DeltaVLM do


SENTENCES = 3  # that tell one change, at most: all are right
FEW = 3  # cells that a sentence names


class Exact(Facts):
    """Facts whose numbers are those of things, also where two of them touch."""

    def __init__(self, pair: Pair, counts: Sequence[int]) -> None:
        super().__init__(pair)
        self.counts = list(counts)

    def sentences(self, draw: random.Random) -> list[str]:
        """What was built, felled, flooded, how much of it and where, in plain words; all of it in each sentence."""
        words = wording()["change"]
        if not self.any:
            return [put(one) for one in draw.sample(words["unchanged"], SENTENCES)]
        found = []
        for _ in range(SENTENCES):
            told = [
                _told(one, count, words["told"], draw)
                for one, count in zip(self.pair.changed, self.counts, strict=True)
                if count
            ]
            draw.shuffle(told)
            found.append(put(f"{listed(told)}."))
        return list(dict.fromkeys(found))


def _told(one: Changed, count: int, words: dict[str, Any], draw: random.Random) -> str:
    templates = words[one.label if one.label in words else "other"][one.state]
    large = [part for part in parts(one.mask) if np.count_nonzero(part) >= SMALLEST]
    middles = {cell_of(*middle(part)) for part in large}
    there = [cell for cell in CELLS if cell in middles] or cells(one.mask)
    where = listed([whereabouts(cell) for cell in there]) if len(there) <= FEW else _mainly(one.mask)
    what, single = counted(count, one.label), count == 1
    have, appear, disappear = ("has", "appears", "disappears") if single else ("have", "appear", "disappear")
    template = str(draw.choice(templates))
    return template.format(what=what, where=where, have=have, appear=appear, disappear=disappear)


def _mainly(mask: NDArray[np.bool_]) -> str:
    """The cell that has most of a mask, if it has half of it."""
    pixels = {cell: pixels_in(mask, cell) for cell in cells(mask)}
    most = max(pixels, key=lambda cell: pixels[cell])
    return f"mainly {whereabouts(most)}" if 2 * pixels[most] >= sum(pixels.values()) else "in many places"


def changed_of(
    dates: Dates, groups: dict[int, str], ids: tuple[Ids, Ids], truths: tuple[Truth, Truth], draw: random.Random
) -> tuple[list[Changed], list[int]]:
    """By state and class, and how many of each; classes of ALWAYS, and one more, also where there are none."""
    there = {groups[group] for group in (*dates.came, *dates.went)}
    others = [label for label in CALLED if label not in there and label not in ALWAYS]
    labels = [label for label in CALLED if label in there or label in ALWAYS]
    labels += draw.sample(others, 1) if draw.random() < 0.3 else []
    states = [state for state, some in (("new", dates.came), ("lost", dates.went)) if some]
    if not states:
        states = ["new"] if draw.random() < 0.7 else ["lost"]
    found: list[Changed] = []
    counts: list[int] = []
    for state in states:
        now, was = (1, 0) if state == "new" else (0, 1)
        items, some = (dates.after, dates.came) if state == "new" else (dates.before, dates.went)
        for label in labels:
            own = {group for group in some if groups[group] == label}
            mask = _of_groups(items, ids[now], own, label) & ~truths[was].mask(label)
            mask, count = _counted(mask, truths[now].things)
            found.append(Changed(state, CALLED[label], mask))
            counts.append(count)
    return found, counts


def _of_groups(items: Sequence[Item], ids: Ids, groups: Collection[int], label: str) -> NDArray[np.bool_]:
    """Pixels whose topmost item belongs to one of the groups and is of this class."""
    code = CODES[label]
    table = np.array([item.group in groups and CODES[KINDS[item.kind].label] == code for item in items])
    found: NDArray[np.bool_] = table[ids]
    return found


def _counted(mask: NDArray[np.bool_], things: NDArray[np.int32]) -> tuple[NDArray[np.bool_], int]:
    """The mask without things of which too little is seen, and how many things are left; a car does not cut a road in two."""
    numbers, pixels = np.unique(things[mask], return_counts=True)
    kept = numbers[pixels >= SMALLEST]
    return mask & np.isin(things, kept), len(kept)


def car_question(before: Truth, after: Truth, words: dict[str, Any], draw: random.Random) -> tuple[str, str] | None:
    """Whether there are more cars: what moves is no change of the place, unless it is asked for."""
    one, other = before.counts.get("car", 0), after.counts.get("car", 0)
    if one == other or not one or not other:
        return None
    return draw.choice(words["ask"]), words["yes" if other > one else "no"].format(before=one, after=other)
