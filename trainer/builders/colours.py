"""Which colours a person would call pixels by. Knows pixels only."""

from __future__ import annotations

import numpy as np

NAMES = ("black", "white", "gray", "red", "brown", "yellow", "green", "blue")
_DARK, _LIGHT = 50.0, 190.0  # of the brightest channel, 0 to 255
_PALE = 0.16  # of the spread of the channels by the brightest one: below, there is no hue to name
_BROWN = 160.0  # a red or orange darker than this is brown
_HUES = (
    (20.0, "red"),
    (48.0, "brown"),
    (70.0, "yellow"),
    (170.0, "green"),
    (265.0, "blue"),
    (330.0, ""),
    (361.0, "red"),
)


def colour_shares(pixels: np.ndarray) -> dict[str, float]:
    """Share of each of NAMES among (n, 3) uint8 pixels; what has another colour, such as purple, counts for none."""
    if not len(pixels):
        return dict.fromkeys(NAMES, 0.0)
    rgb = pixels.astype(float)
    brightest, darkest = rgb.max(axis=1), rgb.min(axis=1)
    spread = brightest - darkest
    grey = spread <= _PALE * brightest
    hue = _hues(rgb, brightest, spread)
    found = np.full(len(rgb), "", "U6")
    low = 0.0
    for high, name in _HUES:
        found[(hue >= low) & (hue < high)] = name
        low = high
    found[(found == "red") & (brightest < _BROWN) & (spread < 0.5 * brightest)] = "brown"
    found[(found == "brown") & (brightest >= _LIGHT)] = "yellow"
    found[grey] = "gray"
    found[grey & (brightest >= _LIGHT)] = "white"
    found[brightest < _DARK] = "black"
    return {name: float((found == name).mean()) for name in NAMES}


def _hues(rgb: np.ndarray, brightest: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(n,) degrees, red at 0 and green at 120."""
    red, green, blue = rgb.T
    by = np.maximum(spread, 1e-9)
    sixths = np.select(
        [brightest == red, brightest == green], [(green - blue) / by % 6, (blue - red) / by + 2], (red - green) / by + 4
    )
    degrees: np.ndarray = 60 * sixths
    return degrees
