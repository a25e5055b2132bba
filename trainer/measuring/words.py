"""Models asked for words: captions, answers to questions, and what is said of two dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.mmodalcc.predictor import MModalCCPredictor
from rsvlm.models.predictors.abilities import ChangeAnswers, Question
from rsvlm.protocol import Record
from rsvlm.tasks.differing import in_pairs
from rsvlm.trainer.examples import conversation
from rsvlm.trainer.formats.levir_cc import QUESTION
from rsvlm.trainer.measuring import QUESTIONS_OF_CHANGE
from rsvlm.trainer.measuring.asking import Measure, Row
from rsvlm.trainer.metrics.answers import tidy

# Types of ChangeChat's questions that a protocol takes; where a record has none, see _short.
TYPES = {"deltavlm-count": "count", "deltavlm-location": "locate", "yes-no": "binary"}


class Captions(Measure):
    """One sentence on each picture, asked for as the plugin does: by the card's own words, whatever the record's are.

    Of a model that tells scenes apart, its class too.
    """

    def items(self, record: Record) -> Sequence[Record]:
        return [record] if record.task == "caption" and len(record.images) == 1 and right_answers(record) else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        pictures = self.pictures([record.images[0] for record in items])
        if isinstance(self.predictor, CompactPredictor):
            told = self._bundled(self.predictor, self.encoded(pictures), items)
        else:
            told = self.answers(pictures, [Question("")] * len(items), "caption")
        return [
            {"id": record.id, **row, "references": list(right_answers(record))}
            for record, row in zip(items, told, strict=True)
        ]

    def _bundled(self, predictor: CompactPredictor, seen: list, items: Sequence[Record]) -> list[Row]:
        captions = predictor.captions(seen)
        rows: list[Row] = [
            {"prediction": caption.text, "confidence": round(caption.confidence, 4)} for caption in captions
        ]
        scenes = predictor.scene_probabilities(seen).argmax(axis=1)
        for row, record, scene in zip(rows, items, scenes, strict=True):
            if "scene" in record.meta:
                row |= {"scene": record.meta["scene"], "scene_prediction": predictor.scenes[scene]}
        return rows


class Questions(Measure):
    """The last question of each record; those before it as earlier turns, where the model reads them."""

    def items(self, record: Record) -> Sequence[Record]:
        fits = record.task == "vqa" and len(record.images) == 1 and right_answers(record)
        return [record] if fits and (self.setting.protocol != "yes-no" or _yes_or_no(record)) else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        pictures = self.pictures([record.images[0] for record in items])
        return answered(items, self.answers(pictures, [asked(self, record) for record in items]))


class Change(Measure):
    """What changed, as one sentence where captions are scored, else as the answer to a question of the protocol's type."""

    def items(self, record: Record) -> Sequence[Record]:
        if len(record.images) != 2 or record.task in ("segment", "ground") or not right_answers(record):
            return []
        wanted = self.setting.protocol
        if wanted not in QUESTIONS_OF_CHANGE:
            return [record] if record.task == "change" and _is_caption(record) else []
        if _is_caption(record):
            return []
        kind = record.meta.get("type")
        if wanted == "yes-no" and kind != "binary":
            return [record] if _yes_or_no(record) else []
        return [record] if wanted == "exact" or kind == TYPES[wanted] else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        before, after = ([picture.pixels for picture in date] for date in self.dates(items))
        predictor = cast(ChangeAnswers, self.predictor)
        seen = self._mapped(predictor.encode(before, after), items)
        asks = self.setting.protocol in QUESTIONS_OF_CHANGE
        questions = [asked(self, record) if asks else Question("") for record in items]
        found = in_pairs(predictor, seen, before, [question.text for question in questions])
        rest = [number for number, one in enumerate(found) if one is None]
        prompts = [self.put(questions[number], kind="change_ask" if asks else "change") for number in rest]
        replies = predictor.ask([seen[number] for number in rest], prompts) if rest else []
        for number, reply in zip(rest, replies, strict=True):
            found[number] = reply.text.strip(), reply.confidence
        told = [{"prediction": text, "confidence": round(sure, 4)} for text, sure in filter(None, found)]
        rows = answered(items, told)
        for row, record in zip(rows, items, strict=True):
            if "changed" in record.meta:
                row["changeflag"] = int(record.meta["changed"])
        return rows

    def _mapped(self, seen: list[Any], items: Sequence[Record]) -> list[Any]:
        """With the maps of land cover that records have, for the model that reads them."""
        if not isinstance(self.predictor, MModalCCPredictor):
            return seen
        maps = [tuple(picture.pixels for picture in self.pictures(record.meta.get("maps", ()))) for record in items]
        return [replace(one, maps=own or None) for one, own in zip(seen, maps, strict=True)]


def asked(measure: Measure, record: Record) -> Question:
    """The last question of a record, and what was said before it, where the model reads that."""
    (*earlier, (question, _)), _ = conversation(record.messages, 0)
    return Question(question, tuple(earlier) if measure.card.dialogue else ())


def answered(items: Sequence[Record], told: Sequence[Row]) -> list[Row]:
    """The answers as rows of a file of predictions."""
    rows = []
    for record, row in zip(items, told, strict=True):
        turns, right = conversation(record.messages, 0)
        kind = {"type": str(record.meta["type"])} if record.meta.get("type") else {}
        rows.append({"id": record.id, "question": turns[-1][0], **row, "references": list(right), **kind})
    return rows


def right_answers(record: Record) -> tuple[str, ...]:
    """All right answers to the last question."""
    return conversation(record.messages, 0)[1]


def _yes_or_no(record: Record) -> bool:
    return tidy(right_answers(record)[0]).split(" ")[0].rstrip(",.;") in ("yes", "no")


def _is_caption(record: Record) -> bool:
    if record.meta.get("type"):
        return bool(record.meta["type"] == "caption")
    turns, right = conversation(record.messages, 0)
    return len(right) > 1 or turns[-1][0] in ("", QUESTION)
