"""How raw band values become the brightness that a person and a model see: once for a scene, the same in every tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LOW, HIGH = 2.0, 98.0  # percentiles
_DARK_MARGIN, _BRIGHT_MARGIN = 0.12, 0.02  # of the range: beyond the percentiles at either end
_PHOTO_MARGIN = 0.35
_ENOUGH_8BIT_RANGE = 80.0  # an 8-bit picture whose values spread this far is seen as it was made
_MOST_UNLIKE = 4.0  # times: medians of red, green and blue differ less in nature


@dataclass(frozen=True)
class Stretch:
    """lo becomes 0 and hi becomes 255, linearly; one of each per display band. method: how they were found."""

    lo: tuple[float, ...]
    hi: tuple[float, ...]
    bands: tuple[int, ...]
    method: str

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """pixels (bands, H, W) raw values -> (bands, H, W) uint8."""
        lo = np.array(self.lo, np.float32)[:, None, None]
        hi = np.array(self.hi, np.float32)[:, None, None]
        scaled = np.subtract(pixels, lo, dtype=np.float32)  # the one array of this size
        scaled *= 255.0 / (hi - lo)
        np.clip(scaled, 0.0, 255.0, out=scaled)
        scaled += 0.5
        return scaled.astype(np.uint8)

    def to_json(self) -> dict[str, Any]:
        """For an answer's provenance."""
        return {"bands": list(self.bands), "lo": list(self.lo), "hi": list(self.hi), "method": self.method}


def unchanged(bands: tuple[int, ...]) -> Stretch:
    """8-bit values as they are."""
    return Stretch((0.0,) * len(bands), (255.0,) * len(bands), bands, "unchanged 8 bit")


def fit(samples: np.ndarray, bands: tuple[int, ...], photo: bool) -> Stretch:
    """The stretch for a scene. samples: (bands, N) raw values of its valid pixels, N may be 0.

    Each band starts near its own 2nd percentile, which takes haze off. Ranges lie halfway (geometrically) between the
    band's own and the widest band's: equal ranges leave satellite colours far stronger than in the aerial photographs
    that models learn from, own ranges make a red desert white. Margins keep shadows from going black.
    photo: 8-bit values made to be looked at: left alone, or spread evenly in all bands if they are dull.
    """
    count = len(bands)
    if samples.size == 0:
        return unchanged(bands) if photo else Stretch((0.0,) * count, (1.0,) * count, bands, "no valid pixels")
    low, high = np.percentile(samples.astype(np.float64), (LOW, HIGH), axis=1)
    if photo:
        spread = float(high.max() - low.min())
        if spread <= 0 or spread >= _ENOUGH_8BIT_RANGE:
            return unchanged(bands)
        low, high = np.full(count, low.min()), np.full(count, high.max())
        return _stretch(low - spread * _PHOTO_MARGIN, high + spread * _PHOTO_MARGIN, bands, "dull 8 bit, one range")
    method = f"percentiles {LOW:g} to {HIGH:g} with margins, ranges balanced between bands"
    if (high - low).max() <= 0:
        low, high = samples.min(axis=1).astype(np.float64), samples.max(axis=1).astype(np.float64)
        method = "minimum to maximum"
    widest = float((high - low).max())
    if widest <= 0:
        half = np.maximum(1.0, np.abs(low) * 1e-3)  # one value everywhere is shown as middle grey
        return _stretch(low - half, low + half, bands, "constant")
    span = np.sqrt(np.maximum(high - low, widest / _MOST_UNLIKE) * widest)
    return _stretch(low - span * _DARK_MARGIN, low + span * (1 + _BRIGHT_MARGIN), bands, method)


def looks_false_coloured(samples: np.ndarray) -> bool:
    """Whether bands that only by custom are red, green and blue differ more than colours of nature do."""
    if samples.shape[0] < 3 or samples.shape[1] == 0:
        return False
    middle = np.median(samples, axis=1) - min(0.0, float(samples.min()))
    return float(middle.max()) > _MOST_UNLIKE * max(float(middle.min()), 1e-9)


def _stretch(low: np.ndarray, high: np.ndarray, bands: tuple[int, ...], method: str) -> Stretch:
    return Stretch(tuple(float(v) for v in low), tuple(float(v) for v in high), bands, method)
