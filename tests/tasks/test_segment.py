"""What phrases name is outlined on the map and measured, or said not to be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import from_origin
from shapely import union_all
from shapely.geometry import box, shape

from rsvlm.geo import ground
from rsvlm.models import cards
from rsvlm.models.cards import load_cards
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.pool import Models
from rsvlm.protocol import Cancelled, Raster, RsvlmError, SegmentRequest, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.checks import CHECKS

run = TASKS["segment"].run
WATER = 4  # in the classes of the demo


def test_masks_are_valid_polygons_in_the_rasters_crs_with_areas(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray], listen: Any
):
    add_family("geopix", ["it", "is", *SEGS])
    place = write(landscape(128, 200))
    listener = listen()
    answer = run(SegmentRequest(Raster(href=place), ["the lake", "houses"], "geopix"), Models("cpu"), listener)
    assert answer.evidence and answer.target_absent == [] and listener.items == answer.evidence
    whole = box(500000, 5499872, 500200, 5500000)
    for item in answer.evidence:
        polygon = shape(item.geometry)
        assert item.kind == "mask" and polygon.is_valid and polygon.geom_type == "Polygon"
        assert whole.buffer(1e-6).contains(polygon) and item.count == 1 and 0 <= item.score <= 1
        assert item.area_m2 == pytest.approx(polygon.area, rel=3e-3)  # UTM 32N is true to a thousandth
    lakes = [item for item in answer.evidence if item.label == "the lake"]
    area = sum(item.area_m2 for item in lakes)
    assert answer.text.startswith(f"the lake: {len(lakes)} found, ") and 0 < area < ground.area_m2(
        whole, CRS.from_epsg(32632)
    )
    assert answer.provenance["said"] == ["it is [1]"] * 2 and answer.provenance["model"] == "geopix"
    assert answer.provenance["prompt"][0] == "[segment] Can you segment the lake ?"
    assert listener.steps[-1] == (2, 2) and "".join(listener.pieces) == answer.text
    assert answer.usage["completion_tokens"] == 2 * 9


def test_what_is_not_there_is_said_to_be_absent(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["There", "is", "no", "lake."])
    request = SegmentRequest(Raster(href=write(landscape(128, 128))), ["lake"], "geopix")
    answer = run(request, Models("cpu"), Watch())
    assert (answer.text, answer.evidence, answer.target_absent) == ("lake: none found.", [], ["lake"])
    assert answer.to_json()["target_absent"] == ["lake"]
    assert not any("The text says" in warning for warning in answer.warnings)


def test_words_and_mask_that_disagree_are_reported_also_when_read_from_kept_probabilities(
    add_family: Callable[..., Any],
    write: Callable[..., str],
    landscape: Callable[..., np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    add_family("geopix", ["twelve", "lakes", *SEGS])
    request = SegmentRequest(Raster(href=write(landscape(128, 128))), ["lakes"], "geopix", keep=True)
    answer, again = (run(request, Models("cpu"), Watch()) for _time in range(2))
    assert len(answer.evidence) != 12
    assert any(warning.startswith("The text says twelve, but by the mask there ") for warning in answer.warnings)
    assert (again.warnings, again.confidence) == (answer.warnings, answer.confidence)
    assert again.provenance["said"] == answer.provenance["said"] != []


def test_nodata_belongs_to_no_mask(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["it", "is", *SEGS])
    pixels = landscape(128, 128)
    pixels[:, :, :64] = 0
    answer = run(SegmentRequest(Raster(href=write(pixels, nodata=0)), ["lake"], "geopix"), Models("cpu"), Watch())
    assert answer.evidence and all(shape(item.geometry).bounds[0] >= 500064 - 2 for item in answer.evidence)
    assert any("holds no data and was not looked at" in warning for warning in answer.warnings)


def test_degrees_are_measured_in_metres_and_pictures_without_a_place_are_not(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["it", "is", *SEGS])
    degrees = write(landscape(128, 128), "d.tif", crs="EPSG:4326", transform=from_origin(13, 52, 1e-5, 1e-5))
    models = Models("cpu")
    answer = run(SegmentRequest(Raster(href=degrees), ["lake"], "geopix"), models, Watch())
    for item in answer.evidence:
        # A hundred-thousandth of a degree is 1.113 m northwards at 52°, and 0.687 m eastwards.
        assert item.area_m2 == pytest.approx(shape(item.geometry).area * 1e10 * 1.1127 * 0.6868, rel=5e-3)
    nowhere = write(landscape(128, 128), "n.tif", crs=None, transform=None)
    answer = run(SegmentRequest(Raster(href=nowhere), ["lake"], "geopix"), models, Watch())
    assert answer.evidence and {item.area_m2 for item in answer.evidence} == {None}
    assert answer.text == f"lake: {len(answer.evidence)} found."


def test_finished_phrases_are_kept_when_the_user_stops(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray], listen: Any
):
    add_family("geopix", ["it", "is", *SEGS])
    place = Raster(href=write(landscape(128, 128)))
    request = SegmentRequest(place, ["lake", "road", "houses"], "geopix")
    answer = run(request, Models("cpu"), listen(lambda self: bool(self.steps) and self.steps[-1] == (1, 3)))
    assert answer.partial and {item.label for item in answer.evidence} == {"lake"}
    assert "Stopped after 1 of 3 phrases; the rest was not looked for." in answer.warnings
    with pytest.raises(Cancelled):
        run(request, Models("cpu"), listen(lambda self: bool(self.steps)))


@pytest.mark.parametrize("phrases", [[], ["  "]])
def test_nothing_to_look_for_is_refused(add_family: Callable[..., Any], write: Callable[..., str], phrases: list[str]):
    add_family("geopix", ["it"])
    with pytest.raises(RsvlmError, match="no phrase") as told:
        run(SegmentRequest(Raster(href="nowhere.tif"), phrases, "geopix"), Models("cpu"), Watch())
    assert told.value.code == "bad_request"


def test_model_that_cannot_is_refused_with_the_names_of_those_that_can(
    add_family: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    card = add_family("deltavlm", ["it"])
    add_family("geopix", ["it"])
    request = SegmentRequest(Raster(href="nowhere.tif"), ["lake"], "deltavlm")
    with pytest.raises(RsvlmError, match="The model deltavlm cannot draw outlines") as told:
        run(request, Models("cpu"), Watch())
    able = [card.id for card in load_cards().values() if "segment" in card.tasks]
    assert told.value.hint == f"Choose one that can: {', '.join(able)}." and "geopix" in able
    monkeypatch.setattr(cards, "load_cards", lambda: {"deltavlm": card})
    with pytest.raises(RsvlmError) as told:
        run(request, Models("cpu"), Watch())
    assert told.value.code == "bad_request" and "None of the models here can" in told.value.hint


def test_model_that_only_compares_pictures_with_words_outlines_by_patches_and_says_so(
    root: Path, models: Models, add_family: Callable[..., Any]
):
    add_family("plain", [])
    demo = root / "resources" / "demo"
    answer = run(SegmentRequest(Raster(href=str(demo / "after.tif")), ["a pond"], "plain"), models, Watch())
    assert any("has not learnt to outline" in text and "zero-shot" in text for text in answer.warnings)
    assert answer.provenance["method"] == "patches" and answer.target_absent == []
    with rasterio.open(demo / "after_classes.tif") as source:
        water = source.read(1) == WATER
        seen = rasterize([item.geometry for item in answer.evidence], water.shape, transform=source.transform) == 1
    assert (seen & water).sum() > 0.5 * (seen | water).sum()
    absent = run(SegmentRequest(Raster(href=str(demo / "after.tif")), ["a stadium"], "plain"), models, Watch())
    assert absent.target_absent == ["a stadium"] and absent.text == "a stadium: none found."


def test_things_of_a_referring_expression_may_overlap_and_classes_may_not(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["it", "is", *SEGS])
    place = Raster(href=write(landscape(128, 128)))
    both = run(SegmentRequest(place, ["lake", "houses"], "geopix"), Models("cpu"), Watch())
    first, second = (
        union_all([shape(item.geometry) for item in both.evidence if item.phrase == phrase])
        for phrase in ("lake", "houses")
    )
    assert first.intersection(second).area == 0
    apart = run(SegmentRequest(place, ["the largest lake", "the nearest house"], "geopix"), Models("cpu"), Watch())
    assert [report["expression"] for report in apart.structured["phrases"]] == [True, True]
    assert {item.label for item in apart.evidence} == {"the largest lake", "the nearest house"}


@pytest.mark.parametrize("phrases", [["a road"] * 51, ["long " * 41]])
def test_more_than_a_person_would_ask_is_refused_in_words(phrases: list[str]):
    with pytest.raises(RsvlmError, match="At most 50 phrases of 200 characters"):
        CHECKS["segment"](SegmentRequest(Raster(href="gone.tif"), phrases))
