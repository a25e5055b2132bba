"""Sentences that a model draws: as often as they are likely, and learnt from by how far they are above the others."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rsvlm.models.parts.self_critical import IGNORED, above_others, draw, expected_reward_loss

END = 0


def test_sentences_are_drawn_as_often_as_they_are_likely():
    """A chain of words 1 and 2, each of which may follow, or the end: its rows stay apart however many have ended."""
    after = torch.tensor([[0.0, 0.0, 0.0], [0.2, 0.5, 0.3], [0.6, 0.4, 0.0]])
    begin = torch.tensor([0.1, 0.6, 0.3])
    rows = 6000
    last: list[Tensor] = []

    def step(words: Tensor, origins: Tensor) -> Tensor:
        last.append(origins)
        return after[words].log()

    found = draw(step, begin.log().expand(rows, 3), 3, END, torch.Generator().manual_seed(1))
    said = ["".join(str(word) for word in row if word != IGNORED) for row in found.tolist()]
    expected = {"0": 0.1, "10": 0.6 * 0.2, "20": 0.3 * 0.6, "120": 0.6 * 0.3 * 0.6, "111": 0.6 * 0.5 * 0.5}
    for sentence, chance in expected.items():
        assert said.count(sentence) / rows == pytest.approx(chance, abs=0.02), sentence
    assert found.shape == (rows, 3) and all(row.find("0") in (-1, len(row) - 1) for row in said), (
        "nothing after the end"
    )
    assert len(last) == 2 and len(last[0]) == len([row for row in said if row != "0"]), "who has ended is not asked"


def test_same_seed_draws_the_same_and_leaves_other_chance_alone():
    logits = torch.zeros(50, 9)
    torch.manual_seed(4)
    expected = torch.rand(1)
    torch.manual_seed(4)
    one, other, another = (
        draw(lambda words, _: logits[: len(words)], logits, 12, END, torch.Generator().manual_seed(seed))
        for seed in (7, 7, 8)
    )
    assert torch.equal(one, other) and one.tolist() != another.tolist()
    assert torch.equal(torch.rand(1), expected)


def test_sentence_is_compared_with_the_mean_of_the_others():
    found = above_others(torch.tensor([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]]))
    assert found.tolist() == [[pytest.approx(-3), pytest.approx(-1.5), pytest.approx(4.5)], [0, 0, 0]]


def test_gradient_is_on_average_that_of_the_expected_reward():
    """Of one word out of three, whose rewards are known; the value is minus the mean reward."""
    worth = torch.tensor([0.0, 1.0, 4.0])
    start = torch.tensor([0.5, 0.2, -0.4])
    exact = start.clone().requires_grad_()
    (-(exact.softmax(0) * worth).sum()).backward()
    logits = start.clone().requires_grad_()
    pictures = 20000
    drawn = torch.multinomial(start.softmax(0), 5 * pictures, True, generator=torch.Generator().manual_seed(2))
    drawn = drawn.view(pictures, 5)
    loss = expected_reward_loss(logits.log_softmax(0)[drawn], worth[drawn]) / pictures
    loss.backward()
    torch.testing.assert_close(logits.grad, exact.grad, atol=0.02, rtol=0)
    assert loss.item() == pytest.approx(-worth[drawn].mean().item(), abs=1e-4)
    assert logits.grad[2] < 0 < logits.grad[0], "what is worth most becomes likelier"


def test_where_all_are_worth_the_same_nothing_is_learnt():
    chances = torch.full((2, 4), math.log(0.1), requires_grad=True)
    expected_reward_loss(chances, torch.full((2, 4), 3.0)).backward()
    assert chances.grad.abs().max() == 0
