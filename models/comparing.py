"""How the weights that were read compare with those that a family wants."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def compare(found: dict[str, Tensor], expected: dict[str, Tensor]) -> dict[str, Any]:
    """A Report of importing.py as JSON."""
    shapes = {key: (list(found[key].shape), list(expected[key].shape)) for key in expected if key in found}
    return {
        "missing": [key for key in expected if key not in found],
        "unexpected": [key for key in found if key not in expected],
        "other_shape": [{"key": key, "found": a, "expected": b} for key, (a, b) in shapes.items() if a != b],
    }
