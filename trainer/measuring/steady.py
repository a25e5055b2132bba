"""Models asked the same again: in other words, of the picture turned or brighter; and their numbers held against their masks.

An answer that changes with what should not matter is a guess, whether or not it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from affine import Affine

from rsvlm.geo.polygons import polygons
from rsvlm.models.predictors.abilities import Answers, Question, Segments
from rsvlm.protocol import Record
from rsvlm.tasks.agreement import said
from rsvlm.tasks.concluding import InPicture
from rsvlm.tasks.outlines import LIKELY, SPECK
from rsvlm.trainer.measuring.asking import Row
from rsvlm.trainer.measuring.words import Questions, answered, asked
from rsvlm.trainer.pictures import Picture

BRIGHTER = 1.2
# Beginnings of questions, and the same in other words.
OTHERWISE = (
    (re.compile(r"^(?:is|are) there (?:any |an? )?", re.IGNORECASE), "can you see any "),
    (re.compile(r"^how many (.+?) are (?:there|visible|present|shown)\b", re.IGNORECASE), r"what is the number of \1"),
    (re.compile(r"^how many ", re.IGNORECASE), "what is the number of "),
    (re.compile(r"^(?=(?:what|which|where|who)\b)", re.IGNORECASE), "please tell me: "),
    (re.compile("^"), "please answer this question: "),
)
COUNTED = re.compile(r"^how many (.+?)(?: (?:are|is|can|do|in|on|at)\b.*)?\s*\?*$", re.IGNORECASE)
_DIRECTION = re.compile(
    r"\b(?:left|right|top|bottom|upper|lower|above|below|under|north|south|east|west)(?:\w*)\b", re.IGNORECASE
)


class Steadiness(Questions):
    """Each question as it is and up to four times again. Where it asks for a direction, the picture is not turned."""

    def rows(self, items: Sequence[Record]) -> list[Row]:
        pictures = self.pictures([record.images[0] for record in items])
        questions = [asked(self, record) for record in items]
        first = self.answers(pictures, questions)
        again: list[dict[str, str]] = [{} for _ in items]
        reworded = [replace(one, text=_otherwise(record, one)) for record, one in zip(items, questions, strict=True)]
        self._ask("in other words", list(range(len(items))), pictures, reworded, again)
        fits = [place for place, question in enumerate(questions) if not _DIRECTION.search(question.text)]
        for turns, name in ((1, "turned by 90°"), (2, "turned by 180°")):
            turned = [one._replace(pixels=np.ascontiguousarray(np.rot90(one.pixels, turns))) for one in pictures]
            self._ask(name, fits, turned, questions, again)
        lit = [one._replace(pixels=(one.pixels * BRIGHTER).clip(0, 255).astype(np.uint8)) for one in pictures]
        self._ask("brighter", list(range(len(items))), lit, questions, again)
        rows = [{**row, "again": others} for row, others in zip(first, again, strict=True)]
        if "segment" in self.card.tasks:
            for row, question, picture in zip(rows, questions, pictures, strict=True):
                row |= self._counts(row["prediction"], question, picture)
        return answered(items, rows)

    def _ask(
        self,
        name: str,
        places: list[int],
        pictures: list[Picture],
        questions: list[Question],
        again: list[dict[str, str]],
    ) -> None:
        """Put the answers at these places into `again`."""
        if places:
            told = self.answers([pictures[place] for place in places], [questions[place] for place in places])
            for place, row in zip(places, told, strict=True):
                again[place][name] = row["prediction"]

    def _counts(self, answer: str, question: Question, picture: Picture) -> Row:
        """{"counts": [said, drawn]} where it is asked how many there are, and the answer says it."""
        thing, number = COUNTED.match(question.text.strip()), said(answer)
        if thing is None or number is None:
            return {}
        if isinstance(self.predictor, Segments):
            likely = self.predictor.likely(self.encoded([picture]), [thing[1]])[0]
            return {"counts": [number, len(InPicture(float(likely.there[0]), likely.maps[0]).middles)]}
        wanted = self.put(Question(thing[1]), kind="segment")
        masks = cast(Answers, self.predictor).ask(self.encoded([picture]), [wanted])[0].masks
        parts = () if masks is None else (polygons(mask >= LIKELY, Affine.identity(), SPECK) for mask in masks)
        return {"counts": [number, sum(map(len, parts))]}


def _otherwise(record: Record, question: Question) -> str:
    """The record's own paraphrase, or the question with another beginning."""
    own = record.meta.get("paraphrases")
    if isinstance(own, list) and own:
        return str(own[0])
    text = question.text.strip()
    return next(pattern.sub(other, text, count=1) for pattern, other in OTHERWISE if pattern.search(text))
