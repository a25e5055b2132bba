"""The bundled model's answers that are measured: what they say is what their outlines show."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.transform import from_origin
from shapely.geometry import LineString, mapping, shape

from rsvlm.models.cards import Calibration
from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, AskRequest, Cancelled, Raster, SegmentRequest, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.figures import ground_area
from rsvlm.tasks.measurable import measurable
from rsvlm.tasks.measured import GUESSED, HEIGHTS, NOT_DRAWN, TOO_LARGE, measured, to_measure
from rsvlm.tasks.segment import segment

DEMO = Raster(
    href=str(Path(__file__).parents[2] / "resources" / "demo" / "before.tif"),
    extent=(654350, 5318080, 654600, 5318350),  # houses, streets and the shore
)

SHORE = replace(DEMO, extent=(654500, 5318080, 654600, 5318180))  # water along all of the lower edge
HOUSES = replace(DEMO, extent=(654500, 5318250, 654600, 5318350))


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu")


def ask(models: Models, question: str, watch: Watch | None = None, raster: Raster = DEMO) -> Answer:
    return TASKS["ask"].run(AskRequest(raster, question), models, watch or Watch())


def test_number_is_that_of_the_outlines(models: Models, listen: Any):
    listener = listen()
    answer = ask(models, "How many buildings are there?", listener)
    area = sum(item.area_m2 or 0 for item in answer.evidence)
    assert answer.text == f"Buildings: {len(answer.evidence)} found, {ground_area(area)}."
    assert answer.text == "".join(listener.pieces) and listener.items == answer.evidence
    assert len(answer.evidence) > 5 and {item.label for item in answer.evidence} == {"buildings"}
    drawn = TASKS["segment"].run(SegmentRequest(DEMO, ["buildings"]), models, Watch())
    assert {str(item.geometry) for item in answer.evidence} <= {str(item.geometry) for item in drawn.evidence}
    assert answer.provenance["task"] == "ask" and answer.provenance["measured"]["kind"] == "count"
    assert answer.provenance["method"] == "probabilities" and answer.provenance["measured"]["said"]


def test_comparison_is_that_of_the_areas(models: Models):
    sizes = {}
    for phrase in ("water", "roads"):
        answer = ask(models, f"How large is the {phrase}?")
        sizes[phrase] = sum(item.area_m2 or 0 for item in answer.evidence)
        assert answer.text.endswith(f"{ground_area(sizes[phrase])}.")
    assert sizes["water"] > 2 * sizes["roads"] > 0
    assert ask(models, "Is the area of water larger than that of roads?").text.startswith("Yes. Water: ")
    assert ask(models, "Is the area of roads larger than that of water?").text.startswith("No. Roads: ")


def test_only_what_lies_there_counts(models: Models):
    everywhere = ask(models, "How many buildings are there?")
    x0, y0, x1, y1 = everywhere.provenance["extent"]
    answer = ask(models, "How many buildings are at the top left?")
    assert 0 < len(answer.evidence) < len(everywhere.evidence)
    for item in answer.evidence:
        middle = shape(item.geometry).centroid
        assert middle.x < x0 + (x1 - x0) / 3 and middle.y > y1 - (y1 - y0) / 3
    assert re.fullmatch(rf"Buildings: {len(answer.evidence)} found, .*", answer.text)


def test_size_of_one_among_others_is_measured(models: Models):
    every = ask(models, "How large are the buildings?")
    largest = ask(models, "How large is the largest building?")
    (item,) = largest.evidence
    assert largest.text == f"Largest building: 1 found, {ground_area(item.area_m2 or 0)}."
    assert item.area_m2 == pytest.approx(max(one.area_m2 or 0 for one in every.evidence), rel=0.25)


def test_north_is_up_where_it_is(models: Models, write: Any):
    for told, same in (("in the north", "at the top"), ("in the southern half", "in the lower half")):
        by_compass, by_sides = (ask(models, f"How many buildings are {place}?") for place in (told, same))
        assert by_compass.text == by_sides.text and "measured" in by_compass.provenance
    pixels = np.random.default_rng(0).integers(256, size=(3, 64, 64)).astype(np.uint8)
    turned = write(pixels, crs="EPSG:3413", transform=from_origin(1e6, 1e6, 1, 1))
    answer = ask(models, "Is there water in the north?", raster=Raster(href=turned))
    assert "measured" not in answer.provenance
    assert answer.warnings[-1].startswith(f"{GUESSED}: up is not north")


def test_above_is_no_side_of_what_may_be_meant_higher(models: Models):
    answer = ask(models, "Is the bridge above the water?", raster=SHORE)
    assert "measured" not in answer.provenance and answer.evidence == []
    assert answer.warnings[-1] == f"{GUESSED}: {HEIGHTS}"


@pytest.mark.parametrize(("width", "off"), [(2.9, 0.4), (3.9, 0.95), (5.9, 0.95)])
def test_share_of_a_narrow_area_is_of_that_area(bright: Any, write: Any, width: float, off: float):
    """An upright arm is dark, and so is half of the other."""
    pixels = np.full((3, 300, 300), 60, np.uint8)
    pixels[:, :, 150:] = 220
    x, y = 500002 + off, 5499998 - off
    line = LineString([(x, 5499700), (x, y), (500300, y)]).buffer(width / 2, cap_style="flat", join_style="mitre")
    asked = measurable("How much of the image is covered by bright roofs?")
    assert asked is not None
    request = AskRequest(Raster(href=write(pixels), area=mapping(line)), "")
    answer = measured(request, asked, Answer(text="", provenance={"model": "bright"}), bright, Watch())
    found = re.match(r"(\d+) %", answer.text)
    assert found is not None and float(found[1]) == pytest.approx(100 * 150 * width / line.area, abs=2)


def test_what_is_not_there_has_no_outlines(models: Models):
    answer = ask(models, "Is there a baseball diamond?")
    assert answer.text == "No." and answer.evidence == [] and answer.target_absent == ["baseball diamond"]


def test_what_goes_through_several_places_is_in_each_and_absent_nowhere(models: Models):
    for place, short in (("at the bottom left", "Yes."), ("at the top", "No.")):
        answer = ask(models, f"Is there water {place}?", raster=SHORE)
        assert answer.text.startswith(short) and len(answer.evidence) == (short == "Yes.")
        assert answer.target_absent == []


@pytest.mark.parametrize(
    "question", ["Are there any buildings?", "Are there buildings at the top?", "How many buildings?"]
)
def test_what_is_likelier_not_there_is_not_told_from_its_faint_outlines(
    models: Models, monkeypatch: pytest.MonkeyPatch, question: str
):
    def faint(*wanted: Any) -> Answer:
        answer = segment(*wanted)
        return replace(answer, provenance=answer.provenance | {"there": {"buildings": 0.1}})

    assert ask(models, question, raster=HOUSES).evidence
    monkeypatch.setattr("rsvlm.tasks.measured.segment", faint)
    answer = ask(models, question, raster=HOUSES)
    assert answer.text in ("No.", "Buildings: none found.") and (answer.confidence or 0) > 0.5
    assert answer.evidence == [] and answer.target_absent == ["buildings"]


def test_what_is_too_small_to_count_is_told(models: Models, monkeypatch: pytest.MonkeyPatch):
    def torn(*wanted: Any) -> Answer:
        answer = segment(*wanted)
        whole, *others = answer.evidence
        scrap = shape(whole.geometry).representative_point().buffer(0.3)
        return replace(answer, evidence=[replace(whole, geometry=mapping(scrap)), *others])

    before = ask(models, "How many buildings are there?")
    monkeypatch.setattr("rsvlm.tasks.measured.segment", torn)
    after = ask(models, "How many buildings are there?")
    assert len(after.evidence) == len(before.evidence) - 1
    (told,) = [warning for warning in after.warnings if warning.startswith("Not counted: ")]
    assert "far smaller than the others" in told and told not in before.warnings
    sheds = ask(models, "How many buildings are in the lower right corner?")  # where that one is not
    assert not any(warning.startswith("Not counted: one ") for warning in sheds.warnings)


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("Is there a bright roof at the top left?", 1),
        ("How large are the bright roofs?", 2),
        ("How much of the image is covered by bright roofs?", 2),
        ("Is the area of bright roofs larger than that of dark roofs?", 2),
        ("How many bright roofs are there?", 1),
    ],
)
def test_what_is_far_smaller_than_others_is_left_out_of_counts_alone(
    bright: Any, write: Any, question: str, number: int
):
    """A hall, and a house at the top left."""
    pixels = np.full((3, 240, 240), 60, np.uint8)
    pixels[:, 150:220, 150:220] = pixels[:, 20:34, 20:34] = 220
    asked = measurable(question)
    assert asked is not None
    request = AskRequest(Raster(href=write(pixels)), "")
    answer = measured(request, asked, Answer(text="", provenance={"model": "bright"}), bright, Watch())
    assert sum(item.phrase.startswith("bright") for item in answer.evidence) == number
    assert answer.text.startswith("Yes.") == (asked.kind == "there")
    assert any(told.startswith("Not counted: one ") for told in answer.warnings) == (asked.kind == "count")


def test_what_is_outlined_with_others_of_a_wider_name_is_not_measured(bright: Any, write: Any):
    card = bright.predictor.card.model_copy(update={"calibration": Calibration(outlined=("vehicle", "tree"))})
    raster = Raster(href=write(np.full((3, 64, 64), 60, np.uint8)))
    for name, why_not in (("trucks", [f"{GUESSED}: the model has not learnt to outline trucks."]), ("woods", [])):
        question = f"How much of the image is covered by {name}?"
        assert to_measure(AskRequest(raster, question), card, bright, Watch())[1] == why_not


def test_things_of_a_colour_are_not_counted(bright: Any, write: Any):
    """The model has learnt to outline the one red car among others, and no more of a colour."""
    card = bright.predictor.card.model_copy(update={"calibration": Calibration(outlined=("car",))})
    raster = Raster(href=write(np.full((3, 64, 64), 60, np.uint8)))

    def why_not(question: str) -> list[str]:
        return to_measure(AskRequest(raster, question), card, bright, Watch())[1]

    assert why_not("How many red cars are there?") == [f"{GUESSED}: the model has not learnt to outline red cars."]
    for question in ("How many cars are there?", "Is there a red car?", "How large is the red car?"):
        assert why_not(question) == []


@pytest.mark.parametrize("question", ["How many bright roofs are there?", "How large are the bright roofs?"])
def test_what_is_there_and_has_no_outline_is_not_counted_as_none(bright: Any, write: Any, question: str):
    asked = measurable(question)
    assert asked is not None
    pixels = np.full((3, 64, 64), 60, np.uint8)
    pixels[:, 30, 30] = 250  # too small for an outline
    words = Answer(text="Eight.", provenance={"model": "bright"})
    answer = measured(AskRequest(Raster(href=write(pixels)), ""), asked, words, bright, Watch())
    assert answer.text == "Eight." and not answer.evidence
    assert answer.warnings[-1] == f"{GUESSED}: nothing was outlined of {asked.phrases[0]}."


def test_stopped_between_two_phrases_the_words_are_the_answer(models: Models, listen: Any):
    listener = listen(lambda self: any(0 < done < total for done, total in self.steps))
    answer = ask(models, "Are there more buildings than trees near the road?", listener, SHORE)
    assert answer.partial and answer.text == "".join(listener.pieces) and "measured" not in answer.provenance
    assert f"{GUESSED}: not all of the place was outlined." in answer.warnings


def test_setting_that_was_learnt_is_not_measured_for_a_thing_that_was_not(models: Models):
    answer = ask(models, "How many ducks on the water are there?", raster=SHORE)
    assert "measured" not in answer.provenance and answer.evidence == []
    assert answer.warnings[-1] == f"{GUESSED}: the model has not learnt to outline ducks."
    assert "measured" in ask(models, "How large is the water near the pier?", raster=SHORE).provenance
    answer = ask(models, "How many tree species are there?", raster=SHORE)
    assert answer.warnings[-1] == f"{GUESSED}: the model has not learnt to outline tree species."


def test_sum_of_two_things_is_not_measured_as_one(models: Models):
    answer = ask(models, "How much of the image is covered by water and trees?", raster=SHORE)
    assert "measured" not in answer.provenance and answer.evidence == []


def test_count_of_what_is_there_and_not_outlined_is_left_to_the_words(
    models: Models, listen: Any, monkeypatch: pytest.MonkeyPatch
):
    def nothing(request: SegmentRequest, *rest: Any) -> Answer:
        return segment(replace(request, likely=1.0), *rest)

    monkeypatch.setattr("rsvlm.tasks.measured.segment", nothing)
    unseen = ask(models, "How many buildings are there?")  # there are some, and none is outlined
    assert "measured" not in unseen.provenance and unseen.evidence == []
    assert unseen.warnings[-1] == f"{GUESSED}: nothing was outlined of buildings."
    sure = ask(models, "Are there any buildings?")
    assert sure.text == "Yes." and sure.evidence == [] and sure.warnings[-1] == NOT_DRAWN
    listener = listen()
    answer = ask(models, "How many wind turbines are there?", listener)
    assert "measured" not in answer.provenance and answer.text == "".join(listener.pieces)
    assert any(said.startswith(GUESSED) and "wind turbines" in said for said in answer.warnings)
    assert answer.target_absent == [] and "measured" in ask(models, "Are there any wind turbines?").provenance


def test_what_is_outlined_by_another_name_has_been_learnt(models: Models):
    """Forest is drawn as trees are; whether there is any is told of its own name."""
    for name in ("forest", "woodland"):
        answer = ask(models, f"How much of the image is covered by {name}?")
        assert answer.provenance["measured"]["phrases"] == [name]
        assert not any("not learnt" in said for said in answer.warnings)


def test_other_questions_are_answered_in_words(models: Models, listen: Any):
    listener = listen()
    answer = ask(models, "What is the theme of this picture?", listener)
    assert "measured" not in answer.provenance and answer.text == "".join(listener.pieces)


def test_place_that_is_too_large_is_answered_in_words(models: Models, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rsvlm.tasks.measured.MOST_TILES", 1)
    answer = ask(models, "How many buildings are there?")
    assert "measured" not in answer.provenance and TOO_LARGE in answer.warnings


def test_measuring_is_stopped(models: Models, listen: Any):
    with pytest.raises(Cancelled):
        ask(models, "How many buildings are there?", listen(lambda self: True))
