"""Random views of pictures: what is changed, what stays, and that a teacher sees the same."""

from __future__ import annotations

import torch
from torch import Tensor

from rsvlm.trainer.augment import CROP, random_affine, random_light, warp


def coordinates(side: int) -> Tensor:
    """(1, 2, side, side): x and y of every pixel's centre, -1 to 1."""
    centres = (torch.arange(side) + 0.5) / side * 2 - 1
    return torch.stack([centres.expand(side, side), centres[:, None].expand(side, side)])[None]


def test_picture_and_teacher_map_are_seen_through_the_same_change():
    affine = random_affine(200, torch.Generator().manual_seed(3))
    picture = warp(coordinates(128).repeat(200, 1, 1, 1), affine, (64, 64))
    teacher = warp(coordinates(7).repeat(200, 1, 1, 1), affine, (4, 4))
    seen = torch.nn.functional.adaptive_avg_pool2d(picture, 4)
    torch.testing.assert_close(seen, teacher, rtol=0, atol=0.02)


def test_views_are_turned_mirrored_and_cropped_inside_the_picture():
    affine = random_affine(400, torch.Generator().manual_seed(4))
    corners = warp(coordinates(256).repeat(400, 1, 1, 1), affine, (64, 64))[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.abs().max() <= 1, "nothing beyond the edge is seen"
    width = (corners[:, :, 1] - corners[:, :, 0]).abs().amax(dim=1) / 2 * 64 / 63
    assert CROP[0] - 0.01 <= width.min() < 0.75 and 0.95 < width.max() <= CROP[1] + 0.01
    across, down = corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    assert (across * down).sum(dim=1).abs().max() < 1e-4, "right angles stay right"
    mirrored = (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) < 0
    turns = {(round(float(x)), round(float(y))) for x, y in across / across.norm(dim=1, keepdim=True)}
    assert turns == {(1, 0), (0, 1), (-1, 0), (0, -1)} and 0.4 < mirrored.float().mean() < 0.6


def test_light_changes_and_stays_a_picture():
    pixels = torch.rand(300, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    lit = random_light(pixels, torch.Generator().manual_seed(6))
    assert lit.shape == pixels.shape and lit.min() >= 0 and lit.max() <= 1 and lit.isfinite().all()
    assert ((lit - pixels).abs().mean(dim=(1, 2, 3)) > 0.005).float().mean() > 0.95
    grey = (lit.amax(dim=1) - lit.amin(dim=1)).amax(dim=(1, 2)) < 1e-6
    assert 1 / 30 < grey.float().mean() < 1 / 6
    order = pixels[~grey].mean(dim=1).flatten(1).argsort(dim=1)
    again = lit[~grey].mean(dim=1).flatten(1).argsort(dim=1)
    assert (order[:, -1] == again[:, -1]).float().mean() > 0.5, "what was brightest mostly stays so"
