"""Pictures as CLIP's towers take them: the short side resized by bicubic weights, the middle square, CLIP's mean and deviation.

CLIP (arXiv 2103.00020); GeoRSCLIP, SkyCLIP and RemoteCLIP evaluate so as well. Knows pixels only.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

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
