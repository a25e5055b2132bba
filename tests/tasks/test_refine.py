"""A click becomes the outline that a search would have drawn there, or is said to be on nothing; the model is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Point, shape

from rsvlm.protocol import Answer, Raster, RefineRequest, RsvlmError, SegmentRequest, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.checks import CHECKS

Write = Callable[..., str]


@pytest.fixture
def blocks(bright: Any, write: Write, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """blocks(**cut, crs=...) -> the answer about two light blocks on dark ground, whose probabilities are kept."""
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))

    def search(place: dict[str, Any] | None = None, **cut: Any) -> Answer:
        inside = np.zeros((150, 200), bool)
        inside[20:60, 30:90] = inside[50:70, 80:120] = inside[100:130, 140:180] = True
        path = write(np.repeat(np.where(inside, 220, 30).astype(np.uint8)[None], 3, axis=0), **(place or {}))
        request = SegmentRequest(Raster(href=path), ["bright", "dark"], keep=True, **cut)
        return TASKS["segment"].run(request, bright, Watch())

    return search


def clicked(models: Any, answer: Answer, phrase: str, at: tuple[float, float], watch: Watch | None = None) -> Answer:
    (kept,) = answer.structured["probabilities"]
    cut = {name: answer.provenance["cut"][name] for name in ("tolerance_m", "right_angles")}
    request = RefineRequest(Raster(href=kept["path"]), phrase, at, likely=0.5, **cut)
    return TASKS["refine"].run(request, models, watch or Watch())


def test_click_is_outlined_as_the_search_does_it_and_runs_no_model(bright: Any, blocks: Any, listen: Any):
    searched = blocks()
    shown = len(bright.predictor.pictures)
    for at in ((500040, 5499970), (500160, 5499885)):
        listener = listen()
        answer = clicked(bright, searched, "bright", at, listener)
        (wanted,) = [e for e in searched.evidence if e.phrase == "bright" and shape(e.geometry).contains(Point(at))]
        (found,) = answer.evidence
        assert shape(found.geometry).equals(shape(wanted.geometry))
        for name in ("kind", "label", "phrase", "area_m2", "perimeter_m", "count"):
            assert getattr(found, name) == getattr(wanted, name)
        assert found.score == pytest.approx(wanted.score, abs=2e-3)
        assert answer.text.startswith("bright: 1 found, ") and answer.provenance["cut"]["likely"] == 0.5
        assert listener.items == answer.evidence and answer.structured["phrases"][0]["count"] == 1
    assert len(bright.predictor.pictures) == shown and answer.provenance["model"] == "bright"


def test_what_a_threshold_missed_is_found_by_a_click(bright: Any, blocks: Any):
    searched = blocks(likely=0.97)
    assert searched.target_absent == ["bright", "dark"]
    (found,) = clicked(bright, searched, "bright", (500040, 5499970)).evidence
    assert found.area_m2 == pytest.approx(40 * 60 + 20 * 40 - 10 * 10, rel=5e-3)


def test_unlikely_place_is_said_to_be_none(bright: Any, blocks: Any):
    answer = clicked(bright, blocks(), "bright", (500010, 5499990))
    assert (answer.text, answer.evidence, answer.target_absent) == ("bright: none found.", [], ["bright"])


def test_without_a_crs_places_are_pixels(bright: Any, blocks: Any):
    (found,) = clicked(bright, blocks({"crs": None, "transform": None}), "bright", (150, 110)).evidence
    assert shape(found.geometry).bounds == (140, 100, 180, 130) and found.area_m2 is None


@pytest.mark.parametrize(
    "wrong", [{"phrase": " "}, {"at": (np.nan, 1.0)}, {"likely": 0}, {"likely": 1.5}, {"tolerance_m": -1}]
)
def test_clicks_that_cannot_be_are_refused(wrong: dict[str, Any]):
    request = RefineRequest(**{"raster": Raster(href="gone.tif"), "phrase": "roof", "at": (0.0, 0.0), **wrong})
    with pytest.raises(RsvlmError) as told:
        CHECKS["refine"](request)
    assert told.value.code == "bad_request"
