"""Records looked at once: pictures as they are seen, and what the finished part of a model makes of each phrase about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from rsvlm.models.families.compact.decoding import at_the_end, keys_and_values
from rsvlm.models.families.compact.learner import CompactLearner
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.models.families.compact.words import outline_asked
from rsvlm.models.learning import Example
from rsvlm.models.parts.alignment import offset
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.protocol import Record
from rsvlm.tasks.asked_change import STATES
from rsvlm.trainer.augment import read_at, seen
from rsvlm.trainer.builders.building import place_of
from rsvlm.trainer.examples import example
from rsvlm.trainer.measuring.drawn import shown, shows_change
from rsvlm.trainer.outlining.kept import GRID, PIXELS, QUARTERS, Kept
from rsvlm.trainer.records import Records

TOGETHER = 16  # places that are looked at in one call
PHRASES = 12  # of one picture, at most
EMPTY = 3  # of these, at most, for what is not there
SEED = 19


def looked_pairs(
    learner: CompactLearner,
    records: Sequence[Record],
    augment: Sequence[str],
    folder: Path,
    phrases: Mapping[str, str] | None = None,
) -> Kept:
    """records: each of a pair of its own, with regions of all that changed. phrases: by the label of regions, besides `CHANGED`.

    Half of the phrases are opposites of the others, in their order. Raises what reading raises, OSError.
    """
    phrases = phrases or {}
    labels, count = list(phrases), 1 + len(phrases)
    named = {region.get("label") for record in records for region in record.regions}
    opposites = zip(labels[: len(labels) // 2], labels[len(labels) // 2 :], strict=True)
    learnt = np.array([True, *([bool(named & set(both)) for both in opposites] * 2)])
    made = _files(learner, folder, len(records), 2, count)
    made.known[:] = learnt & np.array([[True] + [tells(record)] * len(labels) for record in records])
    asked = [_ids(learner, phrase) for phrase in (CHANGED, *phrases.values())]
    model = learner.model

    def look(number: int) -> Example:
        record = records[number]
        found = example(record, 0, PIXELS, read_at(augment, PIXELS))
        drawn = np.zeros((0, *found.pictures[-1].shape[:2]), bool) if found.masks is None else found.masks
        told = np.array(found.phrases[: len(drawn)])
        masks = np.stack([drawn.any(axis=0), *(drawn[told == label].any(axis=0) for label in labels)])
        plain = replace(found, task="segment", phrases=(CHANGED, *labels), masks=masks, boxes=None)
        return seen(plain, augment, np.random.default_rng([SEED, number]), PIXELS)

    with torch.inference_mode():
        for part, examples in _looked(look, len(records)):
            made.pictures[part] = np.stack([np.stack(each.pictures) for each in examples])
            features = model.encoder(_pixels(made.pictures[part].swapaxes(0, 1).reshape(-1, PIXELS, PIXELS, 3)))
            before, after = features.rows(slice(len(examples))), features.rows(slice(len(examples), None))
            made.offsets[part] = offset(model.vectors(before), model.vectors(after)).numpy()
            read = keys_and_values(model.language, model.prefix(before, after))
            made.meant[part] = at_the_end(model.language, read, asked)[:, :, 1].numpy()
            made.truth[part] = _quarters(np.stack([np.asarray(each.masks) for each in examples]))
    return made


@dataclass(frozen=True)
class Outlined:
    """A picture of which it is known what is where.

    images: as a record has them. regions: by phrase; none of what is absent. referring: phrases for some things of a class.
    """

    images: Sequence[dict[str, Any]]
    regions: Mapping[str, Sequence[dict[str, Any]]]
    referring: Collection[str] = ()


def looked_pictures(learner: CompactLearner, places: Sequence[Outlined], augment: Sequence[str], folder: Path) -> Kept:
    """As `looked_pairs`, of one date, with up to PHRASES of each picture, those for classes first."""
    made = _files(learner, folder, len(places), 1, PHRASES)
    model = learner.model

    def look(number: int) -> Example:
        place, generator = places[number], np.random.default_rng([SEED, number])
        wanted = _some(place, generator)
        regions = [{**region, "label": phrase} for phrase in wanted for region in place.regions[phrase]]
        record = Record(str(number), "segment", "train", list(place.images), [], regions)
        found = example(record, 0, PIXELS, read_at(augment, PIXELS))
        drawn = np.zeros((0, *found.pictures[0].shape[:2]), bool) if found.masks is None else found.masks
        told = np.array(found.phrases[: len(drawn)])
        masks = np.stack([drawn[told == phrase].any(axis=0) for phrase in wanted])
        plain = replace(found, phrases=tuple(wanted), masks=masks, boxes=None)
        return seen(plain, augment, generator, PIXELS)

    with torch.inference_mode():
        for part, examples in _looked(look, len(places)):
            made.pictures[part] = np.stack([np.stack(each.pictures) for each in examples])
            read = keys_and_values(model.language, model.prefix(model.encoder(_pixels(made.pictures[part][:, 0]))))
            for row, each in enumerate(examples):
                count, number = len(each.phrases), part.start + row
                asked = [_ids(learner, phrase) for phrase in each.phrases]
                made.meant[number, :count] = at_the_end(model.language, read[:, :, row : row + 1], asked)[0, :, 1]
                made.truth[number, :count] = _quarters(np.asarray(each.masks))
                made.known[number, :count] = True
    return made


def pairs_of(records: Records) -> list[Record]:
    """Of the split “train”, one record of each pair of which it is known what changed: the one that tells most on how."""
    found: dict[str, Record] = {}
    for record in records.select("train"):
        if shows_change(record):
            place = str([place_of(image) for image in record.images])
            if place not in found or _telling(record) > _telling(found[place]):
                found[place] = record
    return list(found.values())


def pictures_of(records: Records) -> list[Outlined]:
    """Of the split “train”, each picture of which something is outlined, with all phrases that its records have for it."""
    images: dict[str, Sequence[dict[str, Any]]] = {}
    phrases: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    referring: dict[str, set[str]] = defaultdict(set)
    for record in records.select("train", ("segment",)):
        if len(record.images) != 1:
            continue
        place = str(place_of(record.images[0]))
        images[place] = record.images
        for region in record.regions:
            if "rle" in region or "polygon" in region:
                phrases[place][region["label"]].extend([region] if shown(region) else [])
                if record.meta.get("type") == "referring":
                    referring[place].add(region["label"])
        if record.meta.get("target_absent") and not record.regions:
            for message in record.messages:
                if message["role"] == "user":
                    phrases[place][message["content"]].extend(())
    return [Outlined(images[place], own, referring[place]) for place, own in phrases.items() if any(own.values())]


def tells(record: Record) -> bool:
    """Whether it says of all that changed what came or went; beside that all of it did, perhaps."""
    labels = {region.get("label", "") for region in record.regions}
    how = [label.startswith(tuple(f"{state} " for state in STATES)) for label in labels - {CHANGED}]
    return all(how) and bool(how or not labels)


def _telling(record: Record) -> int:
    return len(record.regions) if tells(record) else -1


def _some(place: Outlined, generator: np.random.Generator) -> list[str]:
    """PHRASES at most: those for classes first, then referring ones, and EMPTY at most for what is absent."""
    mixed = [phrase for _, phrase in sorted(zip(generator.random(len(place.regions)), place.regions, strict=True))]
    absent = [phrase for phrase in mixed if not place.regions[phrase]][:EMPTY]
    there = sorted((phrase for phrase in mixed if place.regions[phrase]), key=lambda phrase: phrase in place.referring)
    return [*there[: PHRASES - len(absent)], *absent]


def _files(learner: CompactLearner, folder: Path, places: int, dates: int, phrases: int) -> Kept:
    """Of a new folder, full of zeros."""
    width = learner.model.config.language_width
    shapes = {
        "pictures": (np.uint8, (dates, PIXELS, PIXELS, 3)),
        "offsets": (np.float32, (2,)),
        "meant": (np.float16, (phrases, width)),
        "truth": (np.uint8, (phrases, GRID, GRID)),
        "known": (np.bool_, (phrases,)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return Kept(
        **{
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (places, *shape))
            for name, (kind, shape) in shapes.items()
        }
    )


def opened(folder: Path) -> Kept:
    """What one of these functions has kept in a folder before. Raises OSError."""
    return Kept(*(np.load(folder / f"{each.name}.npy", "r") for each in fields(Kept)))


def _looked(look: Callable[[int], Example], count: int) -> Iterator[tuple[slice, list[Example]]]:
    with ThreadPoolExecutor() as threads:
        for at in range(0, count, TOGETHER):
            part = slice(at, min(at + TOGETHER, count))
            yield part, list(threads.map(look, range(part.start, part.stop)))


def _ids(learner: CompactLearner, phrase: str) -> list[int]:
    return outline_asked(learner.tokenizer.encode(tidy(phrase)).ids)


def _pixels(pictures: np.ndarray) -> Tensor:
    return normalise(torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2) / 255)


def _quarters(masks: np.ndarray) -> np.ndarray:
    """(..., PIXELS, PIXELS) bool -> (..., GRID, GRID) uint8."""
    return (adaptive_avg_pool2d(torch.from_numpy(masks).float(), GRID) * QUARTERS).round().byte().numpy()
