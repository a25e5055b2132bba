"""How far two dates lie off each other is found to a small part of a cell, and made good."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from rsvlm.models.parts.alignment import REACH, aligned, moved, offset

FINER = 4  # drawn on a grid that many times finer, so that parts of a cell can be told
SIDE = 48


def scene(seed: int = 0, margin: int = FINER * REACH) -> Tensor:
    """Smooth patches of four channels, finer than the grid and beyond its edges."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 4, FINER * SIDE + 2 * margin + 12, FINER * SIDE + 2 * margin + 12, generator=generator)
    return avg_pool2d(avg_pool2d(noise, 7, 1), 7, 1).sign()


def grid(fine: Tensor, down: int = 0, across: int = 0) -> Tensor:
    """As it is seen from that many fine cells off."""
    margin = FINER * REACH
    rows, columns = (
        slice(margin + down, margin + down + FINER * SIDE),
        slice(margin + across, margin + across + FINER * SIDE),
    )
    return avg_pool2d(fine[:, :, rows, columns], FINER)


@pytest.mark.parametrize(("down", "across"), [(0, 0), (1, -3), (4, 4), (-6, 2), (5, -7)])
def test_offset_is_found_to_a_small_part_of_a_cell(down: int, across: int):
    fine = scene()
    found = offset(grid(fine, -down, -across), grid(fine))
    assert np.abs(found.numpy() - (down / FINER, across / FINER)).max() < 0.2


def test_offset_is_found_though_light_changed_and_so_did_a_part():
    fine = scene()
    earlier, later = grid(fine, -4, 6), 0.5 * grid(fine) + 3
    later[:, :, 10:26, 8:24] = grid(scene(1))[:, :, 10:26, 8:24]
    assert np.abs(offset(earlier, later).numpy() - (1, -1.5)).max() < 0.25


def test_what_lay_off_lies_together_once_it_is_moved():
    fine = scene()
    earlier, later = grid(fine, 4, -8), grid(fine)
    inner = (..., slice(REACH, -REACH), slice(REACH, -REACH))
    together = aligned(earlier, later)
    assert (together - later)[inner].abs().mean() < 0.3 * (earlier - later)[inner].abs().mean()


def test_rows_of_a_batch_are_moved_by_their_own_offsets():
    fine = scene()
    batch, later = torch.cat([grid(fine, -4), grid(fine, 0, 4)]), grid(fine).repeat(2, 1, 1, 1)
    found = offset(batch, later)
    assert torch.allclose(found, torch.cat([offset(batch[:1], later[:1]), offset(batch[1:], later[1:])]), atol=1e-4)
    first, second = moved(batch, torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert torch.allclose(first, batch[0], atol=1e-5) and torch.allclose(second[:, :-1], batch[1, :, 1:], atol=1e-5)


@pytest.mark.parametrize("side", [4, 4 * REACH + 1])
def test_of_too_small_a_grid_nothing_is_told(side: int):
    small = torch.randn(1, 4, side, side)
    assert not offset(small, small.roll(1, 2)).any()


@pytest.mark.parametrize("seed", range(1, 7))
def test_grids_of_other_places_stay_where_they_are(seed: int):
    assert not offset(grid(scene(seed)), grid(scene())).any()


def test_even_grids_lie_where_they_are():
    assert not offset(torch.ones(1, 4, SIDE, SIDE), torch.zeros(1, 4, SIDE, SIDE)).any()


def test_half_floats_are_moved_as_finely_and_learn_through_no_offset():
    fine = scene()
    earlier, later = grid(fine, -3), grid(fine)
    found = offset(earlier.requires_grad_(), later)
    assert not found.requires_grad
    with torch.autocast("cpu", torch.bfloat16):
        rough = moved(earlier.detach().bfloat16(), found)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - moved(earlier.detach(), found)).abs().max() < 0.02
