"""Models asked what covers a whole picture: each pixel is of the class whose phrase is likeliest there.

A picture is looked at as large as it is, up to LARGEST pixels along a side, in overlapping tiles of the model's own size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from rsvlm.geo.blending import blended
from rsvlm.geo.tiling import Tiling
from rsvlm.protocol import Record
from rsvlm.tasks.sights import seer_of
from rsvlm.trainer.measuring.asking import Measure, Row, Setting
from rsvlm.trainer.measuring.drawn import resized, together
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.regions import encode

TILES = 8  # at once


class Cover(Measure):
    """The classes of a record are the labels of its regions, those of nothing too; a pixel of no region is not asked about."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._seer = seer_of(setting.predictor, "segment")

    def items(self, record: Record) -> Sequence[Record]:
        drawn = all("rle" in region or "polygon" in region for region in record.regions)
        several = len({region["label"] for region in record.regions}) > 1
        return [record] if record.task == "segment" and len(record.images) == 1 and drawn and several else []

    def rows(self, items: Sequence[Record]) -> list[Row]:
        return [self._row(record) for record in items]

    def _row(self, record: Record) -> Row:
        classes = list(dict.fromkeys(region["label"] for region in record.regions))
        picture = read_picture(record.images[0])
        size = picture.height, picture.width
        likely = np.concatenate(list(self._maps(picture, classes)), axis=1)
        best = resized(np.where(likely.max(axis=0) > 0, likely.argmax(axis=0), len(classes)), *size)
        regions = [[region for region in record.regions if region["label"] == label] for label in classes]
        told = [encode(best == number) for number in range(len(classes))]
        right = [encode(together(own, *size)) for own in regions]
        return {"id": record.id, "classes": classes, "prediction": told, "reference": right}

    def _maps(self, picture: Picture, classes: Sequence[str]) -> Iterator[np.ndarray]:
        """Bands of (classes, rows, W) in [0, 1], from the top."""
        height, width, _ = picture.pixels.shape
        side = self._seer.side
        tiling = Tiling(width, height, side, side // 2)
        beyond = ((0, max(0, side - height)), (0, max(0, side - width)), (0, 0))
        pixels = np.pad(picture.pixels, beyond, "symmetric")
        tiles = (pixels[y0:y1, x0:x1] for x0, y0, x1, y1 in tiling.windows())
        batches = iter(lambda: list(islice(tiles, TILES if self._seer.together else 1)), [])
        return blended(tiling, (maps for batch in batches for maps in self._seen(batch, classes)))

    def _seen(self, tiles: Sequence[np.ndarray], classes: Sequence[str]) -> list[np.ndarray]:
        """(classes, side, side) for each tile."""
        if self._seer.together:
            return [sight.maps for sight in self._seer.see(tiles, classes)]
        (tile,) = tiles
        found = [self._seer.see([tile], [label])[0].maps for label in classes]
        return [np.stack([resized(maps[0], *tile.shape[:2]) for maps in found])]
