"""Which questions ask for something to be measured, and what."""

from __future__ import annotations

import time

import pytest

from rsvlm.tasks.measurable import Measurable, measurable


@pytest.mark.parametrize(
    ("question", "kind", "phrases", "more"),
    [
        ("Is there a lake?", "there", ("lake",), {}),
        ("Are there any ships in the image?", "there", ("ships",), {}),
        ("Does this picture contain an airplane?", "there", ("airplane",), {}),
        ("Can swimming pools be seen in this image?", "there", ("swimming pools",), {}),
        ("Please tell me: can you see any storage tanks?", "there", ("storage tanks",), {}),
        ("Is there a road at the upper left of the image?", "there", ("road",), {"place": "top left"}),
        ("Does a building lie in the centre?", "there", ("building",), {"place": "middle"}),
        ("How many buildings are there?", "count", ("buildings",), {}),
        ("how many cars can be seen in this image", "count", ("cars",), {}),
        ("What is the number of ships in the harbour area?", "count", ("ships in the harbour area",), {}),
        ("How many buildings can you see?", "count", ("buildings",), {}),
        ("How many buildings are in the image?", "count", ("buildings",), {}),
        ("How many boats lie within this area?", "count", ("boats",), {}),
        ("How many houses are shown here?", "count", ("houses",), {}),
        ("How many ships does the picture contain?", "count", ("ships",), {}),
        ("Could you tell me how many boats there are?", "count", ("boats",), {}),
        ("Can you count the boats?", "count", ("boats",), {}),
        ("Is there any water here?", "there", ("water",), {}),
        ("Are boats visible in the image?", "there", ("boats",), {}),
        ("What is the area of the lake in hectares?", "size", ("lake",), {}),
        ("How many m² of grass are there?", "size", ("grass",), {}),
        ("What fraction of the region is grass?", "share", ("grass",), {}),
        ("Please tell me how many boats there are in total.", "count", ("boats",), {}),
        ("How much forest is in the image?", "size", ("forest",), {}),
        ("How many hectares are covered by water?", "size", ("water",), {}),
        ("How much of the image is water?", "share", ("water",), {}),
        ("What percentage is water?", "share", ("water",), {}),
        ("Are there cars in the left half of the image?", "there", ("cars",), {"place": "left half"}),
        ("How many cars are on the upper side?", "count", ("cars",), {"place": "top half"}),
        ("How large is the lake in the north?", "size", ("lake at the top",), {"compass": True}),
        ("What percentage of the image is covered by grass?", "share", ("grass",), {}),
        ("How many buildings are in the bottom-right corner?", "count", ("buildings",), {"place": "bottom right"}),
        ("How many cars are there at the top center?", "count", ("cars",), {"place": "top middle"}),
        ("Is there a car in the centre-left part of the image?", "there", ("car",), {"place": "middle left"}),
        ("How large is the lake?", "size", ("lake",), {}),
        ("How large is the largest bus?", "size", ("largest bus",), {}),
        ("How large are the lakes in the north?", "size", ("lakes at the top",), {"compass": True}),
        ("Does the image show a lake in the south?", "there", ("lake",), {"place": "bottom", "compass": True}),
        ("Are there buildings on the north side?", "there", ("buildings",), {"place": "top half", "compass": True}),
        ("How big is the smallest building?", "size", ("smallest building",), {}),
        ("What is the area of the largest lake at the top?", "size", ("largest lake at the top",), {}),
        ("How many hectares of forest are there?", "size", ("forest",), {}),
        ("How much of the image is covered by trees?", "share", ("trees",), {}),
        ("What percentage of the area is water?", "share", ("water",), {}),
        ("Are there fewer cars than houses in this image?", "number", ("cars", "houses"), {"less": True}),
        ("Is more of the image covered by water than by grass?", "area", ("water", "grass"), {}),
        ("Is the area of roads smaller than that of bare soil?", "area", ("roads", "bare soil"), {"less": True}),
        ("Are all boats to the left of the bridge?", "beside", ("boats", "bridge"), {"side": "left of", "every": True}),
        ("Is the lake below the village?", "beside", ("lake", "village"), {"side": "below"}),
        ("Is the bridge above the water?", "beside", ("bridge", "water"), {"side": "above", "heights": True}),
        ("Is the bridge left of the lake?", "beside", ("bridge", "lake"), {"side": "left of"}),
        ("Is the lake north of the village?", "beside", ("lake", "village"), {"side": "above", "compass": True}),
        (
            "Are all cars to the west of the road?",
            "beside",
            ("cars", "road"),
            {"side": "left of", "every": True, "compass": True},
        ),
        ("Is there a lake in the north of the image?", "there", ("lake",), {"place": "top", "compass": True}),
        (
            "Are there buildings in the north-east corner?",
            "there",
            ("buildings",),
            {"place": "top right", "compass": True},
        ),
        ("How many cars are in the southwestern part?", "count", ("cars",), {"place": "bottom left", "compass": True}),
        (
            "Can you see boats in the eastern half of the map?",
            "there",
            ("boats",),
            {"place": "right half", "compass": True},
        ),
        ("Is there water on the southern side?", "there", ("water",), {"place": "bottom half", "compass": True}),
    ],
)
def test_question_that_outlines_decide(question: str, kind: str, phrases: tuple[str, ...], more: dict[str, object]):
    assert measurable(question) == Measurable(kind, phrases, **more)


