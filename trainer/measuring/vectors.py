"""Models asked for vectors: of pictures and their captions, and of pictures and the sentences that name classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch

from rsvlm.models.families.geoclip.predictor import GeoClipPredictor
from rsvlm.models.parts.prompt_averaging import Averaging, average_prompts
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.models.predictors.zero_shot import SENTENCES
from rsvlm.models.prompts import class_sentences
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.measuring.asking import Measure, Row, Setting
from rsvlm.trainer.metrics.retrieval import ranked
from rsvlm.trainer.packed import packed

WORDS = (64, 48, 32, 16, 8, 4)  # of a caption that is longer than the model reads
ORDERS: tuple[Averaging, ...] = ("unit", "raw")
TOP = 5  # classes that are kept of each picture
DIGITS = 7  # of a cosine
BATCH = 64  # sentences at once


class Retrieval(Measure):
    """The vector of each picture, and of each of its captions: of their beginnings where the model reads no more."""

    def items(self, record: Record) -> Sequence[Record]:
        return [record] if record.task == "caption" and len(record.images) == 1 and record.captions else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        predictor = cast(Embeds, self.predictor)
        images = predictor.embed_images(self.encoded(self.pictures([record.images[0] for record in items])))
        texts, cut = embedded(predictor, [text for record in items for text in record.captions])
        rows, at = [], 0
        for record, image in zip(items, images, strict=True):
            own = slice(at, at := at + len(record.captions))
            row = {"id": record.id, "prediction": packed(image), "references": record.captions}
            rows.append({**row, "vectors": [packed(text) for text in texts[own]], "cut": sum(cut[own])})
        return rows


def embedded(predictor: Embeds, texts: Sequence[str]) -> tuple[np.ndarray, list[bool]]:
    """(n, width), and which of the texts were too long to be read whole. Raises RsvlmError (too_large) for a single word."""
    vectors, cut = [], []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        try:
            vectors += list(predictor.embed_texts(batch))
            cut += [False] * len(batch)
        except RsvlmError as error:
            if error.code != "too_large":
                raise
            for text in batch:
                vector, whole = _beginning(predictor, text)
                vectors.append(vector)
                cut.append(not whole)
    return np.stack(vectors), cut


def _beginning(predictor: Embeds, text: str) -> tuple[np.ndarray, bool]:
    words = text.split()
    for count in (len(words), *(count for count in WORDS if count < len(words))):
        try:
            return predictor.embed_texts([" ".join(words[:count])])[0], count == len(words)
        except RsvlmError as error:
            if error.code != "too_large":
                raise
    raise RsvlmError("too_large", f"A caption is longer than the model reads: “{text[:40]}”.", "Leave it out.")


class ZeroShot(Measure):
    """The likeliest classes of each picture, among all classes of the data set, by both orders of averaging sentences."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        found = {scene for record in setting.records() for scene in _scene(record)}
        self.labels = sorted(found)
        clip = self.card.clip
        self.own: Averaging = clip.averaging if clip else "unit"
        self.templates = setting.templates or (clip.templates if clip else SENTENCES)
        self._classes: np.ndarray | None = None

    def items(self, record: Record) -> Sequence[Record]:
        return [record] if _scene(record) else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        seen = self.encoded(self.pictures([record.images[0] for record in items]))
        if self.setting.protocol == "best-f1":
            return [self._cosines(record, found) for record, found in zip(items, self._compared(seen), strict=True)]
        best = {order: ranked(values, TOP) for order, values in self._likely(seen).items()}
        rows = []
        for number, record in enumerate(items):
            row: Row = {order: [self.labels[place] for place in places[number]] for order, places in best.items()}
            rows.append({"id": record.id, "prediction": row[self.own][0], "reference": _scene(record)[0], **row})
        return rows

    def _likely(self, seen: Sequence[Any]) -> dict[Averaging, np.ndarray]:
        """(pictures, classes), the more the likelier, by each order that the model's vectors allow."""
        if isinstance(self.predictor, GeoClipPredictor):
            found: dict[Averaging, np.ndarray] = {}
            for order in ORDERS:
                found[order] = self.predictor.named_by(self.templates, order).zero_shot(seen, self.labels)
            return found
        return {"unit": self._compared(seen)}

    def _compared(self, seen: Sequence[Any]) -> np.ndarray:
        """(pictures, classes) cosines of pictures and classes, whose sentences are averaged at length one."""
        if self._classes is None:
            sentences = [text for label in self.labels for text in class_sentences(label, self.templates)]
            vectors = torch.from_numpy(embedded(self.predictor, sentences)[0])
            self._classes = average_prompts(vectors.view(len(self.labels), len(self.templates), -1), "unit").numpy()
        cosines: np.ndarray = self.predictor.embed_images(seen) @ self._classes.T
        return cosines

    def _cosines(self, record: Record, cosines: np.ndarray) -> Row:
        told = {label: round(float(value), DIGITS) for label, value in zip(self.labels, cosines, strict=True)}
        return {
            "id": record.id,
            "prediction": max(told, key=told.__getitem__),
            "reference": _scene(record)[0],
            "cosines": told,
        }


def _scene(record: Record) -> tuple[str, ...]:
    """The class of a record's picture, none where it has none."""
    scene = record.meta.get("scene")
    return (str(scene),) if record.task in ("caption", "classify") and len(record.images) == 1 and scene else ()
