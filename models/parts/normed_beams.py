"""Beam search over a batch: of several sentences that are tried at once, the one whose words are likeliest on average.

Every sum of log-probabilities is divided by the sentence's length (GNMT, arXiv 1609.08144, section 7, with a plain length). When
a row is done, and what unfinished sentences count for at the end, follow transformers 4, with which DeltaVLM and LAVIS answered;
later versions weigh those otherwise. Knows word ids; the network is a function to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LogitsProcessor

# (last words (n,), numbers (n,) of the rows of the step before that they continue) -> logits (n, vocabulary)
Step = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Sentence:
    """words: said so far, the end among them. worth: sum of log-probabilities as processors left them; chance: as they were."""

    words: tuple[int, ...] = ()
    worth: float = 0.0
    chance: float = 0.0


class _Row:
    """What is tried for one row of a batch. unsaid: words that count as said before all others, 0 or 1."""

    def __init__(self, beams: int, ends: Sequence[int], unsaid: int) -> None:
        self._beams, self._ends, self._unsaid = beams, ends, unsaid
        self.open, self.done = [Sentence()], False
        self._ended: list[tuple[float, Sentence]] = []  # the best first

    @property
    def best(self) -> Sentence:
        return self._ended[0][1]

    def go_on(self, worth: Tensor, chances: Tensor) -> list[int]:
        """worth, chances: (open, vocabulary) of each next word. Returns which of the sentences the new ones continue."""
        before, self.open, origins = self.open, [], []
        totals = worth + worth.new_tensor([sentence.worth for sentence in before])[:, None]
        tried = self._beams * max(2, 1 + len(self._ends))  # as many as there need to be if all that can end does
        values, places = totals.flatten().topk(min(tried, totals.numel()))
        own = chances.flatten()[places].tolist()
        found = zip(values.tolist(), places.tolist(), own, strict=True)
        for rank, (total, place, chance) in enumerate(found):
            origin, word = divmod(place, totals.shape[1])
            sentence = Sentence((*before[origin].words, word), total, before[origin].chance + chance)
            if word not in self._ends and len(self.open) < self._beams:
                self.open.append(sentence)
                origins.append(origin)
            elif word in self._ends and rank < self._beams:
                self._keep(sentence, len(sentence.words))
        attainable = values[0].item() / (len(before[0].words) + 1 + self._unsaid)
        self.done = not self.open or (len(self._ended) == self._beams and self._ended[-1][0] >= attainable)
        return origins

    def close(self) -> None:
        """No more may be said: what is still open stands beside what has ended."""
        for sentence in self.open:
            self._keep(sentence, len(sentence.words) + self._unsaid)
        self.done = True

    def _keep(self, sentence: Sentence, length: int) -> None:
        every = [*self._ended, (sentence.worth / length, sentence)]
        self._ended = sorted(every, key=lambda one: one[0], reverse=True)[: self._beams]


def search(
    step: Step,
    logits: Tensor,
    beams: int,
    most: int,
    ends: Sequence[int],
    first: int | None = None,
    processors: Sequence[LogitsProcessor] = (),
    stop: Callable[[int], bool] | None = None,
) -> list[Sentence]:
    """The best sentence of each row. logits: (batch, vocabulary) of the first word; most: words of a sentence, its end included.

    first: an id that counts as said before all others, for processors and for lengths. stop: is asked after each word whether
    a row should end with the best so far.
    """
    unsaid = [] if first is None else [first]
    rows = [_Row(beams, ends, len(unsaid)) for _ in logits]
    going = dict(enumerate(rows))
    for said in range(1, most + 1):
        chances = logits.float().log_softmax(dim=-1)
        words = [[*unsaid, *sentence.words] for row in going.values() for sentence in row.open]
        worth, ids = chances, torch.tensor(words, dtype=torch.long, device=logits.device)
        for processor in processors:
            worth = processor(ids, worth)
        origins, place = [], 0
        for number, row in going.items():
            own = slice(place, place + len(row.open))
            continued = row.go_on(worth[own], chances[own])
            if not row.done and (said == most or (stop is not None and stop(number))):
                row.close()
            origins += [] if row.done else [place + origin for origin in continued]
            place = own.stop
        going = {number: row for number, row in going.items() if not row.done}
        if not going:
            break
        last = [sentence.words[-1] for row in going.values() for sentence in row.open]
        logits = step(*(torch.tensor(numbers, device=logits.device) for numbers in (last, origins)))
    return [row.best for row in rows]
