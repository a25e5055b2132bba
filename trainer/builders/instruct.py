"""RS-GPT4V-style instructions from captions, boxes and outlines: of the whole picture, of its parts, and in several turns.

RS-GPT4V (arXiv 2406.12479): annotations of other tasks adapted to instructions, local and global. By rules alone: every number
and place is that of the boxes and outlines, and what is not there is asked for as well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job, split_of, whole_pictures
from rsvlm.trainer.builders.components import COLUMNS, ROWS, cell_of, parts
from rsvlm.trainer.builders.things import class_of, classes_of, is_cover
from rsvlm.trainer.builders.wording import (
    article,
    class_name,
    counted,
    is_mass,
    is_plural,
    listed,
    one_of,
    plural,
    put,
    singular,
    templates,
    whereabouts,
)  # fmt: skip
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.regions import bbox_of, encode, mask_of

TURNS = 4  # of a dialogue, at most
CLEAR = 0.04  # of the picture: so far from the edges of its cell is the middle of what is said to lie there


@dataclass(frozen=True)
class Item:
    """label: its class, as it stands in a sentence. region: as records have it, with a bbox. x, y: middle of its box, as shares
    of the picture.
    """

    label: str
    region: dict[str, Any]
    x: float
    y: float

    @property
    def cell(self) -> str:
        return cell_of(self.x, self.y)

    @property
    def is_clear(self) -> bool:
        """Whether its cell is beyond doubt."""
        near = (abs(place - edge) for place in (self.x, self.y) for edge in (1 / 3, 2 / 3))
        return min(near) >= CLEAR


@dataclass(frozen=True)
class Shown:
    """What is known of one picture. covers: classes of which a mask has all that there is, however many things that are.

    width, height: of its regions, in pixels. known: classes of the whole data set.
    """

    record: Record
    captions: list[str]
    items: list[Item]
    covers: list[str]
    width: int
    height: int
    known: Sequence[str]

    @property
    def counts(self) -> Counter[str]:
        return Counter(item.label for item in self.items)


Asked = tuple[str, str, str]  # type, question, answer


def instruct_records(records: Sequence[Record], apart: bool, questions: int, job: Job) -> Iterator[Record]:
    """apart: each connected part of a mask is a thing of its own. questions: of a picture, at most, besides descriptions."""
    known = classes_of(records)
    for group in whole_pictures(records, lambda record: len(record.images) == 1):
        try:
            shown = _shown(group, apart, known, job)
        except RsvlmError as error:
            job.left_out[error.message] += 1
            continue
        if not shown.captions and not shown.items and not shown.covers:
            job.left_out["the record has neither a caption nor a box or outline"] += 1
            continue
        yield from _records(shown, questions, job)
    several = sum(len(record.images) != 1 for record in records)
    if several:
        job.left_out["the record has not one picture"] += several


def _shown(group: Sequence[Record], apart: bool, known: Sequence[str], job: Job) -> Shown:
    """Things of one class in one box are one thing, which several phrases may mean."""
    first = replace(group[0], split=split_of(group))
    captions = [text for record in group if record.task == "caption" for text in record.captions]
    regions = [(record, region) for record in group for region in record.regions]
    if not regions:
        return Shown(first, list(dict.fromkeys(captions)), [], [], 0, 0, known)
    picture = read_picture(group[0].images[0], 8)
    items: dict[tuple[Any, ...], Item] = {}
    covers: set[str] = set()
    for record, region in regions:
        label = class_of(record, region)
        if is_cover(record) and not apart:
            covers |= {label for _ in _things(region, picture.height, picture.width, apart)}
            continue
        for one in _things(region, picture.height, picture.width, apart):
            x0, y0, x1, y1 = one["bbox"]
            x, y = (x0 + x1) / 2 / picture.width, (y0 + y1) / 2 / picture.height
            if 0 <= x < 1 and 0 <= y < 1:
                items.setdefault((label, *one["bbox"]), Item(label, {**one, "label": label}, x, y))
            else:
                job.left_out["a box lies outside of its picture"] += 1
    texts, found = list(dict.fromkeys(captions)), [item for item in items.values() if item.label not in covers]
    return Shown(first, texts, found, sorted(covers), picture.width, picture.height, known)


def _things(region: dict[str, Any], height: int, width: int, apart: bool) -> Iterator[dict[str, Any]]:
    if "bbox" in region and not apart:
        yield region
        return
    mask = mask_of(region, height, width)
    if mask is None:
        yield region
        return
    for one in parts(mask) if apart else [mask]:
        if one.any():
            yield {"bbox": bbox_of(one), "rle": encode(one)}


def _records(shown: Shown, questions: int, job: Job) -> Iterator[Record]:
    record = shown.record
    draw = job.draw(record.id)
    kept = {name: record.meta[name] for name in ("gsd_m", "lat", "lon", "scene", "filename") if name in record.meta}

    def made(
        kind: str, task: str, messages: list[dict[str, str]], regions: list[dict[str, Any]], more: str = ""
    ) -> Record:
        about = kept | {"type": kind, "of": record.id}
        return job.record(f"{record.id}/{kind}{more}", task, record.images, messages, regions, about, record.split)

    words = templates()["instruct"]
    if shown.captions:
        yield made("brief", "caption", said(draw.choice(words["brief"]), *shown.captions), [])
    long = detailed(shown)
    if shown.items or shown.covers:
        yield made("detailed", "caption", said(draw.choice(words["detailed"]), long), [])
    asked = [*of_whole(shown, draw), *of_parts(shown, draw)]
    for number, (kind, question, answer) in enumerate(draw.sample(asked, min(questions, len(asked))), 1):
        yield made(kind, "vqa", said(question, answer), [], f"/{number}")
    for label in sorted(shown.counts):
        found = [item.region for item in shown.items if item.label == label]
        wanted = f"the {singular(label) if len(found) == 1 else plural(label)}"
        yield made("ground", "ground", [{"role": "user", "content": wanted}], found, f"/{label.replace(' ', '-')}")
    if shown.items:
        item = draw.choice(shown.items)
        question = put(words["identify"]["ask"], box=_percent(item.region["bbox"], shown))
        yield made("identify", "identify", said(question, item.label), [item.region])
    turns = draw.sample(asked, min(TURNS - 1, len(asked)))
    if len(turns) > 1:
        opening = said(draw.choice(words["brief"]), shown.captions[0] if shown.captions else long)
        talk = [message for _, question, answer in turns for message in said(question, answer)]
        yield made("dialogue", "chat", [*opening, *talk], [])


def detailed(shown: Shown) -> str:
    """The longest caption, how many there are of each class, and where classes with few things lie."""
    words = templates()["instruct"]
    sentences = [max(shown.captions, key=len).rstrip(" .") + "."] if shown.captions else []
    what = {label: label if is_mass(label) else plural(label) for label in shown.covers}
    what |= {label: _named(count, label) for label, count in shown.counts.items()}
    if what:
        first, *_ = named = [text for _, text in sorted(what.items())]
        single = is_mass(first) or first.startswith(("a ", "an ", "one "))
        sentences.append(put(words["inventory"], what=listed(named), verb="is" if single else "are"))
    for label, count in sorted(shown.counts.items()):
        clear = [item for item in shown.items if item.label == label and item.is_clear]
        if count == 1 and clear:
            where = whereabouts(clear[0].cell)
            verb = "lie" if is_plural(label) else "lies"
            sentences.append(put(words["located"], what=f"the {singular(label)}", verb=verb, where=where))
    return " ".join(" ".join(sentences).split())


def _named(count: int, label: str) -> str:
    if is_mass(label):
        return article(singular(label)) if count == 1 else plural(label)
    return counted(count, label)


def of_whole(shown: Shown, draw: random.Random) -> list[Asked]:
    """Which classes there are and which not, how many things of each, more of which, and the scene."""
    words = templates()["instruct"]
    found: list[Asked] = []
    counts = sorted(shown.counts.items())
    there = sorted({*shown.counts, *shown.covers})
    absent = [label for label in shown.known if label not in there] if there else []
    asked = [(label, "yes") for label in draw.sample(there, min(2, len(there)))]
    for label, answer in asked + [(label, "no") for label in draw.sample(absent, min(2, len(absent)))]:
        named = _asked_for(label, bool(shown.covers))
        found.append(("presence", one_of(draw, words["presence"]["ask"], **named), words["presence"][answer]))
    for label, count in counts:
        if not is_mass(label):
            found.append(("count", one_of(draw, words["count"]["ask"], **{"class": plural(label)}), str(count)))
    if len(counts) > 1:
        (first, many), (second, other) = draw.sample(counts, 2)
        told = listed([counted(many, first), counted(other, second)])
        question = put(words["compare"]["ask"], first=plural(first), second=plural(second))
        found.append(("compare", question, put(words["compare"]["yes" if many > other else "no"], counts=told)))
    if shown.record.meta.get("scene"):
        scene = class_name(str(shown.record.meta["scene"]))
        found.append(("scene", one_of(draw, words["scene"]["ask"]), scene))
    return found


def of_parts(shown: Shown, draw: random.Random) -> list[Asked]:
    """Where the only thing of a class is, what lies in a part of the picture, and whether a class does there."""
    words = templates()["instruct"]
    found: list[Asked] = []
    for label, count in sorted(shown.counts.items()):
        (item, *_) = [item for item in shown.items if item.label == label]
        if count == 1 and item.is_clear and not is_plural(label):
            question = one_of(draw, words["where"]["ask"], **{"class": singular(label)})
            found.append(("where", question, put(words["where"]["answer"], where=whereabouts(item.cell))))
    if not shown.items:
        return found
    clear = sorted(cell for cell in {item.cell for item in shown.items} if _is_clear(cell, shown))
    for cell in draw.sample(clear, min(2, len(clear))):
        inside = Counter(item.label for item in shown.items if item.cell == cell)
        what = listed([counted(count, label) for label, count in sorted(inside.items())])
        question = one_of(draw, words["here"]["ask"], where=whereabouts(cell))
        found.append(("here", question, put(words["here"]["answer"], what=what)))
    label = draw.choice(sorted(shown.counts))
    own = [item for item in shown.items if item.label == label]
    full = sorted({item.cell for item in own if item.is_clear})
    empty = [cell for cell in CELLS if not any(_touches(item, cell, shown) for item in own)]
    named = _asked_for(label)
    for cells, answer in ((full, "yes"), (empty, "no")):
        if cells:
            where = whereabouts(draw.choice(cells))
            question = one_of(draw, words["inside"]["ask"], **named, where=where)
            found.append(("inside", question, words["inside"][answer]))
    return found


def _asked_for(label: str, several: bool = False) -> dict[str, str]:
    """A class with its verbs: “a ship”, “water”, and “ships” for any number of them."""
    name = label if is_mass(label) else plural(label) if several else article(label)
    be, do = ("are", "do") if is_plural(name) else ("is", "does")
    return {"a_class": name, "be": be, "do": do}


def _is_clear(cell: str, shown: Shown) -> bool:
    """Whether it is beyond doubt what lies in the cell: nothing reaches into it from another one."""
    if shown.covers:
        return False
    reach = (item for item in shown.items if _touches(item, cell, shown))
    return all(_far(item, cell) for item in shown.items) and all(item.cell == cell for item in reach)


def _far(item: Item, cell: str) -> bool:
    """Whether it is beyond doubt if the thing lies in this cell or not."""
    return item.is_clear or (item.cell != cell and not _beside(item, cell))


def _beside(item: Item, cell: str) -> bool:
    near = [cell_of(item.x + x, item.y + y) for x in (-CLEAR, 0, CLEAR) for y in (-CLEAR, 0, CLEAR)]
    return cell in near


def _touches(item: Item, cell: str, shown: Shown) -> bool:
    """Whether its box reaches into the cell."""
    row, _, column = cell.partition("-")
    x0, y0, x1, y1 = item.region["bbox"]
    left, top = COLUMNS.index(column) / 3 * shown.width, ROWS.index(row) / 3 * shown.height
    return bool(x0 < left + shown.width / 3 and x1 > left and y0 < top + shown.height / 3 and y1 > top)


def _percent(box: Sequence[float], shown: Shown) -> str:
    """As GeoPix and SkyEyeGPT write boxes: {<x0><y0><x1><y1>}, 0 to 100."""
    sides = (shown.width, shown.height, shown.width, shown.height)
    shares = (min(100, max(0, round(100 * value / side))) for value, side in zip(box, sides, strict=True))
    return "{" + "".join(f"<{share}>" for share in shares) + "}"
