"""How far what was recorded and what ours makes of the same are apart. Knows tensors only."""

from __future__ import annotations

from math import nan

from torch import Tensor


def apart(found: Tensor, wanted: Tensor, mask: Tensor | None = None) -> float:
    """Largest absolute difference where the mask is not 0; of whole numbers 0 where all are equal, else 1.

    1 for another shape, and where only one is infinite; NaN where either is no number.
    """
    if found.shape != wanted.shape:
        return 1.0
    if mask is not None:
        found, wanted = found[mask.bool()], wanted[mask.bool()]
    same = found.to(wanted.dtype) == wanted
    if not wanted.is_floating_point() or bool(same.all()):
        return float(not same.all())
    return float((found - wanted).abs().masked_fill(same, 0.0).nan_to_num(nan=nan, posinf=1.0).max())
