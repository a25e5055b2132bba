"""Where a phrase is: on the lake of the demo, on the map and in pixels, never where there is no data."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from shapely.geometry import box, shape

from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, Cancelled, LocalizeRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS

run = TASKS["localize"].run
WATER = 4  # in the classes of the demo


def heat(answer: Answer) -> tuple[np.ndarray, Any]:
    with MemoryFile(b64decode(answer.structured["heat"])) as memory, memory.open() as source:
        return source.read(1), source.profile


@pytest.fixture
def demo(root: Path) -> Path:
    return root / "resources" / "demo"


def test_lake_of_the_demo_is_found_on_the_map(models: Models, demo: Path, listen: Any):
    listener = listen()
    answer = run(LocalizeRequest(Raster(href=str(demo / "after.tif")), " water "), models, listener)
    values, profile = heat(answer)
    assert profile["crs"].to_epsg() == 32632 and values.dtype == np.float32 and values.max() == 1.0
    with rasterio.open(demo / "after_classes.tif") as source:
        water = source.read(1) == WATER
    rows, columns = (np.arange(length) * small // length for length, small in zip(water.shape, values.shape))
    hot = values[rows][:, columns] >= 0.5
    assert (hot & water).sum() > 0.9 * water.sum() and (hot & water).sum() > 0.6 * hot.sum()
    first = answer.evidence[0]
    assert (first.kind, first.label, first.score) == ("box", "water", 1.0) and first.area_m2 > 5e4
    x, y, score = answer.structured["points"][0]
    assert score == 1.0 and shape(first.geometry).contains(shape({"type": "Point", "coordinates": (x, y)}))
    scores = [item.score for item in answer.evidence]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 0.5 and answer.target_absent == []
    assert answer.text == f"water: {len(scores)} place{'s stand' if len(scores) > 1 else ' stands'} out."
    assert any("Scores compare places within this extent" in warning for warning in answer.warnings)
    assert listener.items == answer.evidence and listener.steps[-1][0] == listener.steps[-1][1]


def test_other_phrases_are_elsewhere(models: Models, demo: Path):
    place = Raster(href=str(demo / "after.tif"))
    maps = [heat(run(LocalizeRequest(place, phrase), models, Watch()))[0] for phrase in ("a lake", "many houses")]
    assert np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1] < 0


def test_without_a_place_on_the_map_boxes_are_in_pixels(
    models: Models, write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    nowhere = write(landscape(240, 200), "n.tif", crs=None, transform=None)
    answer = run(LocalizeRequest(Raster(href=nowhere), "a river"), models, Watch())
    there = write(landscape(240, 200), "t.tif", transform=from_origin(500000, 5500000, 1, 1))
    placed = run(LocalizeRequest(Raster(href=there), "a river"), models, Watch())
    assert answer.evidence and {item.area_m2 for item in answer.evidence} == {None}
    for ours, theirs in zip(answer.evidence, placed.evidence, strict=True):
        x0, y0, x1, y1 = shape(ours.geometry).bounds
        wanted = box(500000 + x0, 5500000 - y1, 500000 + x1, 5500000 - y0)
        assert shape(theirs.geometry).symmetric_difference(wanted).area < 1
    np.testing.assert_allclose(heat(answer)[0], heat(placed)[0], atol=0.05)


def test_nothing_is_found_where_there_is_no_data(
    models: Models, write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    pixels = landscape(256, 256)
    pixels[:, :, :128] = 0
    answer = run(LocalizeRequest(Raster(href=write(pixels, nodata=0)), "many houses"), models, Watch())
    values, _ = heat(answer)
    half = values.shape[1] // 2
    assert np.isnan(values[:, : half - 1]).all() and not np.isnan(values[:, half + 1 :]).any()
    assert all(shape(item.geometry).bounds[0] >= 500128 - 11 for item in answer.evidence)
    assert any("holds no data and was not looked at" in warning for warning in answer.warnings)


@pytest.mark.parametrize("size", [(3, 3), (1, 40), (40, 700)])
def test_small_and_narrow_rasters_are_searched(
    models: Models, write: Callable[..., str], landscape: Callable[..., np.ndarray], size: tuple[int, int]
):
    place = write(landscape(*size), transform=from_origin(500000, 5500000, 2, 2))
    answer = run(LocalizeRequest(Raster(href=place), "roofs"), models, Watch())
    whole = box(500000, 5500000 - 2 * size[0], 500000 + 2 * size[1], 5500000)
    assert all(whole.buffer(1e-6).contains(shape(item.geometry)) for item in answer.evidence)
    assert np.nanmax(heat(answer)[0]) in (0.0, 1.0) and bool(answer.evidence) != bool(answer.target_absent)


def test_tiles_grow_with_the_raster(models: Models, sparse: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    from rsvlm.tasks import localize

    place = sparse(3600, 2400)
    monkeypatch.setattr(localize, "MOST", 20)
    monkeypatch.setattr(localize, "seen", lambda scene, plan, *rest: list(localize.look(scene, plan)))
    answer = run(LocalizeRequest(Raster(href=place), "a lake"), models, Watch())
    assert answer.provenance["tiles"] < 70 and answer.target_absent == ["a lake"] and not answer.evidence
    assert answer.text == "a lake: no place stands out."
    assert heat(answer)[0].size < 20 * 64 * 1.1


def test_nothing_to_look_for_and_models_without_vectors_are_refused(
    add_family: Callable[..., Any], models: Models, demo: Path, listen: Any
):
    place = Raster(href=str(demo / "after.tif"))
    add_family("geopix", ["it"])
    for request, words in (
        (LocalizeRequest(place, " "), "no phrase"),
        (LocalizeRequest(place, "x", "geopix"), "geopix"),
    ):
        with pytest.raises(RsvlmError, match=words) as told:
            run(request, models, Watch())
        assert told.value.code == "bad_request" and told.value.hint
    with pytest.raises(Cancelled):
        run(LocalizeRequest(place, "a lake"), models, listen(lambda self: bool(self.steps)))
