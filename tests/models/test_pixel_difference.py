"""The layers that tell two dates apart: they see surroundings, know which date is the later one, and can be taught."""

from __future__ import annotations

import pytest
import torch

from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.pixel_difference import difference


class Differing(torch.nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.layers = difference(4, width, 1)

    def forward(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([before, after, after - before], dim=1))


@pytest.fixture
def differing() -> Differing:
    torch.manual_seed(5)
    return Differing()


@pytest.mark.parametrize("width", [0, 8])
@pytest.mark.parametrize("size", [(16, 24), (15, 9)])
def test_vectors_of_differences_are_shaped_as_those_of_the_dates(width: int, size: tuple[int, int]):
    before, after = torch.randn(2, 3, 4, *size)
    assert Differing(width)(before, after).shape == (3, 4, *size)


def test_order_of_the_dates_matters(differing: Differing):
    before, after = torch.randn(2, 2, 4, 16, 16)
    assert not torch.allclose(differing(before, after), differing(after, before), atol=1e-2)


def test_what_changed_is_seen_from_farther_than_the_fine_layers_reach(differing: Differing):
    for layer in differing.eval().modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(layer.weight)  # residual blocks begin as the identity
    before = torch.zeros(1, 4, 32, 32)
    after = before.clone()
    after[..., 16, 16] = 5
    moved = (differing(before, after) - differing(before, before)).abs().amax(dim=1)[0]
    assert moved[16, 16] > 0 and moved[16, 22] > 0  # 3 x 3 convolutions at the finest grid reach 4 pixels
    assert moved[16, 31] == 0


def test_a_new_thing_is_learnt_to_be_told_from_a_shift():
    torch.manual_seed(0)
    differing, query = Differing(), torch.nn.Parameter(torch.randn(4) * 0.1)
    optimizer = torch.optim.AdamW([*differing.parameters(), query], 1e-2)
    rough = torch.randn(8, 4, 16, 16)
    before = torch.nn.functional.avg_pool2d(rough, 3, 1, 1)
    after = before.roll(1, dims=3)
    truth = torch.zeros(8, 16, 16)
    for number in range(4):  # in half of the pairs
        after[number, :, 4:9, 2 * number : 2 * number + 5] += 2
        truth[number, 4:9, 2 * number : 2 * number + 5] = 1
    for _ in range(60):
        logits = torch.einsum("c,nchw->nhw", query, differing(before, after))
        loss = pixel_loss(logits, truth) + dice_loss(logits, truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = logits.detach() > 0
    assert (found & truth.bool()).sum() > 0.8 * truth.sum() and not found[4:].float().mean() > 0.02
