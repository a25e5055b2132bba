"""The stages of one description without the backend around them, and what each saves against doing it plainly."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import rasterio
import torch

from measuring.figures import Figure, compared, middle
from measuring.rasters import VILLAGE, large, middle_part
from rsvlm.geo.scene import Scene
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.pool import Models
from rsvlm.protocol import DescribeRequest, Raster, Watch
from rsvlm.tasks.describe import describe
from rsvlm.tasks.looking import Tile, look
from rsvlm.tasks.plan import make_plan

LARGE = 10_000  # pixels
PART = 1_024  # pixels


class FirstWord(Watch):
    """Notes when the first words came."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def text(self, delta: str) -> None:
        self.moments.append(time.perf_counter())


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the model cannot be loaded."""
    begin = time.perf_counter()
    models = Models("cpu", cache_bytes=0)
    predictor = models.get(None)
    loading = time.perf_counter() - begin
    _first_word(models)
    words = middle([_first_word(models) for _round in range(rounds)])
    return [
        Figure("loading the model, libraries imported", loading, "s"),
        Figure("brief: call to first word, without the backend", words, "s"),
        *_words(predictor, rounds),
        *_reading(predictor, folder, rounds),
    ]


def _first_word(models: Models) -> float:
    watch = FirstWord()
    begin = time.perf_counter()
    describe(DescribeRequest(Raster(href=str(VILLAGE))), models, watch)
    return watch.moments[0] - begin


def _words(predictor: CompactPredictor, rounds: int) -> list[Figure]:
    """One picture through encoder and decoder."""
    tile = _look(predictor, Raster(href=str(VILLAGE)))[0]
    encoding, first, rates = [], [], []
    for _round in range(rounds + 1):
        moments: list[float] = []
        begin = time.perf_counter()
        features = predictor.encode(tile.picture[None])
        encoded = time.perf_counter()
        predictor.captions(features, on_text=lambda _text, seen=moments: seen.append(time.perf_counter()))
        encoding.append(encoded - begin)
        first.append(moments[0] - encoded)
        # The last piece is the full stop, which is no token.
        rates.append((len(moments) - 2) / (moments[-2] - moments[0]) if len(moments) > 2 else 0.0)
    height, width = tile.picture.shape[:2]
    return [
        Figure(f"encoding one view of {width} x {height} px", middle(encoding[1:]), "s"),
        Figure("first token after encoding", middle(first[1:]), "s"),
        Figure("tokens per second", middle(rates[1:]), "/s"),
        Figure("threads of the model", float(torch.get_num_threads()), ""),
    ]


def _reading(predictor: CompactPredictor, folder: Path, rounds: int) -> list[Figure]:
    """Without overviews the stretch alone has to come from all over the raster: no bar for that."""
    figures = []
    for overviews in (True, False):
        path = folder / f"{LARGE}-{overviews}.tif"
        whole = Raster(**large(path, LARGE, overviews))
        part = Raster(href=str(path), extent=middle_part(path, PART))
        kind, bar = ("with overviews", 1.0) if overviews else ("without overviews", None)
        for what, raster in ((f"{PART} px of", part), ("all of", whole)):
            seen, full = compared(partial(_look, predictor, raster), partial(_read_all, path), min(rounds, 3))
            name = f"seeing {what} {LARGE} px, {kind}"
            figures.append(Figure(name, seen, "s", bar, full, "reading every pixel", bar_on_ratio=True))
        path.unlink()
    return figures


def _look(predictor: CompactPredictor, raster: Raster) -> list[Tile]:
    """As a brief description looks: stretch, plan, views."""
    with Scene.open(raster) as scene:
        return list(look(scene, make_plan(scene, predictor.card, "brief")))


def _read_all(path: Path) -> None:
    """Block row by block row, so that memory does not count."""
    with rasterio.open(path) as source:
        step = source.block_shapes[0][0]
        for top in range(0, source.height, step):
            source.read(window=((top, min(top + step, source.height)), (0, source.width)))
