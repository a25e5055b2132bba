"""Pictures and maps of land cover as MModalCC takes them, whether it learns from them or is asked. Knows pixels only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from rsvlm.models.families.mmodalcc.network import with_black_maps


def pixels_of(dates: Sequence[np.ndarray], maps: Sequence[np.ndarray], side: int) -> Tensor:
    """Before and after, and a map of each or none, (H, W, 3) uint8 -> (1, 4, 3, side, side) float32 in [0, 1], maps last.

    White of a map, SECOND's colour of the unchanged, becomes black, which maps that are not there are too.
    """
    pictures = torch.cat([_resized(picture, side, smooth=True) for picture in dates])[None]
    if not maps:
        return with_black_maps(pictures)
    planes = torch.cat([_resized(plane, side, smooth=False) for plane in maps])
    return torch.cat([pictures, planes.masked_fill((planes == 1).all(dim=1, keepdim=True), 0)[None]], dim=1)


def _resized(picture: np.ndarray, side: int, smooth: bool) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, side, side) in [0, 1]; the classes of a map are not mixed."""
    values = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
    if not smooth:
        return interpolate(values, (side, side), mode="nearest-exact")
    return interpolate(values, (side, side), mode="bilinear", antialias=True)
