"""Tiles described in one batch and one by one, and requests that arrive together and one after another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio

from measuring.figures import Figure, compared
from measuring.rasters import VILLAGE
from rsvlm.models.cards import get_card
from rsvlm.models.load import load_model

TILES = 16
FASTER = 0.5
SIDE = 224  # pixels


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the model cannot be loaded."""
    predictor = load_model(get_card(None))
    pictures = _tiles()

    def at_once() -> None:
        predictor.captions(predictor.encode(pictures))

    def describe(picture: np.ndarray) -> None:
        predictor.captions(predictor.encode(picture[None]))

    def one_by_one() -> None:
        for picture in pictures:
            describe(picture)

    def from_all_sides() -> None:
        with ThreadPoolExecutor(TILES) as callers:
            list(callers.map(describe, pictures))

    batch, apart = compared(at_once, one_by_one, rounds)
    arriving, after = compared(from_all_sides, one_by_one, rounds)
    return [
        Figure(f"{TILES} tiles in one batch", batch, "s", FASTER, apart, "one by one", bar_on_ratio=True),
        Figure(f"{TILES} callers at the same time", arriving, "s", None, after, "one after another"),
    ]


def _tiles() -> np.ndarray:
    """(TILES, SIDE, SIDE, 3) uint8: parts of the demo's village."""
    with rasterio.open(VILLAGE) as source:
        village = np.moveaxis(source.read(), 0, -1)
    generator = np.random.default_rng(0)
    corners = generator.integers(0, np.array(village.shape[:2]) - SIDE, (TILES, 2))
    return np.stack([village[row : row + SIDE, column : column + SIDE] for row, column in corners])
