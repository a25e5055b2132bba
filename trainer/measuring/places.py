"""Models asked where a phrase is: how alike each tile of a picture is to it, by the tiles of SeLo (arXiv 2209.06515)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from rsvlm.geo.heat import pyramid
from rsvlm.geo.scene import Scene
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.protocol import Raster, Record
from rsvlm.trainer.measuring.asking import Measure, Row
from rsvlm.trainer.measuring.vectors import DIGITS, embedded

TILES = 16  # at once


@dataclass(frozen=True)
class Place:
    """regions: rings of (x, y) in pixels of the image."""

    id: str
    image: Mapping[str, Any]
    phrase: str
    regions: list[list[list[float]]]


class Places(Measure):
    """The cosine of a phrase and of each tile, from which the map that is scored is made again at any time."""

    def items(self, record: Record) -> Sequence[Place]:
        phrase = next((message["content"] for message in record.messages if message["role"] == "user"), "").strip()
        regions = [ring for region in record.regions for ring in _rings(region)]
        fits = record.task == "localize" and len(record.images) == 1 and "extent" not in record.images[0]
        return [Place(record.id, record.images[0], phrase, regions)] if fits and phrase and regions else []

    def rows(self, items: Sequence[Place]) -> list[Row]:
        return [self._row(item) for item in items]

    def _row(self, item: Place) -> Row:
        predictor = cast(Embeds, self.predictor)
        x, y, width, height = _frame(item.image)
        text = embedded(predictor, [item.phrase])[0][0]
        tiles = pyramid(width, height)
        found: list[float] = []
        for start in range(0, len(tiles), TILES):
            windows = [[x + x0, y + y0, x + x1, y + y1] for x0, y0, x1, y1 in tiles[start : start + TILES]]
            pictures = self.pictures([{**item.image, "window": window} for window in windows])
            found += (predictor.embed_images(self.encoded(pictures)) @ text).tolist()
        row = {"id": item.id, "phrase": item.phrase, "prediction": [round(value, DIGITS) for value in found]}
        return {**row, "size": [height, width], "references": item.regions}


def _rings(region: Mapping[str, Any]) -> list[list[list[float]]]:
    """Outlines of a region: its polygon, or its box."""
    if "polygon" in region:
        return [[list(xy) for xy in ring] for ring in region["polygon"]]
    if "bbox" not in region:
        return []
    x0, y0, x1, y1 = region["bbox"]
    return [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]


def _frame(image: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """x, y of the corner, width and height, in pixels of the file."""
    if "window" in image:
        x0, y0, x1, y1 = (round(value) for value in image["window"])
        return x0, y0, x1 - x0, y1 - y0
    with Scene.open(Raster(href=image["href"])) as scene:
        return 0, 0, scene.width, scene.height
