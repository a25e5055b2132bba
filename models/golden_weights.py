"""Weights that anybody can compute again from their key: what golden cases of real size were recorded with.

One number after another from PCG64 seeded by the key's checksum. Knows keys and shapes; nothing of models.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch
from torch import Tensor


def det_tensor(key: str, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Even in [low, high), float32, the last axis fastest; the same for the same key wherever it is computed."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    drawn = np.random.PCG64(seed).random_raw(math.prod(shape)) >> np.uint64(40)  # of 64 bits the upper 24
    even = drawn.astype(np.float64) / 2**24
    return torch.from_numpy((low + (high - low) * even).astype(np.float32).reshape(shape))


def det_weight(key: str, shape: tuple[int, ...]) -> Tensor:
    """The tensor that a recorded model has under `key`: by its kind, so that signals neither fade nor burst.

    Counters of batches are zero. Whatever a case does beyond these rules stands in its meta.json.
    """
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.long)
    if key.endswith("running_var"):
        return det_tensor(key, shape, 0.5, 1.5)
    if len(shape) >= 2:
        bound = 1.0 if "positional_encoding" in key else math.sqrt(3 / math.prod(shape[1:]))
        return det_tensor(key, shape, -bound, bound)
    if key.endswith(("weight", "scale")):
        return det_tensor(key, shape, 0.8, 1.2)
    return det_tensor(key, shape, -0.1, 0.1)
