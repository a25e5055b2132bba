"""What a protocol is given and what it gives: figures, their intervals, and what else is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.trainer.metrics.tally import RESAMPLES, SEED, Tally
from rsvlm.trainer.predictions import Prediction

Rows = Sequence[Prediction]


@dataclass(frozen=True)
class Given:
    """What a protocol may need beside the rows. name: of the protocol; folder: of the file of predictions."""

    name: str
    folder: Path
    vocabulary: Mapping[str, int] | None


@dataclass(frozen=True)
class Scored:
    """tallies: by what is put before their figures' names, "" for nothing; alone: figures without an interval.

    told: what else the document says, such as the tokeniser and answers that could not be read.
    """

    tallies: Mapping[str, Tally]
    alone: Mapping[str, float] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


def document(scored: Scored) -> dict[str, Any]:
    """Figures and intervals to six decimals, and how the intervals were drawn."""
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    for prefix, tally in scored.tallies.items():
        start = f"{prefix} " if prefix else ""
        metrics |= {f"{start}{name}": round(value, 6) for name, value in tally.values().items() if np.isfinite(value)}
        bounds = tally.intervals()
        intervals |= {f"{start}{name}": [round(bound, 6) for bound in pair] for name, pair in bounds.items()}
    metrics |= {name: round(value, 6) for name, value in scored.alone.items()}
    bootstrap = {"resamples": RESAMPLES, "seed": SEED}
    return {"metrics": metrics, "ci95": intervals, "bootstrap": bootstrap, **scored.told}
