"""Models asked to draw: masks and boxes of what phrases name, in pixels of the picture as its regions are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import numpy as np
from affine import Affine

from rsvlm.geo.polygons import polygons
from rsvlm.models.boxes import Box, read
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.models.predictors.abilities import Answers, ChangeMasks, Question, Reply, Segments
from rsvlm.models.prompts import put
from rsvlm.protocol import Record
from rsvlm.tasks.differing import drawn_for
from rsvlm.tasks.outlines import LIKELY, SPECK
from rsvlm.tasks.sights import ByProbabilities
from rsvlm.trainer.builders.building import place_of
from rsvlm.trainer.measuring.asking import Measure, Row, Setting
from rsvlm.trainer.pictures import Picture
from rsvlm.trainer.regions import decode, encode, mask_of


@dataclass(frozen=True)
class Phrase:
    """What is looked for in the (only) picture of a record; regions: all that bear this label. type: of the phrase, or ""."""

    id: str
    image: Mapping[str, Any]
    text: str
    regions: tuple[Mapping[str, Any], ...]
    type: str = ""


class Drawn(Measure):
    """Each label of a record is a phrase of its own, and all regions of that label are right together."""

    kind = ""  # of the prompt
    places: tuple[str, ...] = ()  # fields of a region, one of which it needs

    def items(self, record: Record) -> Sequence[Phrase]:
        if len(record.images) != 1 or record.task not in ("ground", "segment"):
            return []
        labels = dict.fromkeys(region["label"] for region in record.regions if region["label"].strip())
        found = []
        for label in labels:
            own = tuple(region for region in record.regions if region["label"] == label)
            if all(any(place in region for place in self.places) for region in own):
                ident = record.id if len(labels) == 1 else f"{record.id}: {label}"
                found.append(Phrase(ident, record.images[0], label, own, str(record.meta.get("type", ""))))
        return found

    def replies(self, items: Sequence[Phrase]) -> tuple[list[Picture], list[Reply]]:
        pictures = self.pictures([dict(item.image) for item in items])
        questions = [Question(put(self.card, self.kind, item.text)) for item in items]
        return pictures, cast(Answers, self.predictor).ask(self.encoded(pictures), questions)

    def likely(self, items: Sequence[Phrase]) -> Iterator[tuple[Picture, np.ndarray, float]]:
        """For each: its picture, (h, w) float32, how likely pixels belong to it, and how likely it is there at all.

        Of a model that is asked for probabilities, as the tasks ask it.
        """
        seer = ByProbabilities(self.predictor)
        for _, group in groupby(items, lambda item: item.image):
            own = list(group)
            (picture,) = self.pictures([dict(own[0].image)])
            (sight,) = seer.see([picture.pixels], [item.text for item in own])
            yield from ((picture, *each) for each in zip(sight.maps, sight.there.tolist(), strict=True))


class Masks(Drawn):
    """All that the model outlines for a phrase, together, as run lengths."""

    kind, places = "segment", ("rle", "polygon")

    def rows(self, items: Sequence[Phrase]) -> list[Row]:
        return [self.row(item, *drawn) for item, drawn in zip(items, self.drawn(items), strict=True)]

    def row(self, item: Phrase, told: np.ndarray, about: Row) -> Row:
        right = together(item.regions, *told.shape)
        kind = {"type": item.type} if item.type else {}
        row = {"id": item.id, "phrase": item.text, "prediction": encode(told), "reference": encode(right)}
        return {**row, **about, **kind}

    def drawn(self, items: Sequence[Phrase]) -> Iterator[tuple[np.ndarray, Row]]:
        """Of each (H, W) bool, on the pixels of its picture as it lies there, and what else is told."""
        if isinstance(self.predictor, Segments):
            for picture, likely, there in self.likely(items):
                yield resized(likely, picture.height, picture.width) >= LIKELY, {"confidence": round(there, 4)}
            return
        for picture, reply in zip(*self.replies(items), strict=True):
            told = np.zeros((picture.height, picture.width), bool)
            for mask in () if reply.masks is None else reply.masks:
                told |= resized(mask, *told.shape) >= LIKELY
            yield told, {"said": reply.text, "confidence": round(reply.confidence, 4)}


class Presence(Masks):
    """Whether a model outlines anything at all for a phrase, there or not: what is not there has to be refused."""

    def items(self, record: Record) -> Sequence[Phrase]:
        if record.regions or not record.meta.get("target_absent"):
            return super().items(record)
        if len(record.images) != 1 or record.task not in ("ground", "segment"):
            return []
        texts = dict.fromkeys(message["content"] for message in record.messages if message["role"] == "user")
        several = len(texts) > 1
        return [Phrase(f"{record.id}: {text}" if several else record.id, record.images[0], text, ()) for text in texts]

    def row(self, item: Phrase, told: np.ndarray, about: Row) -> Row:
        drawn, right = ("yes" if there else "no" for there in (told.any(), any(map(shown, item.regions))))
        return {"id": item.id, "phrase": item.text, "prediction": drawn, "references": [right], **about}


def shown(region: Mapping[str, Any]) -> bool:
    """Whether anything is outlined: what is absent may be a region of nothing, as run lengths."""
    return "rle" not in region or bool(decode(region["rle"]).any())


class Differences(Measure):
    """Where a model draws what changed between two dates: what a record wants outlined, if it says so and the model can; or all.

    Two dates once, however many records they have.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._known: set[str] = set()

    def items(self, record: Record) -> Sequence[Record]:
        if not shows_change(record) or (place := str([place_of(image) for image in record.images])) in self._known:
            return []
        self._known.add(place)
        return [record]

    def rows(self, items: Sequence[Record]) -> list[Row]:
        rows = []
        for record, before, after in zip(items, *self.dates(items), strict=True):
            (seen,) = self.predictor.encode([before.pixels], [after.pixels])
            wanted = next((message["content"] for message in record.messages if message["role"] == "user"), "")
            found = drawn_for(self.predictor, seen, before.pixels, wanted)
            if found is None:
                masks = cast(ChangeMasks, self.predictor).change_masks([seen], max(after.pixels.shape))
                found = masks[0], CHANGED
            mask, phrase = found
            size = (after.height, after.width)
            told, right = resized(mask, *size) >= LIKELY, together(record.regions, *size)
            rows.append({"id": record.id, "phrase": phrase, "prediction": encode(told), "reference": encode(right)})
        return rows


