"""Classes by name: likely ones first, a strip in squares, and what cannot be told is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, shape

from rsvlm.models.pool import Models
from rsvlm.protocol import Cancelled, ClassifyRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS

run = TASKS["classify"].run
LABELS = ["forest", "lake", "houses", "airport"]
LAKE, HOUSES = (654200, 5318000, 654400, 5318150), (654300, 5318250, 654500, 5318400)  # of the demo


@pytest.fixture
def demo(root: Path) -> str:
    return str(root / "resources" / "demo" / "after.tif")


@pytest.mark.parametrize(("extent", "wanted"), [(LAKE, "lake"), (HOUSES, "houses")])
def test_bundled_model_names_what_the_demo_shows(models: Models, demo: str, extent: Any, wanted: str, listen: Any):
    listener = listen()
    answer = run(ClassifyRequest(Raster(href=demo, extent=extent), LABELS), models, listener)
    classes = answer.structured["classes"]
    assert classes[0]["label"] == wanted and answer.text.startswith(f"{wanted}: ")
    assert {item["label"] for item in classes} == set(LABELS)
    assert sum(item["probability"] for item in classes) == pytest.approx(1, abs=1e-5)
    assert [item["probability"] for item in classes] == sorted((i["probability"] for i in classes), reverse=True)
    assert answer.confidence == round(classes[0]["probability"], 3) and listener.pieces == [answer.text]
    assert listener.items == answer.evidence and answer.provenance["prompt"] == LABELS
    (item,) = answer.evidence
    assert (item.kind, item.label, item.score) == ("tile", wanted, answer.confidence)
    assert shape(item.geometry).symmetric_difference(box(*extent)).area < 1e-3
    assert item.area_m2 == pytest.approx(200 * 150, rel=5e-3)


def test_only_as_many_as_asked_for_are_told(models: Models, demo: str):
    place = Raster(href=demo, extent=LAKE)
    everything = run(ClassifyRequest(place, LABELS), models, Watch()).structured["classes"]
    assert run(ClassifyRequest(place, LABELS, top=2), models, Watch()).structured["classes"] == everything[:2]
    assert len(run(ClassifyRequest(place, LABELS, top=99), models, Watch()).structured["classes"]) == 4


def test_label_that_is_there_twice_counts_once(models: Models, demo: str):
    place = Raster(href=demo, extent=LAKE)
    once = run(ClassifyRequest(place, LABELS), models, Watch())
    assert run(ClassifyRequest(place, ["forest", *LABELS, " ", "lake "]), models, Watch()).text == once.text


def test_strip_is_seen_in_squares_whose_likelihoods_are_averaged(models: Models, demo: str):
    strip = (654200, 5318000, 654800, 5318150)
    answer = run(ClassifyRequest(Raster(href=demo, extent=strip), LABELS), models, Watch())
    assert len(answer.evidence) == 4 and sum(shape(i.geometry).area for i in answer.evidence) == pytest.approx(9e4)
    alone = [
        run(ClassifyRequest(Raster(href=demo, extent=shape(item.geometry).bounds), LABELS), models, Watch())
        for item in answer.evidence
    ]
    mean = np.mean([{c["label"]: c["probability"] for c in part.structured["classes"]}["lake"] for part in alone])
    found = {item["label"]: item["probability"] for item in answer.structured["classes"]}
    assert found["lake"] == pytest.approx(mean, abs=2e-3)
    assert [item.label for item in answer.evidence] == [part.structured["classes"][0]["label"] for part in alone]


def test_doubt_is_told(models: Models, write: Callable[..., str], landscape: Callable[..., np.ndarray]):
    places = ("on the left", "on the right", "in the middle", "at the top", "at the bottom")
    names = [f"meadow {place}" for place in places]
    answer = run(ClassifyRequest(Raster(href=write(landscape(128, 128))), names), models, Watch())
    assert answer.confidence < 0.5 and any("take the first as a guess" in warning for warning in answer.warnings)


@pytest.mark.parametrize(("labels", "top"), [([], 5), (["lake"], 5), (["lake", "lake ", ""], 5), (["lake", "road"], 0)])
def test_what_cannot_be_told_apart_is_refused(labels: list[str], top: int):
    with pytest.raises(RsvlmError) as told:
        run(ClassifyRequest(Raster(href="nowhere.tif"), labels, top), Models("cpu"), Watch())
    assert told.value.code == "bad_request" and told.value.hint


def test_model_without_vectors_is_refused_and_stopped_work_ends(
    add_family: Callable[..., Any], models: Models, demo: str, listen: Any
):
    add_family("geopix", ["it"])
    with pytest.raises(RsvlmError, match="The model geopix cannot tell classes apart") as told:
        run(ClassifyRequest(Raster(href=demo), LABELS, model="geopix"), models, Watch())
    assert told.value.hint == "Choose one that can: compact."
    with pytest.raises(Cancelled):
        run(ClassifyRequest(Raster(href=demo), LABELS), models, listen(lambda self: True))
