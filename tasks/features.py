"""Features of phrases as evidence, measured along the ellipsoid, and as sentences that name the phrases and their figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from rasterio.crs import CRS

from rsvlm.geo.measuring import measured
from rsvlm.protocol import Evidence
from rsvlm.tasks.figures import ground_area


@dataclass(frozen=True)
class Found:
    """shape: polygon in the CRS of the raster. label: what it is called, the phrase where the model has no word of its own."""

    phrase: str
    shape: shapely.Polygon
    score: float
    label: str = ""


def evidence_of(kind: str, found: Sequence[Found], crs: CRS | None, source: str) -> list[Evidence]:
    """kind: "mask" or "box". crs: of the shapes. source: name of the raster."""
    shapes = np.array([*(item.shape for item in found), None], object)[:-1]
    areas, lengths = measured(shapes, crs)
    return [
        Evidence(
            kind, shapely.geometry.mapping(item.shape), item.label or item.phrase, round(item.score, 3), _known(area),
            phrase=item.phrase, source=source, perimeter_m=_known(length),
        )
        for item, area, length in zip(found, areas.tolist(), lengths.tolist(), strict=True)
    ]  # fmt: skip


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def phrase_reports(
    phrases: Sequence[str], evidence: Sequence[Evidence], expressions: Sequence[str]
) -> list[dict[str, Any]]:
    """For programs, and for dialogs that put features behind each sentence; see docs/masks.md. evidence: by phrases.

    Areas of boxes, which hold more than the things, are not summed up.
    """
    reports, first = [], 0
    for phrase in phrases:
        own = [item for item in evidence if item.phrase == phrase]
        areas = [item.area_m2 for item in own if item.kind != "box" and item.area_m2 is not None]
        whole = bool(own) and len(areas) == len(own)
        scores = [item.score for item in own if item.score is not None]
        size = f", {ground_area(sum(areas))}" if whole else ""
        reports.append(
            {
                "phrase": phrase,
                "text": f"{phrase}: {len(own)} found{size}." if own else f"{phrase}: none found.",
                "count": len(own),
                "area_m2": sum(areas) if whole else None,
                "score": round(sum(scores) / len(scores), 3) if scores else None,
                "evidence": [first, first + len(own)],
                "expression": phrase in expressions,
            }
        )
        first += len(own)
    return reports
