"""RS5M-style captions for pictures that have only labels: by templates with what the raster states, or by any installed model.

RS5M (arXiv 2306.11300), section 3: class names put into sentences, place and date of the picture, and captions of a model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers as Answering
from rsvlm.models.predictors.abilities import Question
from rsvlm.models.predictors.words import sentence
from rsvlm.models.prompts import put as prompt
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job, place_of
from rsvlm.trainer.builders.facts import facts_of
from rsvlm.trainer.builders.sources import Labelled
from rsvlm.trainer.builders.wording import article, counted, is_mass, listed, plural, put, templates
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.pictures import read_picture

FACTS = ("gsd_m", "date", "lat", "lon", "sensor", "resolution")
MOST_NAMED = 4  # classes in a sentence


def caption_records(found: Iterable[Labelled], captions: int, geo: bool, job: Job) -> Iterator[Record]:
    """By templates. captions: of a picture, at most, all different. geo: also with what the raster states of itself."""
    words = templates()["caption"]
    for one in found:
        if not one.labels:
            job.left_out["the picture has no label"] += 1
            continue
        try:
            facts = {name: value for name, value in facts_of(one.image).items() if name in FACTS}
        except RsvlmError as error:
            job.left_out[error.message] += 1
            continue
        draw = job.draw(one.ident)
        what = _what(one)
        kind = "radar" if facts.get("sensor") == "sar" else "scene"
        pool = [put(template, what=what) for template in words[kind]]
        stated = _stated(pool, facts, draw) if geo else []
        chosen = stated[: captions // 2]
        chosen += draw.sample(pool, min(captions - len(chosen), len(pool)))
        yield _record(one, draw.choice(words["ask"]), chosen, {**facts, "by": "templates"}, job)


def _record(one: Labelled, ask: str, captions: list[str], about: dict[str, Any], job: Job) -> Record:
    meta = {**one.meta, **about, **({"labels": one.labels} if one.labels else {})}
    return job.record(one.ident, "caption", [one.image], said(ask, *captions), [], meta, one.split)


def _what(one: Labelled) -> str:
    """“three ships and a harbor”; a scene is not counted, and has no article where it is a mass."""
    counts = Counter(one.labels).most_common(MOST_NAMED)
    named = [
        (plural(name) if count > 1 else name) if is_mass(name) else counted(count, name) if count > 1 else article(name)
        for name, count in counts
    ]
    return listed(named)


def _stated(pool: list[str], facts: dict[str, Any], draw: random.Random) -> list[str]:
    """Captions with place, date and ground sample distance, as far as these are known; in an order that is drawn."""
    known = {
        "gsd": f"{facts['gsd_m']:.2g} m" if "gsd_m" in facts else None,
        "date": _date(str(facts["date"])) if "date" in facts else None,
        "place": _place(facts["lat"], facts["lon"]) if "lat" in facts else None,
    }
    usable = [
        template
        for template in templates()["caption"]["stated"]
        if all(value is not None for name, value in known.items() if f"{{{name}}}" in template)
    ]
    draw.shuffle(usable)
    return [put(template, start=draw.choice(pool).rstrip("."), **known) for template in usable]


def _date(text: str) -> str:
    year, _, rest = text.partition("-")
    month = rest[:2]
    return f"in {templates()['caption']['months'][int(month) - 1]} {year}" if month else f"in {year}"


def _place(lat: float, lon: float) -> str:
    return f"{abs(lat):.2f}° {'north' if lat >= 0 else 'south'}, {abs(lon):.2f}° {'east' if lon >= 0 else 'west'}"


def model_records(
    found: Iterable[Labelled], model: str, models: Models, answers: Answers, job: Job, watch: Watch
) -> Iterator[Record]:
    """By an installed model. Left out and told: pictures that cannot be read, and those of which it says nothing."""
    with models.using(model, watch.cancelled) as predictor:
        card = predictor.card
        describe = _describer(predictor)
        for one in found:
            told = answers.get(f"caption {place_of(one.image)}", partial(_told, one, card.input.pixels, describe))
            if told["wrong"]:
                job.left_out[told["wrong"]] += 1
                continue
            about = {"by": f"{card.id}@{card.revision}", "confidence": told["confidence"]}
            ask = job.draw(one.ident).choice(templates()["caption"]["ask"])
            yield _record(one, ask, [told["text"]], about, job)


Describe = Callable[[np.ndarray], tuple[str, float]]


def _describer(predictor: Any) -> Describe:
    """A sentence on (H, W, 3) uint8, and how sure the model is of it. Raises RsvlmError for a model that has no words."""
    if isinstance(predictor, CompactPredictor):

        def caption(pixels: np.ndarray) -> tuple[str, float]:
            found = predictor.captions(predictor.encode(pixels[None]))[0]
            return found.text, found.confidence

        return caption
    if "describe" not in predictor.card.tasks or not isinstance(predictor, Answering):
        raise RsvlmError(
            "bad_request",
            f"The model {predictor.card.id} does not describe pictures.",
            "Take one whose tasks name “describe”: rsvlm models list.",
        )

    def ask(pixels: np.ndarray) -> tuple[str, float]:
        reply = predictor.ask(predictor.encode([pixels]), [Question(prompt(predictor.card, "caption"))])[0]
        return reply.text, reply.confidence

    return ask


def _told(one: Labelled, pixels: int, describe: Describe) -> dict[str, Any]:
    try:
        picture = read_picture(one.image, pixels).pixels
    except RsvlmError as error:
        return {"wrong": error.message}
    text, confidence = describe(picture)
    if not text.strip():
        return {"wrong": "the model says nothing of a picture"}
    return {"wrong": "", "text": sentence(text), "confidence": round(confidence, 4)}
