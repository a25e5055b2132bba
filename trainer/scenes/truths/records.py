"""A generated place as training records: one picture or two dates, every task, as many records for each place of a kind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.change import pair_records
from rsvlm.trainer.builders.wording import one_of, plural, put
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.regions import bbox_of, encode
from rsvlm.trainer.scenes.truths.captions import captions
from rsvlm.trainer.scenes.truths.change import Exact, car_question
from rsvlm.trainer.scenes.truths.phrases import Pointed, all_of, class_phrase, nothing, referring
from rsvlm.trainer.scenes.truths.questions import questions
from rsvlm.trainer.scenes.truths.truth import Truth
from rsvlm.trainer.scenes.truths.words import wording

QUESTIONS, GROUNDED, SEGMENTED, OPEN = 6, 3, 5, 2
OF_ONE = 1 + QUESTIONS + GROUNDED + SEGMENTED + 1  # records of a picture
OF_ROUND = 3  # of those, of phrases for things and for nothing, which can be asked for in several rounds
OF_PAIR = 5 + OPEN + 1 + 2  # of a pair: the six types of ChangeChat, the cars, and two masks
Images = list[dict[str, Any]]


class Teller:
    """Makes the records of one place. about: what all of them say of it, in their meta."""

    def __init__(self, name: str, images: Images, about: dict[str, Any], job: Job, draw: random.Random) -> None:
        self.name, self.images, self.about, self.job, self.draw = name, images, about, job, draw

    def record(
        self,
        what: str,
        task: str,
        messages: list[dict[str, str]],
        regions: list[dict[str, Any]] | None = None,
        **meta: Any,
    ) -> Record:
        return self.job.record(
            f"{self.name}/{what}",
            task,
            [dict(image) for image in self.images],
            messages,
            regions or [],
            {**self.about, **meta},
        )

    def picture(self, truth: Truth, theme: str, urban: bool, rounds: int) -> Iterator[Record]:
        """OF_ONE records, and OF_ROUND more for each round after the first."""
        draw = self.draw
        ask = one_of(draw, wording()["caption"]["ask"])
        yield self.record("caption", "caption", said(ask, *captions(truth, theme, draw)))
        for number, asked in enumerate(questions(truth, theme, urban, QUESTIONS, draw), 1):
            yield self.record(f"vqa{number}", "vqa", said(put(asked.question), asked.answer), type=asked.kind)
        yield from self._grounded(truth)
        yield from self._segmented(truth, rounds)
        yield self.record("classify", "classify", said(one_of(draw, wording()["classify"]["ask"]), theme))

    def _grounded(self, truth: Truth) -> Iterator[Record]:
        """One thing, all things of a name, and what is not there; where nothing can be pointed at, more of the last."""
        draw = self.draw
        first, second = referring(truth, draw), all_of(truth, draw) or referring(truth, draw)
        if first and second and first.words == second.words:
            second = None
        for number, found in enumerate((first, second, None), 1):
            if found is None:
                yield self._absent(f"ground{number}", "ground", nothing(truth, draw))
                continue
            regions = [{"label": found.words, "bbox": list(box)} for box in found.boxes]
            yield self.record(f"ground{number}", "ground", said(found.words), regions, type="referring")

    def _segmented(self, truth: Truth, rounds: int) -> Iterator[Record]:
        """A class, two or three classes at once, and in each round a thing or all of a name, and what is not there."""
        draw = self.draw
        asked: set[str] = set()
        several = []
        for _ in range(4):
            label, phrase = class_phrase(truth, draw, asked)
            if label not in asked:
                several.append(phrase)
            asked.add(label)
        first, *rest = several
        yield self._masks("segment1", [first], "class")
        yield self._masks("segment2", rest[:3] or [first], "several" if len(rest) > 1 else "class")
        for number in range(3, 3 + OF_ROUND * rounds, OF_ROUND):
            one = referring(truth, draw)
            yield (
                self._masks(f"segment{number}", [one], "referring")
                if one
                else self._absent(f"segment{number}", "segment", nothing(truth, draw))
            )
            together = (all_of if draw.random() < 0.5 else referring)(truth, draw)
            if together:
                yield self._masks(f"segment{number + 1}", [together], "referring")
            else:
                yield self._masks(f"segment{number + 1}", [class_phrase(truth, draw, asked)[1]], "class")
            yield self._absent(f"segment{number + 2}", "segment", nothing(truth, draw))

    def _masks(self, what: str, phrases: list[Pointed], kind: str) -> Record:
        regions = []
        for phrase in phrases:
            mask = phrase.masks[0]
            for other in phrase.masks[1:]:
                mask = mask | other
            regions.append({"label": phrase.words, "bbox": bbox_of(mask), "rle": encode(mask)})
        return self.record(what, "segment", said("; ".join(phrase.words for phrase in phrases)), regions, type=kind)

    def _absent(self, what: str, task: str, phrase: Pointed) -> Record:
        """The phrase, and an answer that says that there is no such thing."""
        bare = phrase.words.removeprefix("the ").removeprefix("all ")
        answer = one_of(self.draw, wording()["absent"], phrase=bare)
        return self.record(what, task, said(phrase.words, answer), type="absent", target_absent=True)

    def pair(self, facts: Exact, before: Truth, after: Truth) -> Iterator[Record]:
        """OF_PAIR records: the six types of ChangeChat, one on cars, the mask of all that changed and of one class."""
        draw = self.draw
        for record in pair_records(facts, OPEN, self.job, draw):
            yield self._reworded(replace(record, meta={**self.about, **record.meta}), facts)
        flag: dict[str, Any] = {"changed": facts.any}
        cars = car_question(before, after, wording()["change"]["cars"], draw)
        if cars is None:
            state, label = facts.state, facts.classes()
            cars = (one_of(draw, wording()["change"]["count"], state=state, classes=label), facts.count_answer())
        yield self.record("cars", "change", said(put(cars[0]), put(cars[1])), type="open", **flag)
        phrase, same = draw.choice(wording()["change"]["mask"]), one_of(draw, wording()["change"]["unchanged"])
        yield self._changed("mask", phrase, facts.mask if facts.any else None, same, flag)
        one, count = draw.choice(list(zip(facts.pair.changed, facts.counts, strict=True)))
        name = f"{one.state} {plural(one.label)}"
        none = one_of(draw, wording()["absent"], phrase=name)
        yield self._changed("mask2", name, one.mask if count else None, none, flag)

    def _changed(self, what: str, phrase: str, mask: Any, none: str, flag: dict[str, Any]) -> Record:
        """none: what is said where there is no mask."""
        if mask is None:
            return self.record(what, "segment", said(phrase, none), type="absent", target_absent=True, **flag)
        regions = [{"label": phrase, "bbox": bbox_of(mask), "rle": encode(mask)}]
        return self.record(what, "segment", said(phrase), regions, type="change", **flag)

    def _reworded(self, record: Record, facts: Exact) -> Record:
        """The same asked in other words, now and then: the more ways of asking, the better."""
        kind = record.meta["type"]
        if kind not in ("caption", "binary", "count", "locate") or self.draw.random() < 0.3:
            return record
        words = {"state": facts.state, "classes": facts.classes()}
        asked = {"role": "user", "content": one_of(self.draw, wording()["change"][kind], **words)}
        return replace(record, messages=[asked, *record.messages[1:]])
