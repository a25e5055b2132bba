"""Vectors as text, to the last bit: base64 of float32, little-endian."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from rsvlm.protocol import RsvlmError


def packed(vector: np.ndarray) -> str:
    """(width,) float32."""
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode("ascii")


def unpacked(value: Any) -> np.ndarray:
    """(width,) float32, of such a text or of a list of numbers. Raises RsvlmError (bad_request)."""
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4")
        return np.array(value, np.float32).reshape(-1)
    except (binascii.Error, TypeError, ValueError) as error:
        raise RsvlmError(
            "bad_request", "A vector cannot be read.", "Give base64 of float32, or a list of numbers."
        ) from error
