"""A picture and a question in, words out; pictures and texts in one space."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.capret.files import FILES, save_capret
from rsvlm.models.families.capret.network import CapRet
from rsvlm.models.families.capret.predictor import CapRetPredictor, load
from rsvlm.models.families.capret.words import Words
from rsvlm.models.predictors.abilities import Answers, Embeds, Question

ASKED = [Question(""), Question("what is here ?", (("describe", "a port"),))]


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsvlm.models.families.capret.predictor.LONGEST", 8)


@pytest.fixture
def card() -> ModelCard:
    return get_card(None).model_copy(update={"id": "cap", "family": "capret"})


@pytest.fixture
def asked(card: ModelCard, model: CapRet, words: Words) -> CapRetPredictor:
    return CapRetPredictor(card, model, words, "cpu", cache=Cache(10**7))


@pytest.fixture
def views() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (2, 40, 70, 3)).astype(np.uint8)


def test_answer_streams_and_does_not_depend_on_company(asked: CapRetPredictor, views: np.ndarray):
    assert isinstance(asked, Answers) and isinstance(asked, Embeds)
    seen = asked.encode(list(views))
    together = asked.ask(seen, ASKED)
    assert together[0].read == 2 and together[1].read == 2 + 7, "picture and beginning; with both turns before"
    for one, question, reply in zip(seen, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = asked.ask([one], [question], pieces.append)[0]
        assert alone.text == reply.text == "".join(pieces) and len(pieces) > 1
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5)
        assert (alone.read, alone.written) == (reply.read, reply.written) and alone.written <= 8


def test_pictures_and_texts_meet_in_one_space(asked: CapRetPredictor, model: CapRet, words: Words, views: np.ndarray):
    seen = asked.encode(list(views))
    images, texts = asked.embed_images(seen), asked.embed_texts(["a port", "forest " * 40])
    assert images.shape == texts.shape == (2, 8) and images.dtype == np.float32
    assert np.allclose(np.linalg.norm(np.concatenate([images, texts]), axis=1), 1, atol=1e-5)
    with torch.no_grad():
        wanted = model.embed_texts(words.captions(["a port"]))[0].numpy()
    assert np.allclose(texts[0], wanted, atol=1e-5)
    assert asked.usage["prompt_tokens"] == 4 + 24


def test_card_leads_to_answers(
    card: ModelCard, model: CapRet, words: Words, views: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setenv("RSVLM_MODELS", str(folder))
    save_capret(folder / "cap", model, words)
    source = card.source.model_copy(update={"path": None, "files": tuple(files_in(folder / "cap", FILES))})
    loaded = load(card.model_copy(update={"source": source}), "cpu")
    wanted = CapRetPredictor(card, model, words, "cpu")
    assert [r.text for r in loaded.ask(loaded.encode(list(views)), ASKED)] == [
        r.text for r in wanted.ask(wanted.encode(list(views)), ASKED)
    ]
