"""A picture and a question in, words out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.skyeye.files import FILES, save_skyeye
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.families.skyeye.predictor import SkyEyePredictor, load
from rsvlm.models.families.skyeye.words import Words
from rsvlm.models.predictors.abilities import Answers, Question
from rsvlm.protocol import Cancelled, RsvlmError

ASKED = [Question("[caption] Briefly describe this image."), Question("[refer] the plane", (("[vqa] is it ?", "yes"),))]


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsvlm.models.families.skyeye.predictor.LONGEST", 8)


@pytest.fixture
def card() -> ModelCard:
    return get_card(None).model_copy(update={"id": "sky", "family": "skyeye"})


@pytest.fixture
def asked(card: ModelCard, model: SkyEye, words: Words) -> SkyEyePredictor:
    return SkyEyePredictor(card, model, words, "cpu", cache=Cache(10**7))


@pytest.fixture
def views() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (2, 40, 70, 3)).astype(np.uint8)


def test_answer_streams_and_does_not_depend_on_company(asked: SkyEyePredictor, views: np.ndarray):
    assert isinstance(asked, Answers)
    seen = asked.encode(list(views))
    together = asked.ask(seen, ASKED)
    for one, question, reply in zip(seen, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = asked.ask([one], [question], pieces.append)[0]
        assert alone.text == reply.text == "".join(pieces) and len(pieces) > 1
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5) and 0 < alone.confidence <= 1
        assert (alone.read, alone.written) == (reply.read, reply.written) and alone.written <= 8


def test_earlier_turns_are_read_and_counted(asked: SkyEyePredictor, views: np.ndarray):
    seen = asked.encode(list(views[:1]))
    reply = asked.ask(seen, [ASKED[1]])[0]
    wanted = asked._words.questions(["[refer] the plane"], [[("[vqa] is it ?", "yes")]])
    assert reply.read == int(wanted.mask.sum())
    assert asked.usage == {"prompt_tokens": reply.read, "completion_tokens": reply.written}


def test_picture_seen_before_is_not_encoded_again(asked: SkyEyePredictor, views: np.ndarray):
    first, again = asked.encode(list(views)), asked.encode([views[1]])
    assert again[0].looked is first[1].looked and first[0].looked.shape == (1, 4, 24)


def test_pictures_are_prepared_as_clip_wants_them(asked: SkyEyePredictor):
    found = asked._pixels(np.full((50, 70, 3), 255, np.uint8))
    wanted = torch.tensor([(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711])
    assert found.shape == (1, 3, 56, 56)
    assert torch.allclose(found, wanted.view(1, 3, 1, 1).expand_as(found), atol=1e-5)


def test_caller_who_leaves_gets_nothing(asked: SkyEyePredictor, views: np.ndarray):
    heard: list[str] = []
    own = asked.until(lambda: len(heard) > 1)
    seen = own.encode(list(views[:1]))
    with pytest.raises(Cancelled):
        own.ask(seen, ASKED[:1], heard.append)
    assert asked.ask(seen, ASKED[:1])[0].written > 2, "others are still answered"


def test_card_leads_to_answers(
    card: ModelCard, model: SkyEye, words: Words, config: SkyEyeConfig, views: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setenv("RSVLM_MODELS", str(folder))
    save_skyeye(folder / "sky", model, words)
    source = card.source.model_copy(update={"path": None, "files": tuple(files_in(folder / "sky", FILES))})
    loaded = load(card.model_copy(update={"source": source}), "cpu")
    wanted = SkyEyePredictor(card, model, words, "cpu")
    assert [r.text for r in loaded.ask(loaded.encode(list(views)), ASKED)] == [
        r.text for r in wanted.ask(wanted.encode(list(views)), ASKED)
    ]


def test_question_that_leaves_no_room_is_refused(asked: SkyEyePredictor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rsvlm.models.families.skyeye.predictor.LONGEST", 8)
    seen = asked.encode([np.zeros((30, 30, 3), np.uint8)])
    assert asked.ask(seen, [Question("the plane")])[0].warnings in ((), ("The answer was cut off after 8 tokens.",))
    with pytest.raises(RsvlmError, match="too long for") as caught:
        asked.ask(seen, [Question("plane " * 130)])
    assert caught.value.code == "too_large"
