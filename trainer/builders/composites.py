"""Two dates of places that never were: parts of masked pictures pasted into other pictures, so that all change is known exactly.

Before and after are written as PNG, each on a day of its own (nuisance.py). In some pairs nothing changes: nothing is pasted, or
the same on both dates. Of the masks' pictures and of the archive's only those are used that may be learnt from, or, to measure
by, only those that are held.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.change import Facts, pair_records
from rsvlm.trainer.builders.change_sentences import Sentences
from rsvlm.trainer.builders.pairs import Changed, Pair
from rsvlm.trainer.builders.pasting import COVERS, LINES, Cut, Pasted, cuttings, paste
from rsvlm.trainer.builders.things import on_pixels
from rsvlm.trainer.builders.wording import one_of, templates
from rsvlm.trainer.formats.masks import covered
from rsvlm.trainer.formats.reading import Source, said
from rsvlm.trainer.nuisance import disturbed
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.regions import bbox_of, encode

ANY = "what changed"  # all of it together, as the bundled model is asked for it
AT_ONCE = 4  # things of one class, at most
TRIES = 6  # for each of them
SENTENCES = 3  # of people, for a pair
ASKED = 3  # classes of a pair, at most
OWNER = ".composites"  # in the folder of the pictures: the mark of the job that they are of
# Scenes of RSICD and AID in which a class may come up anew; what is not named here may come anywhere.
_OPEN = "bareland desert farmland meadow park sparseresidential mediumresidential forest"
_SCENES = {
    "building": f"{_OPEN} playground school resort industrial parking mountain baseballfield airport denseresidential",
    "road": f"{_OPEN} mountain resort",
    "water": f"{_OPEN} baseballfield school",
    "vegetation": "bareland desert airport parking square farmland",
    "land": "forest meadow farmland park sparseresidential mediumresidential",
}
WHERE = {label: frozenset(scenes.split()) for label, scenes in _SCENES.items()}


@dataclass(frozen=True)
class Wanted:
    """count: pairs. unchanged: share of them. nuisance: strength of what differs from day to day, 0 to 1. held: the pictures
    that are held out instead of those that are learnt from. questions: open ones of each pair. sentences: that people wrote of
    other pairs, None = templates alone.
    """

    count: int
    unchanged: float
    nuisance: float
    held: bool
    questions: int
    sentences: Path | None = None


@dataclass(frozen=True)
class Composite:
    """before, after: (S, S, 3) uint8. changed: of each class that is asked about. ground: the picture that was pasted into."""

    before: np.ndarray
    after: np.ndarray
    changed: list[Changed]
    ground: Record


def composite_records(
    masks: Path, archive: Path, folder: Path, wanted: Wanted, out: Path, job: Job
) -> Iterator[Record]:
    """folder: of the pictures, made if need be; the records name them from the folder of `out` on.

    Raises RsvlmError: bad_request for a folder with pictures of another job, and for what is no set of masks or leaves nothing to
    paste, not_found for no archive.
    """
    _own(folder, job)
    cuts = _cuts(masks, wanted.held, job)
    grounds = read_caption_archive(archive, "held" if wanted.held else "fit")
    sentences = Sentences.read(wanted.sentences) if wanted.sentences else Sentences(())
    for number in range(wanted.count):
        draw = job.draw(number)
        made = _composite(cuts, grounds, wanted, draw)
        name = f"{number:05}"
        images = []
        for date, pixels in (("before", made.before), ("after", made.after)):
            path = folder / f"{name}_{date}.png"
            _write(path, pixels)
            images.append({"href": href_from(out.absolute().parent, path)})
        pair = Pair(name, images, made.changed, *made.after.shape[:2])
        facts = Facts(pair)
        yield _drawn(facts, made.ground, job, draw)
        for record in pair_records(facts, wanted.questions, job, draw):
            told = _written(facts, str(made.ground.meta.get("scene")), sentences, draw)
            yield replace(record, messages=record.messages + told) if record.meta["type"] == "caption" else record


def _own(folder: Path, job: Job) -> None:
    """Make the folder the job's. Raises RsvlmError (bad_request) where another one's pictures are there: names are the same."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder / OWNER
    if any(folder.glob("*_before.png")) and not (owner.is_file() and owner.read_text() == job.mark):
        raise RsvlmError(
            "bad_request",
            f"The folder {folder} holds pictures of other composites.",
            "Name another one with --pictures, or delete it together with the records that were made with it.",
        )
    owner.write_text(job.mark)