def shows_change(record: Record) -> bool:
    """Whether it has two dates, and outlines of all that changed or the word that nothing did."""
    drawn = bool(record.regions) and all("rle" in region or "polygon" in region for region in record.regions)
    same = not record.regions and record.meta.get("changed") is False
    return len(record.images) == 2 and (drawn or same)


def together(regions: Sequence[Mapping[str, Any]], height: int, width: int) -> np.ndarray:
    """(height, width) bool: what is inside of any that has an outline."""
    inside = np.zeros((height, width), bool)
    for region in regions:
        found = mask_of(region, height, width)
        inside |= False if found is None else found
    return inside


def resized(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w) -> (height, width): the value at the middle of each pixel."""
    rows, columns = ((np.arange(new) + 0.5) * old / new for new, old in zip((height, width), mask.shape, strict=True))
    return mask[rows.astype(int)[:, None], columns.astype(int)]


class Boxes(Drawn):
    """The boxes that the model writes for a phrase: x0, y0, x1, y1, and the angle of one that is turned.

    Of a model that is asked for probabilities, around each part that it outlines, as the task has them.
    """

    kind, places = "refer", ("bbox",)

    def rows(self, items: Sequence[Phrase]) -> list[Row]:
        if isinstance(self.predictor, Segments):
            found = zip(items, self.likely(items), strict=True)
            return [_row(item, _around(*seen[:2]), {"confidence": round(seen[2], 4)}) for item, seen in found]
        rows = []
        for item, picture, reply in zip(items, *self.replies(items), strict=True):
            height, width, _ = picture.pixels.shape
            boxes = read(reply.text, self.card.boxes, width, height).boxes if self.card.boxes else ()
            told = [_numbers(box, picture.width / width, picture.height / height) for box in boxes]
            rows.append(_row(item, told, {"said": reply.text, "confidence": round(reply.confidence, 4)}))
        return rows


def _row(item: Phrase, told: list[list[float]], about: Row) -> Row:
    right = [list(region["bbox"]) for region in item.regions]
    return {"id": item.id, "phrase": item.text, "prediction": told, "references": right, **about}


def _around(picture: Picture, likely: np.ndarray) -> list[list[float]]:
    """A box around each part of a map, in pixels of the picture as it lies there."""
    height, width = likely.shape
    parts = polygons(likely >= LIKELY, Affine.scale(picture.width / width, picture.height / height), SPECK)
    return [list(part.bounds) for part in parts]


def _numbers(box: Box, across: float, down: float) -> list[float]:
    found = [box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down]
    return [*found, box.angle] if box.angle else found
