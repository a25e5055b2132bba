"""A score as sums over items: what each item adds, and the figures that the sums make.

Nearly every score is such a ratio of sums, a mean over items too; so one bootstrap serves all (Efron and Tibshirani 1993,
section 13.3: percentile intervals). Knows numbers only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
SEED = 0
BOUNDS = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Tally:
    """rows: (items, columns), at least one item. figures: sums (..., columns) -> name -> (...); NaN where there is none."""

    rows: np.ndarray
    figures: Callable[[np.ndarray], dict[str, np.ndarray]]

    def values(self) -> dict[str, float]:
        """Name -> the figure of all items."""
        return {name: float(value) for name, value in self.figures(self.rows.sum(axis=0)).items()}

    def each(self) -> dict[str, np.ndarray]:
        """Name -> (items,), the figure of each item as if it were alone."""
        return self.figures(self.rows)

    def intervals(self) -> dict[str, list[float]]:
        """Name -> bounds between which 95 % of the figures of resampled items lie; the same for the same rows."""
        generator = np.random.default_rng(SEED)
        count = len(self.rows)
        draws = (np.bincount(generator.integers(0, count, count), minlength=count) for _ in range(RESAMPLES))
        found = self.figures(np.stack([draw @ self.rows for draw in draws]))
        kept = {name: values[np.isfinite(values)] for name, values in found.items()}
        return {
            name: [float(bound) for bound in np.percentile(values, BOUNDS)]
            for name, values in kept.items()
            if len(values)
        }


def share(part: np.ndarray, whole: np.ndarray, of_nothing: float = 0.0) -> np.ndarray:
    """part / whole, and `of_nothing` where the whole is nothing."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), of_nothing)


def means(columns: Mapping[str, np.ndarray]) -> Tally:
    """Each figure is the mean of its column, (items,)."""
    rows = np.stack([*(np.asarray(column, float) for column in columns.values())], axis=1)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    names = list(columns)

    def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
        return {name: share(sums[..., index], sums[..., -1]) for index, name in enumerate(names)}

    return Tally(rows, figures)