def test_long_text_takes_no_time():
    started = time.process_time()
    for text in ("a" + 20_000 * "!" + "a", "how many " + 5_000 * "are there " + "?", 20_000 * "- "):
        assert measurable(text) is None
    assert time.process_time() - started < 0.5


def test_several_things_by_one_phrase_are_told_as_such():
    for question, joined in (
        ("How many buildings and cars are there?", True),
        ("How much of the image is covered by buildings and trees?", True),
        ("How many sandy beaches are there?", False),
        ("Are there more buildings than trees?", False),
    ):
        asked = measurable(question)
        assert asked is not None and asked.joined == joined


@pytest.mark.parametrize(
    "question",
    [
        "What is the theme of this picture?",
        "Is this a rural or an urban area?",
        "Is it there?",
        "How many are there?",
        "How many hectares are there?",
        "Any boats?",
        "How much of it is water?",
        "How many boats are in the middle of it?",
        "How much of the image is water-free?",
        "What percentage is under water?",
        "How many near the road?",
        "How many destroyed buildings are there?",
        "Are there hundreds of boats?",
        "Are roads barely visible?",
        "How large is the second lake?",
        "How much is there?",
        "How much of the lake is here?",
        "How many cars are on the road?",
        "How much of the image is brighter?",
        "Is the road there?",
        "Any other boats?",
        "Any idea?",
        "How many  in the picture?",
        "How many people live here?",
        "Are there any signs of flooding?",
        "Are there more cars than cars?",
        "Why is the lake brown?",
        "Is there anything unusual?",
        "Is there no lake?",
        "Are there fewer than ten cars?",
        "Are there any cars or boats?",
        "Does the image show an urban or rural area?",
        "How many houses have a pool?",
        "How many lanes does the road have?",
        "How many km of road are there?",
        "Are there more buildings than last year?",
        "Is there more forest than half of the image?",
        "How many boats are in the middle of the lake?",
        "Is there a building at the top of the hill?",
        "Is there a lake north of here?",
        "Are there buildings in the north corner?",
        "How much of the lake is covered by algae?",
        "What percentage of the buildings are damaged?",
        "Which part of the image is brighter?",
        "How large is the image?",
        "How big are the smallest buildings?",
        "Is the water east of the road visible?",
        "How many largest lakes are there?",
        "How large is each building?",
        "Are there any others?",
        "",
    ],
)
def test_other_questions_are_for_words(question: str):
    assert measurable(question) is None