def href_from(folder: Path, path: Path) -> str:
    """The path from a folder on; the whole path where it is on another drive."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path.absolute())


def _written(facts: Facts, scene: str, sentences: Sentences, draw: random.Random) -> list[dict[str, str]]:
    """More right answers, as people write them."""
    there = [(one, count) for one, count in zip(facts.pair.changed, facts.counts, strict=True) if count]
    if len(there) > 1:
        return []
    (one, count) = there[0] if there else (facts.pair.changed[0], 0)
    found = sentences.of(one.label, one.state, count, scene, SENTENCES, draw)
    return [{"role": "assistant", "content": text} for text in found]


def _cuts(masks: Path, held: bool, job: Job) -> dict[str, list[Cut]]:
    """Class -> all that can be pasted."""
    source = Source(masks, split="held" if held else "train")
    source.left_out = job.left_out
    found: dict[str, list[Cut]] = {}
    for one in covered(source):
        picture = read_picture(one.image)
        covers = {label: on_pixels(mask, picture) for label, mask in one.covers.items()}
        for cut in cuttings(picture.pixels, covers, job.draw("cut", one.name)):
            found.setdefault(cut.label, []).append(cut)
    if not found:
        raise RsvlmError(
            "bad_request",
            f"Nothing can be cut out of {masks.name}.",
            "Give pictures with masks of buildings, roads or water.",
        )
    return found


def _composite(cuts: Mapping[str, list[Cut]], grounds: list[Record], wanted: Wanted, draw: random.Random) -> Composite:
    changes = draw.random() >= wanted.unchanged
    for _ in range(TRIES):
        ground = draw.choice(grounds)
        scene = str(ground.meta.get("scene"))
        labels = sorted(label for label in cuts if scene in WHERE.get(label, (scene,)))
        if labels or not changes:
            break
    picture = read_picture(ground.images[0]).pixels
    picture = picture[: min(picture.shape[:2]), : min(picture.shape[:2])].astype(np.float32)
    chosen = _some(labels, draw)
    taken = np.zeros(picture.shape[:2], bool)
    if draw.random() < (0.25 if changes else 0.6):  # what is there on both dates is no change
        for label in chosen:
            picture, _ = _add(picture, cuts[label], taken, draw)
    later, masks = picture, {}
    for label in chosen if changes else []:
        later, masks[label] = _add(later, cuts[label], taken, draw)
    state = "lost" if draw.random() < 0.25 else "new"
    if state == "lost":
        picture, later = later, picture
    asked = draw.sample(sorted(cuts), min(len(cuts), draw.randint(1, ASKED)))
    named = dict.fromkeys([*(label for label, mask in masks.items() if mask.any()), *asked])
    nothing = np.zeros(picture.shape[:2], bool)
    changed = [Changed(state, label, masks.get(label, nothing)) for label in list(named)[:ASKED]]
    before, after = (_on_a_day(one, wanted.nuisance, draw) for one in (picture, later))
    return Composite(before, after, changed, ground)


def _some(labels: list[str], draw: random.Random) -> list[str]:
    """One class, now and then two; things rather than what has no shape."""
    if not labels:
        return []
    weights = [1 if label in COVERS else 2 if label in LINES else 4 for label in labels]
    return list(dict.fromkeys(draw.choices(labels, weights, k=draw.choice((1, 1, 1, 2)))))


def _add(picture: np.ndarray, cuts: list[Cut], taken: np.ndarray, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """The picture with some of them, and where they are. taken: is filled."""
    mask = np.zeros(picture.shape[:2], bool)
    label = cuts[0].label
    many = 1 if label in LINES else draw.choice((1, 1, 2)) if label in COVERS else draw.randint(1, AT_ONCE)
    for _ in range(many):
        found: Pasted | None = None
        for _ in range(TRIES):
            found = paste(picture, draw.choice(cuts), taken, draw)
            if found:
                break
        if found:
            picture = found.picture
            mask |= found.mask
            taken |= found.near
    return picture, mask


def _on_a_day(picture: np.ndarray, nuisance: float, draw: random.Random) -> np.ndarray:
    random_state = np.random.default_rng(draw.randrange(1 << 62))
    plain = (picture.clip(0, 255) + 0.5).astype(np.uint8)
    return disturbed(plain, random_state, nuisance * draw.uniform(0.3, 1.0))


def _write(path: Path, pixels: np.ndarray) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    Image.fromarray(pixels).save(part, "PNG")
    part.replace(path)


def _drawn(facts: Facts, ground: Record, job: Job, draw: random.Random) -> Record:
    """Where it changed, of all classes together and of each; masks of nothing where nothing has."""
    pair = facts.pair
    rows = [Changed("", ANY, facts.mask), *(replace(one, label=f"{one.state} {one.label}") for one in pair.changed)]
    about: dict[str, Any] = {"type": "mask", "changed": facts.any, "cells": facts.cells}
    about |= {key: ground.meta[key] for key in ("filename", "scene") if key in ground.meta}
    asked = said(one_of(draw, templates()["change"]["mask"]))
    return job.record(f"{pair.name}/mask", "change", list(pair.images), asked, [_region(row) for row in rows], about)


def _region(row: Changed) -> dict[str, Any]:
    box = bbox_of(row.mask)
    return {"label": row.label, **({"bbox": box} if box else {}), "rle": encode(row.mask)}
