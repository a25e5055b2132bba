"""Losses that several families learn by, against their definitions, written out slowly."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from rsvlm.models.parts.contrastive import contrastive_loss
from rsvlm.models.parts.distillation import Distillation

GENERATOR = torch.Generator().manual_seed(8)


def unit(rows: int, width: int = 6) -> Tensor:
    return nn.functional.normalize(torch.randn(rows, width, generator=GENERATOR), dim=1)


def test_contrastive_loss_with_several_right_answers_is_its_definition():
    images, texts = unit(5), unit(5)
    same = torch.eye(5, dtype=torch.bool)
    same[0, 3] = same[3, 0] = same[1, 4] = True
    scale = torch.tensor(1.7)
    logits = [[float(images[i] @ texts[j]) * math.exp(1.7) for j in range(5)] for i in range(5)]

    def one_way(rows: list[list[float]], right: list[list[bool]]) -> float:
        losses = []
        for row, truth in zip(rows, right, strict=True):
            total = math.log(sum(math.exp(value) for value in row))
            positives = [value - total for value, yes in zip(row, truth, strict=True) if yes]
            losses.append(-sum(positives) / len(positives))
        return sum(losses) / len(losses)

    columns = [list(column) for column in zip(*logits, strict=True)]
    expected = (one_way(logits, same.tolist()) + one_way(columns, same.T.tolist())) / 2
    assert float(contrastive_loss(images, texts, same, scale)) == pytest.approx(expected, abs=1e-5)


def test_contrastive_loss_is_small_where_pairs_are_near_and_large_where_they_are_swapped():
    vectors = torch.eye(4)
    same, scale = torch.eye(4, dtype=torch.bool), torch.tensor(4.0)
    assert contrastive_loss(vectors, vectors, same, scale) < 1e-6
    assert contrastive_loss(vectors, vectors.roll(1, 0), same, scale) > 10
    capped = contrastive_loss(unit(4), unit(4), same, torch.tensor(50.0))
    assert capped.isfinite() and capped < 2 * math.exp(4.6) + 2, "the scale cannot run away"


def test_distillation_is_nothing_for_a_perfect_map_and_counts_map_and_mean():
    part = Distillation(3, 3)
    with torch.no_grad():
        part.project.weight.copy_(torch.eye(3))
        part.project.bias.zero_()
        target = torch.randn(2, 3, 4, 4, generator=GENERATOR)
        tokens = target.flatten(2).transpose(1, 2)
        assert float(part(tokens, (4, 4), target)) == pytest.approx(0, abs=1e-10)
        assert float(part(tokens + 0.5, (4, 4), target)) == pytest.approx(0.25 + 4 * 0.25, abs=1e-5)
        signs = torch.tensor([1.0, -1.0]).repeat(8)[None, :, None]
        assert float(part(tokens + 0.5 * signs, (4, 4), target)) == pytest.approx(0.25, abs=1e-5)


def test_distillation_compares_places_whatever_the_grid():
    part = Distillation(2, 2)
    with torch.no_grad():
        part.project.weight.copy_(torch.eye(2))
        part.project.bias.zero_()
        blocks = torch.randn(1, 2, 4, 4, generator=GENERATOR)
        fine = blocks.repeat_interleave(2, 2).repeat_interleave(2, 3)
        same = part(fine.flatten(2).transpose(1, 2), (8, 8), blocks)
        turned = part(fine.transpose(2, 3).flatten(2).transpose(1, 2), (8, 8), blocks)
    assert same < 0.3 * turned


@pytest.mark.parametrize("start", [math.log(100), float(torch.tensor(100.0).log().exp().log()), 3.0])
def test_scale_that_stands_at_its_bound_still_learns(start: float):
    """CLIP's released scale is 100. Pictures that are far from their texts want it lower, near ones want it higher."""
    same = torch.eye(4, dtype=torch.bool)
    near = nn.functional.normalize(torch.eye(4) + 0.98, dim=1)
    for texts, direction in ((near.roll(1, 0), 1), (near, -1)):
        scale = torch.tensor(start, requires_grad=True)
        contrastive_loss(near, texts, same, scale).backward()
        assert direction * scale.grad > 0
    far = torch.tensor(start + 2.0, requires_grad=True)
    loss = contrastive_loss(near, near.roll(1, 0), same, far)
    bounded = contrastive_loss(near, near.roll(1, 0), same, torch.tensor(min(start + 2.0, math.log(100))))
    assert loss.item() == pytest.approx(bounded.item()), "it is never more than 100"
    loss.backward()
    assert far.grad > 0, "and finds back from beyond"
