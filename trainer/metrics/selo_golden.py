"""Plays the golden cases of semantic localisation again: figures and maps that the released code gave.

Knows the layout of the recorded files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rsvlm.geo.heat import heat, likeliness, pyramid
from rsvlm.trainer.metrics.selo import around, covered, peaks, selo


def replay(case: Path) -> dict[str, float]:
    """Name of each figure -> absolute difference; lists of whole numbers: 0 if equal, else 1. case: a file of JSON, whose maps
    lie beside it.
    """
    told = json.loads(case.read_text("utf-8"))
    played = _figures if "maps" in told else _pipeline
    found: list[dict[str, float]] = []
    differences: dict[str, float] = {}
    for number, item in enumerate(told.get("maps") or told["images"]):
        figures, own = played(item, case.parent)
        found.append(figures)
        differences |= {f"{item.get('name', number)} {name}": value for name, value in own.items()}
    means = {name: float(np.mean([figures[name] for figures in found])) for name in found[0]}
    for name, value in told["mean"].items():
        short = next(figure for figure in means if figure in name)
        differences[f"mean {short}"] = abs(means[short] - value)
    return differences


def _figures(item: Mapping[str, Any], folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Of one map: our figures, and how far they are from both releases that were run."""
    likely = np.asarray(Image.open(folder / item["map"]))
    regions = [np.array(region) for region in item["regions"]]
    figures = selo(likely, regions)
    marked = [[*centre, reach] for centre, reach in map(around, regions)]
    differences: dict[str, float] = {}
    for release in ("official", "omlab"):
        wanted = item[release]
        differences |= {f"{name} of {release}": abs(value - wanted[name]) for name, value in figures.items()}
        differences[f"regions of {release}"] = float(marked != wanted["centers_radius"])
        differences[f"peaks of {release}"] = float(peaks(likely).tolist() != wanted["prob_centers"])
        differences[f"area of {release}"] = abs(float(covered(regions, likely.shape).sum()) - wanted["mask_area"])
    return figures, differences


def _pipeline(item: Mapping[str, Any], folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Of one picture: the map from what was recorded of its tiles, and figures of the map as the release had stored it."""
    height, width = item["size_hw"]
    tiles = {f"{y0}_{y1}_{x0}_{x1}.jpg": (x0, y0, x1, y1) for x0, y0, x1, y1 in pyramid(width, height)}
    differences = {"tiles": float(tiles.keys() != item["tiles"].keys())}
    made = likeliness(heat([item["tiles"][name] for name in tiles], list(tiles.values()), width, height))
    wanted = np.asarray(Image.open(folder / item["probmap_before_jpeg"]))
    differences["map"] = float(np.abs(made.astype(int) - wanted).max())
    stored = np.asarray(Image.open(folder / item["probmap_after_jpeg"]))
    figures = selo(stored, [np.array(region) for region in item["regions"]])
    return figures, differences | {
        name: abs(figures[name] - value) for name, value in item["metrics_on_after_jpeg"].items()
    }
