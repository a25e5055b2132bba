"""Pictures and questions in, words and masks out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.predictor import DeltaVlmPredictor
from rsvlm.models.families.deltavlm.words import Words
from rsvlm.models.predictors.abilities import ChangeAnswers, ChangeMasks, Question
from rsvlm.protocol import Cancelled, RsvlmError

ASKED = [Question("Please briefly describe."), Question("How many new buildings?", (("Changed?", "yes"),))]


@pytest.fixture
def card() -> ModelCard:
    return get_card(None).model_copy(update={"id": "delta", "family": "deltavlm"})


@pytest.fixture
def asked(card: ModelCard, model: DeltaVlm, words: Words) -> DeltaVlmPredictor:
    with torch.no_grad():
        model.llm_model.lm_head.weight[259:280].mul_(30)  # it speaks in words
    return DeltaVlmPredictor(card, model, words, "cpu", cache=Cache(10**7))


@pytest.fixture
def before(pictures: np.ndarray) -> np.ndarray:
    return pictures[:2]


@pytest.fixture
def after(pictures: np.ndarray) -> np.ndarray:
    return pictures[2:]


def test_answer_streams_and_does_not_depend_on_company(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    assert isinstance(asked, ChangeAnswers) and isinstance(asked, ChangeMasks)
    pairs = asked.encode(before, after)
    together = asked.ask(pairs, ASKED)
    assert [reply.text for reply in together] and together[0].text != together[1].text
    for pair, question, reply in zip(pairs, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = asked.ask([pair], [question], pieces.append)[0]
        assert alone.text == reply.text == "".join(pieces) and len(pieces) > 1
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5) and 0 < alone.confidence <= 1
        assert (alone.read, alone.written) == (reply.read, reply.written) and alone.written <= 16


def test_question_in_its_dialogue_is_what_is_read(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    pair = asked.encode(before[:1], after[:1])
    first, second = (asked.ask(pair, [question])[0] for question in ASKED)
    read = [len(asked._words.questions([text]).ids[0]) + 4 for text in (
        "q please briefly describe", "q changed? a yes q how many new buildings?"
    )]  # fmt: skip
    assert [first.read, second.read] == read
    assert asked.usage == {"prompt_tokens": sum(read), "completion_tokens": first.written + second.written}


def test_dates_seen_before_are_not_encoded_again(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    first = asked.encode(before, after)
    again = asked.encode(before[1:], after[1:])
    turned = asked.encode(after[:1], before[:1])
    assert again[0].pair is first[1].pair
    assert torch.equal(turned[0].pair.before, first[0].pair.after) and turned[0].key != first[0].key


def test_style_of_questions_is_the_configuration_s(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    """The release puts its questions in one way in training, in another in its tests, and as they were typed in its script."""
    pair, read = asked.encode(before[:1], after[:1]), {}
    for style in ("dialogue", "plain", "raw"):
        asked._model.config = replace(asked._model.config, style=style)
        read[style] = asked.ask(pair, [Question("Please, how many?")])[0].read
    texts = {"dialogue": "q please, how many?", "plain": "please, how many?", "raw": "Please, how many?"}
    assert read == {style: len(asked._words.questions([text]).ids[0]) + 4 for style, text in texts.items()}


def test_question_that_leaves_no_room_is_refused(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    with pytest.raises(RsvlmError, match="too long for delta") as caught:
        asked.ask(asked.encode(before, after), [ASKED[0], Question("please " * 120)])
    assert caught.value.code == "too_large"


def searching(asked: DeltaVlmPredictor, beams: int) -> DeltaVlmPredictor:
    asked._model.config = replace(asked._model.config, beams=beams)
    return asked


def test_several_beams_say_all_at_once(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray):
    pairs = searching(asked, 3).encode(before, after)
    pieces: list[str] = []
    alone = asked.ask(pairs[:1], ASKED[:1], pieces.append)[0]
    assert alone.text == "".join(pieces) == asked.ask(pairs, ASKED)[0].text and 0 < alone.confidence <= 1


@pytest.mark.parametrize("beams", [1, 3])
def test_answer_stops_at_the_next_word(asked: DeltaVlmPredictor, before: np.ndarray, after: np.ndarray, beams: int):
    pairs = searching(asked, beams).encode(before, after)
    polls = []
    with pytest.raises(Cancelled):
        asked.until(lambda: polls.append(1) or len(polls) > 6).ask(pairs, ASKED)
    assert asked.ask(pairs, ASKED)


def test_masks_come_from_a_model_that_draws_them(
    asked: DeltaVlmPredictor,
    card: ModelCard,
    config: DeltaVlmConfig,
    words: Words,
    before: np.ndarray,
    after: np.ndarray,
):
    torch.manual_seed(0)
    drawing = DeltaVlmPredictor(card, DeltaVlm(replace(config, mask_hidden=64)).eval(), words, "cpu")
    masks = drawing.change_masks(drawing.encode(before, after), 48)
    assert masks.shape == (2, 48, 48) and masks.dtype == np.float32 and 0 <= masks.min() < masks.max() <= 1
    alone = drawing.change_masks(drawing.encode(before[1:], after[1:]), 48)
    assert np.allclose(masks[1], alone[0], atol=1e-5)
    with pytest.raises(RsvlmError, match="answers in words and draws no masks"):
        asked.change_masks(asked.encode(before, after), 48)
