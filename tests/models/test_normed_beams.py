"""Beam search by mean log-probability, over words whose chances are laid down."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rsvlm.models.parts.normed_beams import Sentence, search

END = 0
Told = dict[tuple[int, ...], list[float]]


def spoken(told: Told, **options: object) -> tuple[Sentence, list[tuple[int, ...]]]:
    """The best sentence of one row, and all that were continued. told: words so far -> chance of each next word, else even."""
    open_rows: list[tuple[int, ...]] = [()]
    continued: list[tuple[int, ...]] = []

    def logits() -> Tensor:
        return torch.tensor([told.get(row, [1 / 3] * 3) for row in open_rows]).log()

    def step(words: Tensor, origins: Tensor) -> Tensor:
        nonlocal open_rows
        pairs = zip(words.tolist(), origins.tolist(), strict=True)
        open_rows = [(*open_rows[origin], word) for word, origin in pairs]
        continued.extend(open_rows)
        return logits()

    return search(step, logits(), ends=[END], **options)[0], continued


def test_likelier_sentence_is_found_behind_a_less_likely_word():
    told = {(): [0.0, 0.6, 0.4], (1,): [0.5, 0.25, 0.25], (2,): [0.98, 0.01, 0.01]}
    found, _ = spoken(told, beams=2, most=2)
    assert found.words == (2, END)
    assert found.chance == pytest.approx(math.log(0.4 * 0.98)) == pytest.approx(found.worth)


@pytest.mark.parametrize(("first", "words"), [(None, (END,)), (1, (1,))])
def test_unfinished_sentence_counts_the_word_that_is_never_said(first: int | None, words: tuple[int, ...]):
    """log 0.55 against log 0.45; where the release counts one word more, the latter is halved, as it has not ended."""
    found, _ = spoken({(): [0.55, 0.45, 0.0]}, beams=2, most=1, first=first)
    assert found.words == words


def test_row_goes_on_while_its_best_could_still_beat_the_worst_that_ended():
    told = {(): [0.3, 0.7, 0.0], (1,): [0.6, 0.4, 0.0], (1, 1): [0.98, 0.01, 0.01]}
    found, continued = spoken(told, beams=1, most=3)
    assert found.words == (1, END) and continued == [(1,)], "what has ended is the best there is: it is over"
    more, continued = spoken(told, beams=2, most=3)
    assert more.words == (1, 1, END) and (1, 1) in continued, "of two that have ended, one is weak"


def test_rows_end_apart_and_processors_see_what_was_said():
    seen = []

    def forbid_one(ids: Tensor, scores: Tensor) -> Tensor:
        seen.append(ids.tolist())
        return scores.index_fill(1, torch.tensor([1]), -math.inf)

    def step(words: Tensor, origins: Tensor) -> Tensor:
        return torch.tensor([[5.0, 0.0, 0.0]]).repeat(len(words), 1)

    logits = torch.tensor([[0.0, 9.0, 1.0], [4.0, 9.0, 0.0]])
    found = search(step, logits, 1, 4, [END], processors=[forbid_one])
    assert [sentence.words for sentence in found] == [(2, END), (END,)]
    assert seen == [[[], []], [[2]]], "the row that has ended is read no further"
    assert found[1].chance == pytest.approx(4 - math.log(math.e**4 + math.e**9 + 1), abs=1e-5)


def test_row_that_nobody_wants_gives_its_best_so_far():
    logits = torch.tensor([[0.0, 2.0, 1.0]] * 2)
    found = search(lambda words, origins: torch.zeros(len(words), 3), logits, 2, 3, [END], stop=lambda row: row == 0)
    assert found[0].words == (1,) and len(found[1].words) > 1
