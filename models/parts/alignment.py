"""Two grids of vectors of one place, laid upon each other: how far they lie off, and one of them moved by as much.

Pictures of two dates seldom lie upon each other to the pixel. What their edges look like tells by how much they are off: the
product of the unit vectors of both grids' differences between neighbours, one grid moved over the other (normalised
cross-correlation of gradients), with the peak between the cells found by a parabola through it and its neighbours. Knows grids of
vectors only.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.fft import irfft2, rfft2
from torch.nn.functional import grid_sample, pad

REACH = 3  # cells by which grids may lie off
SMALL = 1e-3  # of a spread, below which a channel says nothing
FAINT = 0.3  # of an edge: fainter ones count for less
CLEAR = 0.04  # by how much grids are more alike where they lie together than in the middle of all places: .05 and more where they
# show one place, under .03 where not
FAR = 1e-3  # by how much more alike grids have to be for each cell that they lie off


def aligned(earlier: Tensor, later: Tensor) -> Tensor:
    """(batch, channels, H, W) each -> the earlier one where it lies upon the later one."""
    return moved(earlier, offset(earlier, later))


@torch.no_grad()
def offset(earlier: Tensor, later: Tensor) -> Tensor:
    """(batch, channels, H, W) each -> (batch, 2), cells down and across at which the earlier one shows what the later does.

    Zero for grids of fewer than 4 * REACH + 2 cells on a side, and for those that are no more alike in one place than elsewhere.
    """
    height, width = later.shape[-2:]
    if min(height, width) < 4 * REACH + 2:
        return earlier.new_zeros(len(earlier), 2)
    core = (REACH, REACH, REACH, REACH)  # of the later one, which the earlier one covers wherever it lies
    first, second = _edges(earlier), pad(_edges(later)[..., REACH:-REACH, REACH:-REACH], core)
    product = (rfft2(second).conj() * rfft2(first)).sum(dim=1)
    alike = irfft2(product, s=(height, width)).roll((REACH, REACH), (1, 2))[:, : 2 * REACH + 1, : 2 * REACH + 1]
    steps = torch.arange(-REACH, REACH + 1, device=alike.device).abs()
    alike = alike / (height * width)
    clear = alike.flatten(1).amax(dim=1) - alike.flatten(1).median(dim=1).values > CLEAR
    best = (alike - FAR * (steps[:, None] + steps)).flatten(1).argmax(dim=1)
    down, across, row = best // len(steps), best % len(steps), torch.arange(len(best), device=best.device)
    found = torch.stack([_peak(alike[row, :, across], down), _peak(alike[row, down], across)], dim=1) - REACH
    return found * clear[:, None]


def moved(grid: Tensor, by: Tensor) -> Tensor:
    """(batch, channels, H, W), (batch, 2) cells down and across -> what lies that far off each cell; edges are repeated."""
    height, width = grid.shape[-2:]
    rows = (torch.arange(height, device=grid.device) + 0.5 + by[:, :1].float()) * 2 / height - 1
    columns = (torch.arange(width, device=grid.device) + 0.5 + by[:, 1:].float()) * 2 / width - 1
    places = torch.stack(torch.broadcast_tensors(columns[:, None, :], rows[:, :, None]), dim=-1)
    with torch.autocast(grid.device.type, enabled=False):  # parts of a cell are too fine for half a float
        found = grid_sample(grid.float(), places, mode="bilinear", padding_mode="border", align_corners=False)
    return found.to(grid.dtype)


def _edges(grid: Tensor) -> Tensor:
    """(batch, 2 * channels, H, W), of length 1 where the grid changes much from cell to cell."""
    grid = grid.float()
    even = (grid - grid.mean((2, 3), keepdim=True)) / (grid.std((2, 3), keepdim=True) + SMALL)
    steps = torch.cat([pad(even.diff(dim=2), (0, 0, 0, 1)), pad(even.diff(dim=3), (0, 1))], dim=1)
    return steps / (steps.norm(dim=1, keepdim=True) + FAINT)


def _peak(values: Tensor, at: Tensor) -> Tensor:
    """(batch, n), (batch,) -> (batch,) where the parabola through the highest value and its neighbours is highest."""
    inner = at.clamp(1, values.shape[1] - 2)[:, None]
    low, middle, high = (values.gather(1, inner + side)[:, 0] for side in (-1, 0, 1))
    bend = low - 2 * middle + high
    off = torch.where(bend < 0, (low - high) / (2 * bend), torch.zeros_like(bend)).clamp(-0.5, 0.5)
    return at + torch.where(at == inner[:, 0], off, torch.zeros_like(off))
