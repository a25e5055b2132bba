"""Colours mixed into pixels, and lines that are thinner than a pixel."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import Canvas

WHITE = np.array([224, 224, 220], np.float32)
GLASS = np.array([54, 60, 68], np.float32)


def mix(rgb: Grid, at: np.ndarray, colour: np.ndarray, share: np.ndarray) -> None:
    """Towards a colour at places of (n, 3) pixels; where share is 1 all the way."""
    old = rgb[at]
    rgb[at] = old + (colour - old) * np.clip(share, 0, 1).astype(np.float32)[:, None]


def line(canvas: Canvas, off: np.ndarray, width: float) -> Grid:
    """How much of a pixel a line covers that is `off` metres away: thin lines fade where pixels are large."""
    pixel = np.float32(max(canvas.metres, width))
    cover = np.clip((pixel / 2 + canvas.metres / 2 - np.abs(off)) / canvas.metres, 0, 1)
    return (cover * np.float32(width / pixel)).astype(np.float32)
