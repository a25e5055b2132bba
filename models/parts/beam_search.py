"""The sentence with the highest sum of log-probabilities, by a beam whose ended sentences leave it.

As MModalCC and its forerunners (RSICCformer, Chg2Cap) evaluate: no length norm, and each sentence that ends makes the
beam narrower. A beam of one is greedy search. Knows word ids; the network is a function to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# (last words (n,), numbers (n,) of the rows of the step before that they continue) -> logits (n, vocabulary)
Step = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Sentence:
    """ids: with start, and end if it has ended. score: sum of log-probabilities. ended: sentences that came to an end.

    With ended = 0 the search ran out of length, and ids are the best sentence without its end.
    """

    ids: tuple[int, ...]
    score: float
    ended: int


def beam_search(
    step: Step, start: int, end: int, beams: int, longest: int, stop: Callable[[], bool] = lambda: False
) -> Sentence:
    """longest: words of a sentence with start and end. stop: asked after each word; the best so far is returned."""
    rows, ended = [(start,)], []
    words, origins, scores = torch.tensor([start]), torch.tensor([0]), torch.zeros(1)
    while len(rows[0]) < longest:
        logits = step(words, origins)
        totals = logits.float().log_softmax(dim=-1).cpu() + scores[:, None]  # (rows, vocabulary)
        scores, places = totals.flatten().topk(min(beams, totals.numel()))
        origins, words = places // totals.shape[1], places % totals.shape[1]
        rows = [(*rows[origin], word) for origin, word in zip(origins.tolist(), words.tolist(), strict=True)]
        done = words == end
        ended += [(scores[index].item(), rows[index]) for index in done.nonzero().flatten().tolist()]
        beams -= int(done.sum())
        if beams == 0:
            break
        rows = [row for row in rows if row[-1] != end]
        words, origins, scores = words[~done], origins[~done], scores[~done]
        if stop():
            break
    found = ended or [(score, row) for score, row in zip(scores.tolist(), rows, strict=True)]
    score, ids = max(found, key=lambda sentence: sentence[0])
    return Sentence(ids, score, len(ended))
