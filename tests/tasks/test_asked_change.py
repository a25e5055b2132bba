"""Which questions on two dates are read as ones that outlines decide, and which are left to the model."""

from __future__ import annotations

import pytest

from rsvlm.tasks.asked_change import Asked, Kind, asked_change

THINGS = ("building", "road", "area of woodland", "area of land")
BUILT, RAZED = Kind("new", "building"), Kind("lost", "building")
ROAD, NO_ROAD = Kind("new", "road"), Kind("lost", "road")
GROWN, FELLED = Kind("new", "area of woodland"), Kind("lost", "area of woodland")
HURT = Kind("damaged", "building")
CAME = tuple(Kind("new", thing) for thing in THINGS)
WENT = tuple(Kind("lost", thing) for thing in THINGS)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What changed?", Asked("all")),
        ("What has changed between the two images?", Asked("all")),
        ("Describe the changes from the first date to the second.", Asked("all")),
        ("What is different?", Asked("all")),
        ("Has anything changed?", Asked("there")),
        ("Has this place changed? Answer yes or no.", Asked("there")),
        ("Please judge whether these two images have changed. Answer yes or no.", Asked("there")),
        ("Is there any change between these two images? Answer yes or no.", Asked("there")),
        ("Did anything change in the top left corner?", Asked("there", (), "top left")),
        ("Has anything changed in the center?", Asked("there", (), "middle")),
        ("Do the two dates differ in buildings or roads?", Asked("there", (BUILT, ROAD, RAZED, NO_ROAD))),
        ("Are there any new roads?", Asked("there", (ROAD,))),
        ("Is there a new building at the top-left?", Asked("there", (BUILT,), "top left")),
        ("Was any woodland cleared?", Asked("there", (FELLED,))),
        ("Have trees disappeared at the left?", Asked("there", (FELLED,), "left")),
        ("Was anything demolished?", Asked("there", (RAZED, NO_ROAD))),
        ("Did anything disappear?", Asked("there", WENT)),
        ("Has anything been felled?", Asked("there", (FELLED,))),
        ("Is there anything new?", Asked("there", CAME)),
        ("How many new buildings are there?", Asked("count", (BUILT,))),
        ("How many houses were built since then?", Asked("count", (BUILT,))),
        ("Count the new buildings and roads.", Asked("count", (BUILT, ROAD))),
        ("How many new and lost buildings are there? Count each class.", Asked("count", (BUILT, RAZED))),
        ("Tell the number of lost buildings, roads and areas of woodland.", Asked("count", (RAZED, NO_ROAD, FELLED))),
        (
            "Count the new buildings, roads and areas of woodland in the later image.",
            Asked("count", (BUILT, ROAD, GROWN)),
        ),
        ("Where are the new buildings?", Asked("where", (BUILT,))),
        ("Where were houses demolished?", Asked("where", (RAZED,))),
        ("Where did anything change?", Asked("where")),
        ("Outline the damaged buildings.", Asked("where", (HURT,))),
        ("Which houses were damaged?", Asked("where", (HURT,))),
        ("Are any buildings damaged in the later image? Answer yes or no.", Asked("there", (HURT,))),
        ("How many buildings have been damaged at the left?", Asked("count", (HURT,), "left")),
        ("Show me the damaged or destroyed buildings", Asked("where", (RAZED, HURT))),
        ("Which roads were built?", Asked("where", (ROAD,))),
        ("Where is the largest lost area of woodland?", Asked("most", (FELLED,))),
        ("In which part of the image did most of the change take place?", Asked("most")),
        ("How much of the image has changed?", Asked("share")),
        ("How much forest was lost?", Asked("size", (FELLED,))),
        (
            "In which cells of a 3x3 grid (top, center, bottom; left, center, right) are there new buildings and roads?",
            Asked("grid", (BUILT, ROAD)),
        ),
        (
            "Locate the lost buildings by the cells of a 3x3 grid, from top-left to bottom-right.",
            Asked("grid", (RAZED,)),
        ),
    ],
)
def test_question_is_read(question: str, asked: Asked):
    assert asked_change(question, THINGS) == asked


@pytest.mark.parametrize(
    "question",
    [
        "Is there a building?",  # on one date
        "How many buildings were there before?",
        "Are there any roads in the second image?",
        "Where is the road?",
        "How many new cars are there?",  # of what was not learnt
        "Are there more cars in the later image than before?",
        "What colour are the new buildings?",  # of what outlines do not tell
        "Are the new buildings white?",
        "How many new buildings are larger than 100 m²?",
        "Who built the road?",
        "Outline the buildings.",
        "Was anything damaged?",  # what gave way to something else is not
        "Outline the damaged woodland.",
        "Do the images differ in damaged buildings?",
        "Which buildings are there?",
        "Why?",
        "Is there no change?",
        "Were two houses built?",
        "Were all houses built by 2020?",
        "Are there both new buildings and new roads?",  # one and the other at once
        "Are there new buildings and roads?",
        "Are there new buildings in the woodland?",
        "Was the forest changed to land?",
        "Was land cleared?",  # which is no bare land that went
        "Was water built?",
        "How many lost?",
        "Where are the new?",
        "How much forest was lost at the top left?",
        "Have all buildings been demolished?",
        "Is the house destroyed?",
        "Were any houses built (after 2020)?",
        "Has the number of buildings changed?",
        "Is there a new building in the north?",  # up may be another direction
        "Is there a new building at the bottom left or at the top left?",
        "How much has changed at the top left?",
        "What percentage of the buildings is new?",
        "Which are more, the new roads or the lost buildings?",
        "Did the new buildings disappear?",
        "a new building " * 40,
    ],
)
def test_what_outlines_do_not_decide_is_left_to_the_model(question: str):
    assert asked_change(question, THINGS) is None
