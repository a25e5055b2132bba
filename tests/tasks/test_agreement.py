"""Numbers in words and numbers of outlines are held against each other, and nothing else is taken for a number."""

from __future__ import annotations

import pytest

from rsvlm.tasks.agreement import classes_named, disagreement, said, spelled


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Two buildings were built.", 2),
        ("There are 14 cars.", 14),
        ("There is no difference.", 0),
        ("Nothing has changed.", 0),
        ("The scene shows a road.", None),
        ("Two houses and one road.", None),
        ("The lake covers 40 % of the area.", None),
        ("A road of 200 m.", None),
        ("Built in 2019.", None),
        ("It is [1].", None),
        ("About 3.5 ha of forest.", None),
        ("The 2nd house.", None),
        ("Twenty-three.", 23),
        ("About twenty eight boats.", 28),
        ("Nineteen cars and a road.", 19),
        ("Two hundred houses.", None),
        ("Two hundred and five houses.", None),
        ("Twenty-three percent.", None),
        ("About twenty five hectares.", None),
        ("The twenty-first house.", None),
        ("The thirty fourth car.", None),
        ("forty-two km", None),
        ("", None),
    ],
)
def test_the_one_number_of_a_text_is_found(text: str, number: int | None):
    assert said(text) == number


def test_numbers_are_spelled_as_they_are_read():
    assert [spelled(number) for number in (1, 12, 13, 20, 21, 99, 100)] == [
        "one", "twelve", "thirteen", "twenty", "twenty-one", "ninety-nine", "100",
    ]  # fmt: skip
    assert all(said(f"{spelled(number)} boats") == number for number in range(1, 120))


def test_disagreement_is_a_sentence():
    assert disagreement("Two lakes.", 5, "mask") == "The text says two, but by the mask there are five."
    assert disagreement("No lake.", 1, "mask") == "The text says none, but by the mask there is one."
    assert disagreement("Two lakes.", 30, "boxes") == "The text says two, but by the boxes there are 30."
    assert disagreement("Two lakes.", 2, "mask") is None and disagreement("Lakes.", 5, "mask") is None


SCENES = {"golfcourse": "a golf course", "farmland": "farmland", "playground": "a sports ground", "pond": "a pond"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("This is a golf course .", {"a golf course"}), ("Some farmlands lie by a Pond.", {"farmland", "a pond"}),
        ("Many planes are parked on farm land.", {"farmland"}), ("Ponderous clouds.", set()), ("", set()),
    ],
)  # fmt: skip
def test_classes_are_known_by_their_names_in_any_number_of_words(text: str, named: set[str]):
    assert classes_named(text, SCENES) == named
