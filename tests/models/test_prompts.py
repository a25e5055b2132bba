"""How a question is put: by the card's template of its kind, or by the one that stands in for it."""

from __future__ import annotations

import pytest

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.huggingface.words import card_fields
from rsvlm.models.prompts import put

LOCATE_SHIPS = "Locate every ship in the image. Report the bounding boxes as JSON, with bbox_2d and label."
BRIEFLY = "Describe this image briefly."


def asking(family: str, **prompts: str) -> ModelCard:
    return get_card(None).model_copy(update={"family": family, "prompts": prompts})


def of_transformers(architecture: str) -> ModelCard:
    return asking("huggingface", **card_fields(architecture, 32)["prompts"])


@pytest.mark.parametrize(
    ("architecture", "asked"),
    [
        ("qwen2_5_vl", LOCATE_SHIPS),
        ("qwen3_vl", LOCATE_SHIPS),
        ("paligemma", "detect ship"),
        ("florence2", "<CAPTION_TO_PHRASE_GROUNDING>ship"),
    ],
)
def test_phrase_is_referred_to_in_the_words_for_grounding(architecture: str, asked: str):
    card = of_transformers(architecture)
    assert put(card, "refer", "ship") == put(card, "vqa", "[refer] ship") == asked


def test_words_for_referring_come_before_those_for_grounding():
    assert put(asking("skyeye", refer="where is {text}", grounding="all {text}"), "refer", "ship") == "where is ship"
    assert put(asking("skyeye"), "refer", "ship") == "ship"
    assert put(asking("skyeye"), "vqa", "[refer] ship") == "[refer] ship"


@pytest.mark.parametrize(
    ("architecture", "asked"),
    [
        ("qwen3_vl", BRIEFLY),
        ("llava", BRIEFLY),
        ("instructblip", BRIEFLY),
        ("florence2", "<MORE_DETAILED_CAPTION>"),
        ("paligemma", "caption en"),
        ("blip-2", "a photo of"),
    ],
)
def test_caption_is_asked_for_in_words(architecture: str, asked: str):
    assert card_fields(architecture, 32)["prompts"]["caption"] == asked
    assert put(of_transformers(architecture), "caption") == asked


def test_words_for_captions_stand_beside_the_others():
    assert put(of_transformers("qwen3_vl"), "grounding", "ship") == LOCATE_SHIPS
    assert put(of_transformers("blip-2"), "vqa", "where?") == "Question: where? Answer:"


def test_card_of_transformers_without_words_for_captions_asks_in_words_and_others_ask_nothing():
    """As cards were written before."""
    assert put(asking("huggingface", grounding="Locate {text}"), "caption") == BRIEFLY
    assert put(asking("capret"), "caption") == ""
