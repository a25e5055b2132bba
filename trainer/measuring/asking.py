"""What all ways of measuring share: records become items, items in batches become rows of a file of predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from rsvlm.models.boxes import read
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers, Predictor, Question
from rsvlm.models.prompts import put
from rsvlm.protocol import Record, RsvlmError
from rsvlm.tasks.measured import in_pictures
from rsvlm.trainer import measuring
from rsvlm.trainer.pictures import Picture, read_picture

BATCH = 16  # items at once
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """Who is asked, for which protocol. records: of the data set, from the first on. templates: sentences that name a class,
    {} for it, where they are not to be those of the model. library: of knowledge; models: those that its vectors need.
    """

    predictor: Predictor
    protocol: str
    records: Callable[[], Iterator[Record]]
    templates: tuple[str, ...] = ()
    library: Path | None = None
    models: Models | None = None


class Measure(ABC):
    """A task says what it asks of a record (`items`) and what it keeps of the answers (`rows`)."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.card = setting.predictor.card
        self.predictor: Any = setting.predictor

    @abstractmethod
    def items(self, record: Record) -> Sequence[Any]:
        """None for a record that the task does not take. Reads no picture."""

    @abstractmethod
    def rows(self, items: Sequence[Any]) -> list[Row]:
        """One for each item. Raises what reading pictures and asking raise."""

    def answered(
        self, records: Iterable[Record], limit: int | None = None, done: int = 0
    ) -> Iterator[list[tuple[Record, Row]]]:
        """Batch after batch, each row with what it is about. limit: of the records that the task takes, the first ones.

        done: rows that are known from before and left out; batches are those of work that was never stopped.
        """
        taken = ((record, found) for record in records if (found := self.items(record)))
        items = ((record, item) for record, found in islice(taken, limit) for item in found)
        for first in range(0, 10**12, BATCH):
            batch = list(islice(items, BATCH))
            missing = batch[max(0, done - first) :]
            if missing:
                rows = self.rows([item for _, item in batch])[-len(missing) :]
                yield [(record, row) for (record, _), row in zip(missing, rows, strict=True)]
            if len(batch) < BATCH:
                return

    def pictures(self, images: Sequence[dict[str, Any]]) -> list[Picture]:
        """As large as they are; those for the bundled family as the squares that it was trained on."""
        side = self.card.input.pixels if isinstance(self.predictor, CompactPredictor) else None
        return [read_picture(image, side) for image in images]

    def encoded(self, pictures: Sequence[Picture]) -> list[Any]:
        pixels = [picture.pixels for picture in pictures]
        return list(self.predictor.encode(np.stack(pixels) if isinstance(self.predictor, CompactPredictor) else pixels))

    def dates(self, records: Sequence[Record]) -> tuple[list[Picture], list[Picture]]:
        """Before and after. Raises RsvlmError (bad_raster) for dates that are no pair."""
        before, after = (self.pictures([record.images[date] for record in records]) for date in (0, 1))
        for record, first, second in zip(records, before, after, strict=True):
            if first.pixels.shape != second.pixels.shape:
                raise RsvlmError(
                    "bad_raster", f"The two dates of {record.id} differ in size.", "Give both in the same pixels."
                )
        return before, after

    def answers(self, pictures: Sequence[Picture], questions: Sequence[Question], kind: str = "vqa") -> list[Row]:
        """{"prediction", "confidence"} to each as a person puts it, without the boxes in it; measured as the task “ask” does."""
        predictor, seen = cast(Answers, self.predictor), self.encoded(pictures)
        replies = predictor.ask(seen, [self.put(question, kind=kind) for question in questions])
        told = in_pictures(predictor, seen, [question.text for question in questions], replies)
        return [
            {"prediction": self.words(text, picture), "confidence": round(sure, 4)}
            for (text, sure), picture in zip(told, pictures, strict=True)
        ]

    def put(self, question: Question, text: str = "", kind: str = "vqa") -> Question:
        """As the card puts it; text: what is asked instead."""
        return replace(question, text=put(self.card, kind, text or question.text))

    def words(self, text: str, picture: Picture) -> str:
        """What was said, as a person reads it."""
        if self.card.boxes is None:
            return text.strip()
        height, width, _ = picture.pixels.shape
        return read(text, self.card.boxes, width, height).text.strip()


def measure_of(task: str, setting: Setting) -> Measure:
    """How the model of a setting is asked for a task. Raises RsvlmError (bad_request) where it cannot do that."""
    spec = measuring.spec_of(task, setting.protocol)
    card = setting.predictor.card
    if spec.ability.task not in card.tasks:
        raise RsvlmError("bad_request", f"The model {card.id} cannot {spec.ability.told}.", "Choose one that can.")
    found: Measure = getattr(import_module(f"{measuring.__name__}.{spec.module}"), spec.kind)(setting)
    return found
