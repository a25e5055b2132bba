"""Which questions ask for something to be measured, and what."""

from __future__ import annotations

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
        ("Is there a road at the upper left of the image?", "there", ("road",), {"cell": "top left"}),
        ("Does a building lie in the centre?", "there", ("building",), {"cell": "middle"}),
        ("How many buildings are there?", "count", ("buildings",), {}),
        ("how many cars can be seen in this image", "count", ("cars",), {}),
        ("What is the number of ships in the harbour area?", "count", ("ships",), {}),
        ("How many buildings are in the bottom-right corner?", "count", ("buildings",), {"cell": "bottom right"}),
        ("How large is the lake?", "size", ("lake",), {}),
        ("How many hectares of forest are there?", "size", ("forest",), {}),
        ("How much of the image is covered by trees?", "share", ("trees",), {}),
        ("What percentage of the area is water?", "share", ("water",), {}),
        ("Are there fewer cars than houses in this image?", "number", ("cars", "houses"), {"less": True}),
        ("Is more of the image covered by water than by grass?", "area", ("water", "grass"), {}),
        ("Is the area of roads smaller than that of bare soil?", "area", ("roads", "bare soil"), {"less": True}),
        ("Are all boats to the left of the bridge?", "beside", ("boats", "bridge"), {"side": "left of", "every": True}),
        ("Is the lake below the village?", "beside", ("lake", "village"), {"side": "below"}),
    ],
)
def test_question_that_outlines_decide(question: str, kind: str, phrases: tuple[str, ...], more: dict[str, object]):
    assert measurable(question) == Measurable(kind, phrases, **more)


@pytest.mark.parametrize(
    "question",
    [
        "What is the theme of this picture?",
        "Is this a rural or an urban area?",
        "Is it there?",
        "How many are there?",
        "How many  in the picture?",
        "How many people live here?",
        "Are there any signs of flooding?",
        "Are there more cars than cars?",
        "Why is the lake brown?",
        "Is there anything unusual?",
        "",
    ],
)
def test_other_questions_are_for_words(question: str):
    assert measurable(question) is None
