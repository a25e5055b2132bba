"""Pictures as CLIP's towers take them: the middle square or the whole, resized by bicubic weights; CLIP's mean and deviation.

CLIP (arXiv 2103.00020), GeoRSCLIP, SkyCLIP and RemoteCLIP evaluate by the middle square; language models that see through
such a tower are shown the whole. Knows pixels only.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


def middle_square(picture: np.ndarray, pixels: int) -> np.ndarray:
    """(H, W, 3) uint8 -> (pixels, pixels, 3) uint8."""
    height, width = picture.shape[:2]
    short = min(height, width)
    image = Image.fromarray(np.ascontiguousarray(picture))
    if short != pixels:
        width, height = (int(pixels * side / short) for side in (width, height))
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - pixels) / 2), round((height - pixels) / 2)
    return np.asarray(image.crop((left, top, left + pixels, top + pixels)))


def normalise_clip(squares: Tensor) -> Tensor:
    """(n, pixels, pixels, 3) in 0 to 255 -> (n, 3, pixels, pixels) float32, about zero mean and unit deviation."""
    values = squares.permute(0, 3, 1, 2).float() / 255
    mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, DEVIATION))
    return (values - mean) / deviation


def whole_square(picture: np.ndarray, pixels: int, like: Tensor) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, pixels, pixels), normalised; like: a tensor of the same type, where it is to be."""
    values = torch.from_numpy(np.ascontiguousarray(picture)).to(like.device).permute(2, 0, 1)[None].float()
    if values.shape[-2:] != (pixels, pixels):
        values = interpolate(values, (pixels, pixels), mode="bicubic", antialias=True).clamp(0, 255)
    return normalise_clip(values.permute(0, 2, 3, 1)).to(like.dtype)


def in_square(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (longer, longer, 3), in the middle of a square of CLIP's mean colour (LLaVA 1.5's way)."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = np.full((side, side, 3), [int(mean * 255) for mean in MEAN], np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = picture
    return square
