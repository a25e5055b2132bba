"""What tiles, blending and outlines cost beside the bundled model's own time, on a raster of the demo's village repeated."""

from __future__ import annotations

import time
from pathlib import Path

from measuring.figures import Figure, middle
from measuring.rasters import large
from measuring.seeing import Timed
from rsvlm.geo.outlining import outlined
from rsvlm.geo.scene import Scene
from rsvlm.models.pool import Models
from rsvlm.protocol import Raster, SegmentRequest, Watch
from rsvlm.tasks.layout import Tiles
from rsvlm.tasks.searching import Pace, Search
from rsvlm.tasks.segment import cut_of
from rsvlm.tasks.sights import seer_of

SIDE = 2000  # pixels
PHRASES = ["buildings", "a lake", "roads"]
RATIO = 0.1
ROUNDS = 3


def measure(folder: Path, rounds: int) -> list[Figure]:
    raster = Raster(**large(folder / "village.tif", SIDE, overviews=True))
    request = SegmentRequest(raster, PHRASES)
    beside, model = [], []
    models = Models("cpu", cache_bytes=0)  # a second round has to look as well
    with Scene.open(raster) as scene, models.using(None, lambda: False) as predictor:
        scene.stretch  # noqa: B018 # decided once, as every task does
        for _round in range(min(rounds, ROUNDS)):
            seer = Timed(seer_of(predictor, "segment"))
            search = Search(Tiles(scene, seer.side, seer.finest, seer.stride), seer, PHRASES)
            listener = Watch()
            begin = time.perf_counter()
            bands = search.layout.bands(search.probabilities(Pace(listener, search.steps, ""), listener))
            features = outlined(bands, search.layout.grid, cut_of(request, search.layout.grid))
            beside.append(time.perf_counter() - begin - seer.seconds)
            model.append(seer.seconds)
    what = f"tiles, blending and {len(features)} outlines of {SIDE} px squared, {len(PHRASES)} phrases"
    return [Figure(what, middle(beside), "s", RATIO, middle(model), "the model itself", bar_on_ratio=True)]
