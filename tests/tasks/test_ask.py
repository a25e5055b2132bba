"""A question about one place: the answer streams, points at places on the map, and tells its doubts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, shape

from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.pool import Models
from rsvlm.protocol import AskRequest, Cancelled, DescribeRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS

run = TASKS["ask"].run


@pytest.fixture
def place(write: Callable[..., str], landscape: Callable[..., np.ndarray]) -> Raster:
    """128 x 128 m from (500000, 5500000)."""
    return Raster(href=write(landscape(128, 128)))


def test_answer_streams_in_words(add_family: Callable[..., Any], place: Raster, listen: Any):
    add_family("geopix", ["two", "houses", "beside", "the", "road"])
    listener = listen()
    answer = run(AskRequest(place, "How many houses?", model="geopix"), Models("cpu"), listener)
    assert answer.text == "".join(listener.pieces) == "Two houses beside the road." and len(listener.pieces) > 2
    assert answer.evidence == [] and answer.provenance["prompt"] == "[vqa] How many houses?"
    assert answer.provenance["task"] == "ask" and answer.provenance["extent"] == [500000, 5499872, 500128, 5500000]
    assert answer.usage["completion_tokens"] == 6 and 0 < answer.confidence <= 1
    assert set(answer.timings) == {"read", "model", "total"}


def test_box_in_the_answer_is_a_polygon_on_the_map_and_a_number_in_the_text(
    add_family: Callable[..., Any], place: Raster, listen: Any
):
    add_family("geopix", ["beside", "it", "{<25><50><75><100>}", "lies", "water"])
    listener = listen()
    answer = run(AskRequest(place, "Where?", model="geopix"), Models("cpu"), listener)
    assert answer.text == "".join(listener.pieces) == "Beside it [1] lies water."
    assert [(item.kind, item.label) for item in answer.evidence] == [("box", "[1]")]
    assert shape(answer.evidence[0].geometry).equals(box(500032, 5499872, 500096, 5499936))
    assert answer.evidence[0].area_m2 == pytest.approx(64 * 64, rel=2e-3)
    assert listener.items == answer.evidence


def test_mask_in_the_answer_is_outlined(add_family: Callable[..., Any], place: Raster):
    add_family("geopix", ["Here:", *SEGS])
    answer = run(AskRequest(place, "Where is water?", model="geopix"), Models("cpu"), Watch())
    assert answer.text == "Here: [1]." and {item.label for item in answer.evidence} == {"[1]"}
    assert all(item.kind == "mask" and shape(item.geometry).is_valid for item in answer.evidence)


def test_box_that_cannot_be_read_is_told(add_family: Callable[..., Any], place: Raster):
    add_family("geopix", ["at", "{<25><50><75>}"])
    answer = run(AskRequest(place, "Where?", model="geopix"), Models("cpu"), Watch())
    assert answer.evidence == [] and answer.text == "At."
    assert "The model wrote a box that cannot be read: “{<25><50><75>}”." in answer.warnings


def test_tag_of_the_user_is_kept(add_family: Callable[..., Any], place: Raster):
    add_family("geopix", ["houses"])
    asked = AskRequest(place, "[identify] {<1><2><3><4>}", model="geopix")
    assert run(asked, Models("cpu"), Watch()).provenance["prompt"] == "[identify] {<1><2><3><4>}"


def test_earlier_turns_that_a_model_does_not_read_are_told(add_family: Callable[..., Any], place: Raster):
    add_family("geopix", ["houses"])
    asked = AskRequest(place, "And now?", (("What is it?", "A road."),), "geopix")
    warnings = run(asked, Models("cpu"), Watch()).warnings
    assert "The model geopix takes each question by itself; earlier ones were not read to it." in warnings


def test_question_is_stopped(add_family: Callable[..., Any], place: Raster, listen: Any):
    add_family("geopix", ["two", "houses"])
    with pytest.raises(Cancelled):
        run(AskRequest(place, "What?", model="geopix"), Models("cpu"), listen(lambda self: bool(self.pieces)))


def test_empty_question_and_unable_model_are_refused(add_family: Callable[..., Any], place: Raster):
    add_family("deltavlm", ["houses"])
    with pytest.raises(RsvlmError, match="There is no question"):
        run(AskRequest(place, " ", model="deltavlm"), Models("cpu"), Watch())
    with pytest.raises(RsvlmError, match="The model deltavlm cannot answer questions"):
        run(AskRequest(place, "What?", model="deltavlm"), Models("cpu"), Watch())


def test_model_of_words_alone_describes_a_place(add_family: Callable[..., Any], place: Raster):
    add_family("geopix", ["two", "houses"])
    models = Models("cpu")
    answer = TASKS["describe"].run(DescribeRequest(place, "brief", "geopix"), models, Watch())
    assert answer.text == "Two houses." and answer.provenance["prompt"] == "[caption] Describe it."
    assert answer.provenance["task"] == "describe"
    with pytest.raises(RsvlmError, match="describes in words alone"):
        TASKS["describe"].run(DescribeRequest(place, "structured", "geopix"), models, Watch())
