"""Records that are worth learning from: captions that a model finds like their picture, and no picture twice.

RS5M (arXiv 2306.11300), section 3: captions are kept by their CLIP score, near-duplicate pictures by a hash are left out. Any
model that embeds pictures and texts can judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job, place_of
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.stats.hashing import differing, groups, near_pairs
from rsvlm.trainer.stats.looking import look


@dataclass(frozen=True)
class Wanted:
    """near: bits of 64 in which hashes of pictures may differ to be one, None = pictures are not compared.

    model: by which captions are scored, "" = the bundled one; None = captions are not. score: the least cosine of a caption;
    keep: the share of all captions that is kept, best first. One of the two.
    """

    near: int | None
    model: str | None
    score: float | None
    keep: float


def filter_records(
    records: Sequence[Record], wanted: Wanted, models: Models | None, answers: Answers, job: Job, watch: Watch
) -> Iterator[Record]:
    """models: where captions are scored. Left out and told: pictures that are there twice or cannot be read, poor captions."""
    dropped = set() if wanted.near is None else _twice(records, wanted.near, answers, job)
    scores: list[list[float | None]] = []
    if models is not None:
        with models.using(wanted.model or None, watch.cancelled) as predictor:
            if not isinstance(predictor, Embeds):
                raise RsvlmError(
                    "bad_request",
                    f"The model {predictor.card.id} does not compare pictures with texts.",
                    "Take one whose tasks name “localize”: rsvlm models list.",
                )
            for record in records:
                watch.check()
                skipped = record.task != "caption" or _key(record) in dropped
                scores.append([] if skipped else _scores(record, predictor, answers, job))
            card = predictor.card
        least = wanted.score if wanted.score is not None else _threshold(scores, wanted.keep)
    for number, record in enumerate(records):
        if _key(record) in dropped:
            continue
        about: dict[str, Any] = {}
        messages = record.messages
        if models is not None and record.task == "caption":
            kept = [score is not None and score >= least for score in scores[number]]
            if poor := sum(score is not None and score < least for score in scores[number]):
                job.left_out[f"the score of a caption is below {least:.3f}"] += poor
            if not any(kept):
                job.left_out["no caption of a picture is left"] += 1
                continue
            messages = _kept(messages, kept)
            told = [score for score in scores[number] if score is not None and score >= least]
            about = {"clip_score": told, "clip_model": f"{card.id}@{card.revision}"}
        about = {**record.meta, **about}
        yield job.record(record.id, record.task, record.images, messages, record.regions, about, record.split)


def _key(record: Record) -> str:
    return " ".join(place_of(image) for image in record.images)


def _twice(records: Sequence[Record], near: int, answers: Answers, job: Job) -> set[str]:
    """Pictures that are near one before them, and broken ones; of several dates, those of which every date is near."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.images:
            shown.setdefault(_key(record), record.images)

    def seen(image: dict[str, Any]) -> dict[str, Any]:
        found = answers.get(f"look {place_of(image)}", lambda: _looked(image))
        return dict(found)

    looks = {key: [seen(image) for image in images] for key, images in shown.items()}
    broken = {key: [date["broken"] for date in dates if date["broken"]] for key, dates in looks.items()}
    dropped = {key for key, reasons in broken.items() if reasons}
    for key in dropped:
        job.left_out[broken[key][0]] += 1
    hashed: dict[int, dict[str, list[int]]] = defaultdict(dict)  # by the number of dates
    for key, dates in looks.items():
        if key not in dropped and all(date["hash"] is not None for date in dates):
            hashed[len(dates)][key] = [int(date["hash"]) for date in dates]
    for found in hashed.values():
        keys = list(found)
        for group in groups(*_near(np.array(list(found.values()), np.uint64), near)):
            again = sorted(group)[1:]
            dropped |= {keys[at] for at in again}
            job.left_out["a picture is like one before it"] += len(again)
    return dropped


def _near(hashes: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """All i < j whose hashes, (n, dates) uint64, differ in `distance` bits or fewer at every date."""
    first, second = near_pairs(hashes[:, 0], distance)
    for date in hashes.T[1:]:
        near = differing(date[first], date[second]) <= distance
        first, second = first[near], second[near]
    return first, second


def _looked(image: dict[str, Any]) -> dict[str, Any]:
    found = look(image)
    return {"hash": None if found.hash is None else str(found.hash), "broken": found.broken}


def _scores(record: Record, predictor: Embeds, answers: Answers, job: Job) -> list[float | None]:
    """Cosine of each caption and the picture; None for a caption that is too long, or a picture that cannot be read."""
    found = answers.get(f"score {_key(record)} {record.captions}", lambda: _scored(record, predictor))
    for reason in found["wrong"]:
        job.left_out[reason] += 1
    return list(found["scores"])


def _scored(record: Record, predictor: Embeds) -> dict[str, Any]:
    wrong: list[str] = []
    scores: list[float | None] = []
    try:
        picture = read_picture(record.images[0], predictor.card.input.pixels).pixels
    except RsvlmError as error:
        return {"scores": [None] * len(record.captions), "wrong": [error.message]}
    vector = predictor.embed_images(predictor.encode(picture[None]))[0]
    for caption in record.captions:
        try:
            scores.append(round(float(predictor.embed_texts([caption])[0] @ vector), 5))
        except RsvlmError as error:
            if error.code != "too_large":
                raise
            scores.append(None)
            wrong.append(error.message)
    return {"scores": scores, "wrong": wrong}


def _threshold(scores: Sequence[Sequence[float | None]], keep: float) -> float:
    """The score of the last caption that is kept; captions of the same score are kept alike."""
    every = sorted((score for row in scores for score in row if score is not None), reverse=True)
    return every[max(1, round(keep * len(every))) - 1] if every else 0.0


def _kept(messages: Sequence[dict[str, str]], kept: Sequence[bool]) -> list[dict[str, str]]:
    """Without the answers that are not kept."""
    left = iter(kept)
    return [message for message in messages if message["role"] != "assistant" or next(left)]
