"""Models asked twice, with passages of a library and without: what knowledge is worth (RS-RAG, arXiv 2504.04988, section 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from rsvlm.library.citing import citations
from rsvlm.models.predictors.abilities import Answers
from rsvlm.protocol import Raster, Record, RsvlmError, Watch
from rsvlm.tasks.knowledge import known
from rsvlm.tasks.libraries import open_library
from rsvlm.trainer.measuring.asking import Measure, Row, Setting
from rsvlm.trainer.measuring.words import answered, asked, right_answers

_CITED = re.compile(r"\s*⟦[\d,; ]+⟧")


class Knowledge(Measure):
    """The answer with knowledge as the plugin asks for it, and the plain one; which passages were given, and which cited."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if setting.library is None or setting.models is None:
            raise RsvlmError(
                "bad_request", "There is no knowledge to answer with.", "Name a library: --knowledge FILE."
            )
        self.library, self.models = str(setting.library), setting.models
        with open_library(self.library):
            pass

    def items(self, record: Record) -> Sequence[Record]:
        fits = record.task in ("rag", "vqa") and len(record.images) == 1 and "window" not in record.images[0]
        return [record] if fits and right_answers(record) else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        pictures = self.pictures([record.images[0] for record in items])
        questions = [asked(self, record) for record in items]
        given = [
            known(self.library, question.text, _raster(record), self.models, Watch())
            for record, question in zip(items, questions, strict=True)
        ]
        predictor, seen = cast(Answers, self.predictor), self.encoded(pictures)
        plain = predictor.ask(seen, [self.put(question) for question in questions])
        put = [self.put(one, found.question(one.text)) for one, found in zip(questions, given, strict=True)]
        rows = []
        for place, (record, reply) in enumerate(zip(items, predictor.ask(seen, put), strict=True)):
            passages = given[place].passages
            cites = citations(reply.text, len(passages))
            said = self.words(_CITED.sub("", cites.text), pictures[place])
            names = [[passage.title, passage.source] for passage in passages]
            row: Row = {"prediction": said, "without": self.words(plain[place].text, pictures[place])}
            row |= {"given": names, "cited": [names[number - 1] for number in cites.numbers]}
            wanted = {"passages": record.meta["passages"]} if record.meta.get("passages") else {}
            rows.append({**row, "confidence": round(reply.confidence, 4), **wanted})
        return answered(items, rows)


def _raster(record: Record) -> Raster:
    image = record.images[0]
    return Raster(href=image["href"], extent=image.get("extent"), crs=image.get("crs"), bands=image.get("bands"))
