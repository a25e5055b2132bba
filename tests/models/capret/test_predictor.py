"""A picture and a question in, words out; pictures and texts in one space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.capret.files import FILES, save_capret
from rsvlm.models.families.capret.network import CapRet
from rsvlm.models.families.capret.predictor import ASKS, CapRetPredictor, load
from rsvlm.models.families.capret.words import Words
from rsvlm.models.importing import Wish, import_model
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers, Embeds, Question
from rsvlm.protocol import Raster, RsvlmError, Watch
from rsvlm.tasks.embed import embed

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
    assert asked.usage["prompt_tokens"] == 2 * (1 + 4) + 4 + 42, (
        "patches and a class token; words whole, between two tokens"
    )
    with pytest.raises(RsvlmError, match="longer than 128 tokens"):
        asked.embed_texts(["forest " * 200])


def test_picture_is_found_by_a_text_and_the_other_way(
    card: ModelCard, model: CapRet, words: Words, views: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As an index or /v1/embeddings asks, by the model's id."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    save_capret(tmp_path / "kept", model, words)
    report, made = import_model(tmp_path / "kept", Wish("cap", "capret", "RS-CapRet", "MIT", ""))
    assert report.fits and made is not None and made.tasks[2:] == ("embed", "classify", "localize")
    Image.fromarray(views[0]).save(tmp_path / "place.png")
    found = embed(["a port", Raster(href=str(tmp_path / "place.png"))], "cap", Models("cpu"), Watch())
    asked = CapRetPredictor(card, model, words, "cpu")
    assert np.allclose(found.vectors[0], asked.embed_texts(["a port"])[0], atol=1e-5)
    assert found.vectors.shape == (2, 8) and np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert found.tokens == 4 + 5 and found.model == "cap"


def test_classes_are_told_apart_by_what_the_contrast_has_learnt(
    asked: CapRetPredictor, model: CapRet, views: np.ndarray
):
    seen, labels = asked.encode(list(views)), ["port", "Dense_Forest", "lake"]
    found = asked.zero_shot(seen, labels)
    rows = []
    for name in ("port", "dense forest", "lake"):
        mean = asked.embed_texts([name, f"a {name}", f"many {name}"]).mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    logits = model.logit_scale.exp().item() * asked.embed_images(seen) @ np.stack(rows).T
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, likely / likely.sum(axis=1, keepdims=True), atol=1e-5)
    many = asked.zero_shot(seen[:1], [*labels, *(f"{number} houses" for number in range(20))])
    assert many.shape == (1, 23) and many.sum() == pytest.approx(1, abs=1e-5)


def test_answer_that_asks_for_a_picture_says_so(asked: CapRetPredictor, model: CapRet, views: np.ndarray):
    seen = asked.encode(list(views[:1]))
    assert asked.ask(seen, ASKED[:1])[0].warnings == ("The answer was cut off after 8 tokens.",)
    with torch.no_grad():
        states = model.language.read(model.sequence(asked._words.questions(["<image>"]).ids, seen[0].looked))[1]
        model.retrieval_token.head.copy_(100 * states[0, -1])
    reply = asked.ask(seen, ASKED[:1])[0]
    assert reply.written == 1 and reply.warnings == (ASKS,)
    with pytest.raises(RsvlmError, match="too long for cap"):
        asked.ask(seen, [Question("forest " * 130)])


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
