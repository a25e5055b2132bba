"""GAIA-style structured captions: a language model that sees the picture and its measured facts fills in a strict schema.

GAIA (arXiv 2502.09598), section 3: tag, modality, resolution and five captions. What is measured is held against the answer; one
that does not fit is asked for once more, and refused then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, field_validator

from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers as Answering
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job, place_of
from rsvlm.trainer.builders.facts import facts_of
from rsvlm.trainer.builders.sources import Labelled
from rsvlm.trainer.builders.wording import templates
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.pictures import read_picture

SIDE = 512  # pixels of the picture that the model sees
TRIES = 2
Ask = Callable[[str, np.ndarray], str]  # a prompt and (H, W, 3) uint8 -> the answer
Caption = Annotated[str, StringConstraints(strip_whitespace=True, min_length=15, max_length=500)]


class Structured(BaseModel):
    """What a model has to say of a picture. Checked against the facts that are measured, given as context {"facts": ...}."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tag: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=60)] = Field(
        description="What kind of place or event it is, in one to four words."
    )
    modality: Literal["optical", "panchromatic", "sar", "thermal", "hyperspectral", "index", "unknown"]
    resolution: Literal["very high", "high", "medium", "low", "unknown"] = Field(
        description="By ground sample distance: up to 1 m, up to 5 m, up to 30 m, above."
    )
    captions: list[Caption] = Field(
        min_length=5, max_length=5, description="Five different captions, each a sentence or two."
    )

    @field_validator("captions")
    @classmethod
    def _differ(cls, captions: list[str], info: ValidationInfo) -> list[str]:
        if len({caption.lower() for caption in captions}) < len(captions):
            raise ValueError("two captions are the same")
        facts = (info.context or {}).get("facts", {})
        known = set(re.findall(r"\d+", json.dumps(facts)))
        years = {year for caption in captions for year in re.findall(r"\b(?:19|20)\d\d\b", caption)}
        if invented := sorted(years - known):
            raise ValueError(f"the year {invented[0]} is not in the facts")
        return captions

    @field_validator("modality", "resolution")
    @classmethod
    def _measured(cls, value: str, info: ValidationInfo) -> str:
        name = {"modality": "sensor"}.get(str(info.field_name), str(info.field_name))
        measured = (info.context or {}).get("facts", {}).get(name)
        if measured and value != measured:
            raise ValueError(f"it is {measured} by the facts")
        return value


def structured_records(
    found: Iterable[Labelled], ask: Ask, by: str, answers: Answers, job: Job, watch: Watch
) -> Iterator[Record]:
    """by: what the model is called. Left out and told: pictures that cannot be read, and answers that were refused twice.

    Raises RsvlmError (unavailable, unauthorized) where nobody answers: what was answered is kept for the next time.
    """
    for one in found:
        watch.check()
        told = answers.get(f"structure {place_of(one.image)}", partial(_told, one, ask))
        if told["wrong"]:
            job.left_out[told["wrong"]] += 1
            continue
        structured = told["structured"]
        meta = {
            **{name: value for name, value in one.meta.items() if name != "captions"},
            **told["facts"],
            "scene": structured["tag"],
            "structured": structured,
            "by": by,
            "tries": told["tries"],
        }
        question = job.draw(one.ident).choice(templates()["caption"]["ask"])
        yield job.record(
            one.ident, "caption", [one.image], said(question, *structured["captions"]), [], meta, one.split
        )


def _told(one: Labelled, ask: Ask) -> dict[str, Any]:
    try:
        facts = facts_of(one.image)
        pixels = read_picture(one.image, SIDE).pixels
    except RsvlmError as error:
        return {"wrong": error.message}
    facts |= {"labels": one.labels} if one.labels else {}
    words = templates()["structure"]
    prompt = words["ask"].format(facts=json.dumps(facts), schema=json.dumps(Structured.model_json_schema()))
    wrong = ""
    for number in range(1, TRIES + 1):
        answer = ask(prompt if number == 1 else f"{prompt}\n{words['again'].format(wrong=wrong)}", pixels)
        try:
            structured = Structured.model_validate_json(_json_in(answer), context={"facts": facts})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            wrong = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}."
            continue
        return {"wrong": "", "facts": facts, "structured": structured.model_dump(), "tries": number}
    return {"wrong": f"an answer was refused twice, {wrong[:120]}"}


def _json_in(answer: str) -> str:
    """Without the fence that many models put around JSON."""
    fenced = re.search(r"```(?:json)?\s*(\{.*\})\s*```", answer, re.DOTALL)
    return fenced[1] if fenced else answer.strip()


def asks_installed(models: Models, model: str, watch: Watch) -> Ask:
    """An installed model as one that is asked. Raises RsvlmError (unknown_model, bad_request)."""
    predictor = models.get(model).until(watch.cancelled)
    if "ask" not in predictor.card.tasks or not isinstance(predictor, Answering):
        raise RsvlmError(
            "bad_request",
            f"The model {predictor.card.id} answers no questions.",
            "Take one whose tasks name “ask” (rsvlm models list), or a server by --url.",
        )
    answering: Answering = predictor
    return lambda prompt, pixels: answering.ask(answering.encode([pixels]), [Question(prompt)])[0].text
