"""Two dates of one place: compared on one grid, in words and outlines; pairs that cannot be compared are refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.features
from rasterio.transform import from_origin
from shapely import unary_union
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from rsvlm.models.pool import Models
from rsvlm.protocol import ChangeRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.change import is_later

run = TASKS["change"].run


@pytest.fixture
def dates(write: Callable[..., str], landscape: Callable[..., np.ndarray]) -> tuple[Raster, Raster]:
    """128 x 128 m from (500000, 5500000); the later one is turned upside down."""
    picture = landscape(128, 128)
    before = Raster(href=write(picture, "before.tif"), acquired="2019-05-01", role="before")
    return before, Raster(href=write(picture[:, ::-1].copy(), "after.tif"), acquired="2024-05-01", role="after")


def test_change_is_told_in_words_and_outlined(
    add_family: Callable[..., Any], dates: tuple[Raster, Raster], listen: Any
):
    add_family("deltavlm", ["twelve", "houses", "were", "built"])
    listener = listen()
    answer = run(ChangeRequest(*dates, model="deltavlm"), Models("cpu"), listener)
    assert answer.text == "".join(listener.pieces) == "Twelve houses were built."
    assert answer.evidence == listener.items and {item.label for item in answer.evidence} == {"change"}
    for item in answer.evidence:
        polygon = shape(item.geometry)
        assert polygon.is_valid and box(499999, 5499871, 500129, 5500001).contains(polygon)
        assert item.area_m2 == pytest.approx(polygon.area, rel=3e-3)
    assert any(text.startswith("The text says twelve, but by the change mask there ") for text in answer.warnings)
    provenance = answer.provenance
    assert provenance["prompt"] == "What changed" and provenance["acquired"] == ["2019-05-01", "2024-05-01"]
    assert [Path(name).name for name in provenance["sources"]] == ["before.tif", "after.tif"]
    assert provenance["alignment"] == {"overlap": 1.0, "resolution_ratio": 1.0} and len(provenance["stretch"]) == 2


DEMO = [Raster(href=str(Path(__file__).parents[2] / f"resources/demo/{date}.tif")) for date in ("before", "after")]
CLASSES = [Path(raster.href).with_name(f"{Path(raster.href).stem}_classes.tif") for raster in DEMO]
BLUR = 5  # metres: a pixel of the whole place as the model sees it


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu")


def truly_changed() -> BaseGeometry:
    """Where one thing lies before and another one after."""
    (before, transform), (after, _) = ((file.read(1), file.transform) for file in map(rasterio.open, CLASSES))
    parts = rasterio.features.shapes((before != after).astype(np.uint8), before != after, transform=transform)
    return unary_union([shape(part) for part, _ in parts]).buffer(BLUR)


def test_bundled_model_measures_what_came_and_went(models: Models, listen: Any):
    listener = listen()
    answer = run(ChangeRequest(*DEMO), models, listener)
    assert answer.text == "".join(listener.pieces) and answer.evidence == listener.items
    labels = [item.label for item in answer.evidence]
    assert (
        labels.count("new building") > 10 and "new buildings in many places" in answer.text
    )  # a street of them, and others
    assert "lost woodland" in labels and answer.provenance["gsd_m"] == pytest.approx(1.5, abs=0.01)
    found = unary_union([shape(item.geometry) for item in answer.evidence])
    assert (
        found.intersection(truly_changed()).area > 0.9 * found.area > 4000
    )  # the fields that only changed colour are not
    assert answer.provenance["measured"] == {"kind": "all", "phrases": []} and answer.provenance["mask"]
    told = run(ChangeRequest(*DEMO, "How many new buildings are there?"), models, Watch())
    assert {item.label for item in told.evidence} == {"new building"}
    assert told.text == f"{len(told.evidence)} new building{'s' * (len(told.evidence) > 1)}."


def test_bundled_model_says_in_words_what_outlines_do_not_decide(models: Models):
    answer = run(ChangeRequest(*DEMO, "Who built the houses?"), models, Watch())
    assert answer.text and any("was not measured" in warning for warning in answer.warnings)


def test_same_picture_twice_has_not_changed(models: Models):
    answer = run(ChangeRequest(DEMO[0], DEMO[0]), models, Watch())
    assert (answer.text, answer.evidence) == ("No change is to be seen.", [])


def test_question_about_a_pair_is_answered(add_family: Callable[..., Any], dates: tuple[Raster, Raster]):
    add_family("deltavlm", ["yes"])
    answer = run(ChangeRequest(*dates, "Has anything changed", "deltavlm"), Models("cpu"), Watch())
    assert answer.text == "Yes." and answer.provenance["prompt"] == "Has anything changed"
    add_family("mmodalcc", ["a", "house", "road"])
    with pytest.raises(RsvlmError, match="The model mmodalcc cannot answer questions about what changed") as told:
        run(ChangeRequest(*dates, "What?", "mmodalcc"), Models("cpu"), Watch())
    assert told.value.hint == "Choose one that can: compact, deltavlm."


def test_model_without_questions_and_masks_says_a_sentence(
    add_family: Callable[..., Any], dates: tuple[Raster, Raster], listen: Any
):
    add_family("mmodalcc", ["a", "house", "road", "trees"], seed=2)
    listener = listen()
    answer = run(ChangeRequest(*dates, model="mmodalcc"), Models("cpu"), listener)
    assert answer.text == "".join(listener.pieces) and answer.evidence == []
    assert any("asked without land cover maps" in warning for warning in answer.warnings)
    assert answer.provenance["model"] == "mmodalcc" and answer.provenance["mask"] is None


def test_rasters_apart_are_refused_in_words(
    add_family: Callable[..., Any], dates: tuple[Raster, Raster], write: Callable[..., str], landscape: Any
):
    add_family("deltavlm", ["no"])
    far = Raster(href=write(landscape(128, 128), "far.tif", transform=from_origin(600000, 5500000, 1, 1)))
    with pytest.raises(RsvlmError, match="The two rasters do not overlap") as told:
        run(ChangeRequest(dates[0], far, model="deltavlm"), Models("cpu"), Watch())
    assert told.value.code == "bad_extent" and told.value.hint
    nowhere = Raster(href=write(landscape(128, 128), "nowhere.tif", crs=None, transform=None))
    with pytest.raises(RsvlmError, match="One of the two rasters is georeferenced"):
        run(ChangeRequest(dates[0], nowhere, model="deltavlm"), Models("cpu"), Watch())


def test_what_makes_a_comparison_doubtful_is_told(
    add_family: Callable[..., Any], dates: tuple[Raster, Raster], write: Callable[..., str], landscape: Any
):
    add_family("deltavlm", ["yes"])
    coarse = write(landscape(64, 64), "coarse.tif", transform=from_origin(500064, 5500000, 4, 4))
    answer = run(
        ChangeRequest(dates[1], Raster(href=coarse, acquired="2001-01-01"), model="deltavlm"), Models("cpu"), Watch()
    )
    told = " ".join(answer.warnings)
    assert "share 12 % of what they show" in told and "4 times coarser" in told and "told backwards" in told
    assert answer.provenance["extent"] == [500064, 5499872, 500128, 5500000]


@pytest.mark.parametrize(
    ("before", "after", "backwards"),
    [
        ("2024-05-01", "2019-05-01", True),
        ("2020-06-01T10:00:00", "2020-06-01", False),
        ("2020-06-01", "2020-06-01T10:00:00Z", False),
        ("2020-06-02T10:00:00", "2020-06-01", True),
        ("2020-06-01T12:00:00+05:00", "2020-06-01T08:00:00Z", False),
        ("2020-06-01T08:00:00-05:00", "2020-06-01T10:00:00", True),
        ("31.05.2024", "01.06.2024", False),
        ("2024-05-01", "2019", False),
        ("2024-05-01", None, False),
        (None, None, False),
    ],
)
def test_dates_are_compared_as_times_and_not_as_texts(before: str | None, after: str | None, backwards: bool):
    assert is_later(before, after) is backwards
