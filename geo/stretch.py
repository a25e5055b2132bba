"""How raw band values become the brightness that a person and a model see: decided once for a scene, the same in every tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LOW, HIGH = 2.0, 98.0  # percentiles
_ENOUGH_8BIT_RANGE = 80.0  # an 8-bit picture whose values spread this far is seen as it was made


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
        scaled = (pixels - lo) * (255.0 / (hi - lo))
        return (np.clip(scaled, 0.0, 255.0) + 0.5).astype(np.uint8)

    def to_json(self) -> dict[str, Any]:
        """For an answer's provenance."""
        return {"bands": list(self.bands), "lo": list(self.lo), "hi": list(self.hi), "method": self.method}


def fit(samples: np.ndarray, bands: tuple[int, ...], is_8bit: bool) -> Stretch:
    """The stretch for a scene. samples: (bands, N) raw values of its valid pixels, N may be 0.

    Each band starts at its own 2nd percentile, which takes haze off; all span the same range, the widest band's, so that
    hues stay what they are (a red desert stays red). An 8-bit picture with a usable range is left alone.
    """
    count = len(bands)
    unchanged = Stretch((0.0,) * count, (255.0,) * count, bands, "unchanged 8 bit")
    if samples.size == 0:
        return unchanged if is_8bit else Stretch((0.0,) * count, (1.0,) * count, bands, "no valid pixels")
    low, high = np.percentile(samples.astype(np.float64), (LOW, HIGH), axis=1)
    if is_8bit and high.max() - low.min() >= _ENOUGH_8BIT_RANGE:
        return unchanged
    method = f"percentiles {LOW:g} to {HIGH:g}, dark end per band, one range"
    if (high - low).max() <= 0:
        low, high = samples.min(axis=1).astype(np.float64), samples.max(axis=1).astype(np.float64)
        method = "minimum to maximum, one range"
    span = float((high - low).max())
    if span <= 0:
        if is_8bit:
            return unchanged
        span = max(1.0, float(np.abs(low).max()) * 1e-3)  # one value everywhere: shown as middle grey
        low, method = low - span / 2, "constant"
    lows = tuple(float(value) for value in low)
    return Stretch(lows, tuple(value + span for value in lows), bands, method)
