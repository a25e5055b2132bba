"""Steps: what a process sees at one is a function of the recipe, the process and the step alone. No picture's tokens are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch.utils.data import Dataset

from rsvlm.models.learning import Example, Learner, Lesson
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.recipe import Recipe

TRIES = 20  # places that are looked at instead of one whose example cannot be learnt from
FAR = 1 << 40  # from a place to the one that stands in for it: no run gets there by itself

Read = Callable[[int], Example]  # what is seen at a place of the run; places are counted through from its first step


@dataclass(frozen=True)
class Share:
    """What one process does of a step: of `batch` examples, in `parts` one after the other (gradient accumulation)."""

    batch: int
    parts: int = 1
    processes: int = 1
    rank: int = 0

    @classmethod
    def of(cls, batch: int, parts: int, processes: int, rank: int) -> Share:
        """Raises RsvlmError (bad_request) where the examples do not come out even."""
        share = cls(batch, parts, processes, rank)
        if share.size * parts * processes != batch:
            raise RsvlmError(
                "bad_request",
                f"A batch of {batch} cannot be shared among {processes} processes in {parts} parts.",
                "Make batch_size a multiple of both.",
            )
        return share

    @property
    def size(self) -> int:
        return self.batch // (self.parts * self.processes)

    def places(self, step: int) -> list[range]:
        """The places of each part of this step."""
        starts = (step * self.batch + (part * self.processes + self.rank) * self.size for part in range(self.parts))
        return [range(start, start + self.size) for start in starts]


@dataclass(frozen=True)
class Step:
    """ids: of the records that are seen. shortened: examples that lost turns or have another answer, as theirs was too long;
    left_out: those for which others stand in.

    error: a RsvlmError in place of all that, which no exception carries whole out of a worker process.
    """

    lessons: list[Lesson]
    ids: list[str]
    shortened: int
    left_out: int
    error: dict[str, Any] | None = None


class Reader:
    """What is seen at a place of a stage, before which there are `before` steps and which has `steps`. A class, as worker
    processes are given it.
    """

    def __init__(self, examples: Examples, recipe: Recipe, before: int, steps: int) -> None:
        self.examples, self.sides, self.batch = examples, recipe.pixels, recipe.batch_size
        self.before, self.steps = before, steps

    def __call__(self, place: int) -> Example:
        share = (place % FAR // self.batch - self.before) / self.steps
        side = next((side.pixels for side in reversed(self.sides) if share >= side.start), None)
        return self.examples.at(place, side)


class Steps(Dataset):
    """Item i is the step first + i of a run."""

    def __init__(self, first: int, count: int, share: Share, read: Read, learner: Learner) -> None:
        self.first, self.count, self.share, self.read, self.learner = first, count, share, read, learner

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, item: int) -> Step:
        try:
            return self._made(item)
        except RsvlmError as error:
            return Step([], [], 0, 0, error.to_json())

    def _made(self, item: int) -> Step:
        lessons: list[Lesson] = []
        ids: list[str] = []
        shortened = left_out = 0
        for places in self.share.places(self.first + item):
            examples = []
            for place in places:
                example, turns, skipped = self.fitting(place)
                examples.append(example)
                shortened += turns
                left_out += skipped
            lessons.append(self.learner.batch(examples))
            ids += [example.id for example in examples]
        return Step(lessons, ids, shortened, left_out)

    def fitting(self, place: int) -> tuple[Example, bool, int]:
        """The example, whether it was shortened, and how many before it were too long or without a picture.

        Raises RsvlmError (bad_request) where none of TRIES can be learnt from.
        """
        for skipped in range(TRIES):
            example = self.read(place + skipped * FAR)
            found = fitted(example, self.learner)
            if found:
                return found, found.turns != example.turns, skipped
        raise RsvlmError(
            "bad_request",
            f"{TRIES} examples in a row have no picture or are too long for this model, "
            f"which reads {self.learner.longest} tokens.",
            "Use shorter texts, or smaller pictures, and leave out records without one.",
        )


def fitted(example: Example, learner: Learner) -> Example | None:
    """The example as it fits into a row of the model: with a shorter right answer, or without its first turns; else None.

    None without a picture as well: no family learns from words alone.
    """
    if not example.pictures:
        return None
    for begin in range(max(1, len(example.turns))):
        rest = replace(example, turns=example.turns[begin:])
        for answer in (None, *sorted(example.answers, key=len, reverse=True)):
            tried = rest if answer is None else replace(rest, turns=(*rest.turns[:-1], (rest.turns[-1][0], answer)))
            if learner.tokens(tried) <= learner.longest:
                return tried
    return None
