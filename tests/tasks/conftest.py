"""The bundled model, small rasters as users have them, and somebody who listens to a running task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rsvlm.models.cards import Calibration, ModelCard, get_card
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Likely
from rsvlm.protocol import Cancelled, Evidence, Watch
from rsvlm.tasks import checks

Write = Callable[..., str]


class Listener(Watch):
    """Keeps what it is told, and wants no more once `enough` says so."""

    def __init__(self, enough: Callable[["Listener"], bool] = lambda listener: False) -> None:
        self.pieces: list[str] = []
        self.items: list[Evidence] = []
        self.steps: list[tuple[int, int]] = []
        self._enough = enough

    def text(self, delta: str) -> None:
        self.pieces.append(delta)

    def evidence(self, item: Evidence) -> None:
        self.items.append(item)

    def progress(self, done: int, total: int, note: str) -> None:
        assert note
        self.steps.append((done, total))

    def cancelled(self) -> bool:
        return self._enough(self)


class Bright:
    """Knows by the brightness of a pixel what it is: "bright" from a half on, else "dark"; "grey" is everywhere, a little
    likely, and "nothing" nowhere. Less sure near the edges of a picture, where it errs, as networks do.

    pictures: all that it was shown.
    """

    mask_stride = 1

    def __init__(self, card: ModelCard, stop: Callable[[], bool] = lambda: False) -> None:
        self.card, self.device, self.size_bytes, self._stop = card, "cpu", 0, stop
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.pictures: list[np.ndarray] = []

    def until(self, stop: Callable[[], bool]) -> "Bright":
        own = Bright(self.card, stop)
        own.pictures = self.pictures
        return own

    def encode(self, pictures: Any) -> list[np.ndarray]:
        self.pictures += list(pictures)
        return list(pictures)

    def likely(self, seen: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Likely]:
        if self._stop():
            raise Cancelled()
        return [self._of(picture, phrases) for picture in seen]

    def _of(self, picture: np.ndarray, phrases: Sequence[str]) -> Likely:
        light = picture.mean(axis=2) / 255
        edge = np.minimum.outer(*(np.minimum(np.arange(n), np.arange(n)[::-1]) for n in light.shape))
        doubt = np.where(edge < 3, np.random.default_rng(0).random(light.shape) * 0.4, 0)
        maps = []
        for phrase in phrases:
            known = {"bright": light >= 0.5, "dark": light < 0.5, "nothing": light > 1}
            inside = next((inside for name, inside in known.items() if name in phrase), None)
            clear = np.where(inside, 0.95, 0.05)
            maps.append(np.full(light.shape, 0.6) if inside is None else clear + (0.5 - clear) * doubt)
        found = np.stack(maps).astype(np.float32)
        return Likely(found, np.array([float(one.max()) for one in found]))


class Only:
    """Models of which there is one, as tasks use them."""

    def __init__(self, predictor: Bright) -> None:
        self.predictor = predictor

    @contextmanager
    def using(self, model_id: str, stop: Callable[[], bool]) -> Iterator[Bright]:
        yield self.predictor.until(stop)


@pytest.fixture
def bright(monkeypatch: pytest.MonkeyPatch) -> Only:
    """Models of which the only one is Bright, with tiles of 64 pixels, which sees everything at its own sharpness."""
    shown = get_card(None).input.model_copy(update={"pixels": 64, "gsd_range_m": (1e-3, 1e5)})
    card = get_card(None).model_copy(
        update={"id": "bright", "tasks": ("segment", "ground"), "input": shown, "calibration": Calibration()}
    )
    for name in ("get_card", "able_card"):
        monkeypatch.setattr(checks, name, lambda *_words: card)
    return Only(Bright(card))


@pytest.fixture(scope="session")
def models() -> Models:
    return Models("cpu")


@pytest.fixture(scope="session")
def listen() -> type[Listener]:
    """listen(enough) -> somebody to give to a task."""
    return Listener


def draw(height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(height * width)
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width) * 256
    picture = np.array([92, 118, 62])[:, None, None] + np.zeros((1, height, width))
    river = np.abs(rows - 60 - 12 * np.sin(columns / 20)) < 11
    roofs = (rows > 110) & (columns > 110) & (rows % 22 < 13) & (columns % 22 < 13)
    picture = np.where(river, np.array([45, 62, 80])[:, None, None], picture)
    picture = np.where(roofs, np.array([175, 95, 80])[:, None, None], picture)
    return (picture + generator.integers(-9, 9, (3, height, width))).clip(1, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def landscape() -> Callable[[int, int], np.ndarray]:
    """landscape(height, width) -> (3, height, width) uint8: meadows, a river from left to right, roofs, lower right."""
    return draw


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(pixels (bands, H, W), names=[...], **profile) -> path of a GeoTIFF, in UTM 32N, 1 m, from (500000, 5500000)."""

    def make(pixels: np.ndarray, name: str = "place.tif", **options: Any) -> str:
        names = options.pop("names", [])
        profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 1), "driver": "GTiff", **options}
        path = tmp_path / name
        count, height, width = pixels.shape
        with rasterio.open(path, "w", width=width, height=height, count=count, dtype=pixels.dtype, **profile) as target:
            for index, text in enumerate(names, 1):
                target.set_band_description(index, text)
            target.write(pixels)
        return str(path)

    return make


@pytest.fixture
def sparse(tmp_path: Path) -> Write:
    """sparse(width, height, pixel in metres) -> path of a raster of any size that takes no room: all 0, valid."""

    def make(width: int, height: int, pixel: float = 1.0, **options: Any) -> str:
        path = tmp_path / f"sparse_{width}_{height}.tif"
        profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, pixel, pixel), "count": 3, **options}
        rasterio.open(
            path, "w", driver="GTiff", width=width, height=height, dtype="uint8", SPARSE_OK=True, tiled=True,
            compress="deflate", **profile,
        ).close()  # fmt: skip
        return str(path)

    return make
