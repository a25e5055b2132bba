"""Boxes around what phrases name: polygons on the map, absence and what cannot be read are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, shape

from rsvlm.models.pool import Models
from rsvlm.protocol import GroundRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS

run = TASKS["ground"].run


def test_boxes_are_polygons_on_the_map(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray], listen: Any
):
    add_family("geopix", ["Two:", "{<0><0><50><25>}", "{<10><75><20><100>}"])
    listener = listen()
    place = Raster(href=write(landscape(128, 256)))
    answer = run(GroundRequest(place, ["houses"], "geopix"), Models("cpu"), listener)
    assert answer.text == "houses: 2 found." == "".join(listener.pieces)
    assert answer.structured["phrases"][0]["area_m2"] is None, "boxes hold more than the things"
    first, second = (shape(item.geometry) for item in answer.evidence)
    assert first.equals(box(500000, 5499968, 500128, 5500000))
    wanted = box(500025.6, 5499872, 500051.2, 5499904)
    assert second.symmetric_difference(wanted).area == pytest.approx(0, abs=1e-3)
    assert {(item.kind, item.label) for item in answer.evidence} == {("box", "houses")}
    assert answer.evidence[0].area_m2 == pytest.approx(128 * 32, rel=2e-3)
    assert answer.provenance["prompt"] == ["[refer] houses"] and not any(
        "text says" in text for text in answer.warnings
    )


def test_part_of_a_raster_has_its_boxes_in_that_part(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["{<0><0><100><100>}"])
    place = Raster(href=write(landscape(128, 128)), extent=(500020, 5499900, 500084, 5499964))
    answer = run(GroundRequest(place, ["lake"], "geopix"), Models("cpu"), Watch())
    assert shape(answer.evidence[0].geometry).equals(box(500020, 5499900, 500084, 5499964))


def test_absent_and_unreadable_are_told(
    add_family: Callable[..., Any], write: Callable[..., str], landscape: Callable[..., np.ndarray]
):
    add_family("geopix", ["{<10><20>}"])
    answer = run(GroundRequest(Raster(href=write(landscape(128, 128))), ["lake"], "geopix"), Models("cpu"), Watch())
    assert answer.target_absent == ["lake"] and answer.text == "lake: none found."
    assert "The model wrote a box that cannot be read: “{<10><20>}”." in answer.warnings


def test_model_that_cannot_is_refused(add_family: Callable[..., Any]):
    add_family("mmodalcc", ["a"])
    with pytest.raises(RsvlmError, match="The model mmodalcc cannot draw boxes"):
        run(GroundRequest(Raster(href="nowhere.tif"), ["lake"], "mmodalcc"), Models("cpu"), Watch())
