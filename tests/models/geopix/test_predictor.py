"""Pictures and questions in, words and masks out."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.geopix.files import save_geopix
from rsvlm.models.families.geopix.learner import GeoPixLearner
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig, Targets
from rsvlm.models.families.geopix.predictor import LONGEST, GeoPixPredictor, load
from rsvlm.models.families.geopix.words import END, IMAGE, SEGS, Words
from rsvlm.models.learning import Example
from rsvlm.models.parts.clip_pixels import DEVIATION, MEAN
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import Cancelled, RsvlmError

ASKED = [
    Question("[segment] Can you segment the lake ?"),
    Question("[segment] Can you segment the lake and the road ?"),
]


def parrot(model: GeoPix, words: Words, *says: str) -> None:
    """From now on it says that and then the end, whatever it is asked: each word calls for the next, and comes once."""
    tokens = [words.tokenizer.token_to_id(word) for word in (*says, END)]
    asked = words.tokenizer.token_to_id("ASSISTANT:")
    table = model.llava.get_input_embeddings().weight
    with torch.no_grad():
        table.copy_(torch.nn.functional.normalize(table))
        for layer in model.llava.model.language_model.layers:  # what a word means is all that is left
            layer.self_attn.o_proj.weight.mul_(0.01)
            layer.mlp.down_proj.weight.mul_(0.01)
        head = model.llava.lm_head.weight
        head.mul_(0.01)
        for before, after in zip((asked, *tokens[:-1]), tokens, strict=True):
            head[after] += 10 * table[before]


@pytest.fixture
def card() -> ModelCard:
    return get_card(None).model_copy(update={"id": "geo", "family": "geopix"})


@pytest.fixture
def asked(card: ModelCard, model: GeoPix, words: Words) -> GeoPixPredictor:
    parrot(model, words, "it", "is", *SEGS)
    return GeoPixPredictor(card, model, words, "cpu", cache=Cache(10**7))


@pytest.fixture
def seen() -> list[np.ndarray]:
    """Two pictures of different sizes."""
    pictures = np.random.default_rng(4).integers(0, 255, (2, 128, 128, 3)).astype(np.uint8)
    return [pictures[0], pictures[1][:90]]


def test_answer_has_a_mask_on_the_pictures_pixels(asked: GeoPixPredictor, seen: list[np.ndarray]):
    replies = asked.ask(asked.encode(seen), ASKED)
    assert [reply.text for reply in replies] == ["it is [1]"] * 2
    assert [reply.masks.shape for reply in replies] == [(1, 128, 128), (1, 90, 128)]
    for reply in replies:
        assert reply.masks.dtype == np.float32 and 0 <= reply.masks.min() < reply.masks.max() <= 1
        assert reply.quality.shape == (1,) and 0 < reply.confidence <= 1
        assert reply.written == 9
    assert asked.usage == {"prompt_tokens": sum(reply.read for reply in replies), "completion_tokens": 18}


def test_answer_streams_and_does_not_depend_on_company(asked: GeoPixPredictor, seen: list[np.ndarray]):
    shown = asked.encode(seen)
    together = asked.ask(shown, ASKED)
    for picture, question, reply in zip(shown, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = asked.ask([picture], [question], pieces.append)[0]
        assert "".join(pieces) == "It is [1]."
        assert alone.text == reply.text and alone.read == reply.read
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5)
        np.testing.assert_allclose(alone.masks, reply.masks, atol=1e-5)


def test_class_in_the_question_changes_the_mask(asked: GeoPixPredictor, seen: list[np.ndarray]):
    picture = asked.encode(seen[:1])
    nothing, lake, road, both, unknown = (
        asked.ask(picture, [Question(f"[segment] {phrase}")])[0].masks
        for phrase in ("", "the Lakes ?", "the road ?", "the lake and the road ?", "Can you segment it ?")
    )
    assert np.abs(nothing - lake).max() > 1e-4 and np.abs(lake - road).max() > 1e-4
    # several classes that the answer does not tell apart, and none that is known: the last place
    np.testing.assert_allclose(both, unknown, atol=1e-2)


def test_each_target_has_the_class_that_the_answer_names(
    card: ModelCard, model: GeoPix, words: Words, seen: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    """Text and masks in turns; the words of each target are those before it."""
    predictor = GeoPixPredictor(card, model, words, "cpu")
    pictures = predictor.encode(seen)
    spoken = [word for name in ("lake", "road") for word in ("the", name, *SEGS)]
    ids = torch.tensor([[words.tokenizer.token_to_id(word) for word in (*spoken, END)]] * 2)
    states = torch.randn(2, ids.shape[1], 32)
    monkeypatch.setattr(model, "generate", lambda *arguments, **options: (ids, states))
    given: list[list[int]] = []
    masks = model.masks
    monkeypatch.setattr(
        model,
        "masks",
        lambda looked, targets, classes: given.append(classes.tolist()) or masks(looked, targets, classes),
    )
    replies = predictor.ask(pictures, [Question("the road"), Question("")])
    assert [reply.text for reply in replies] == ["the lake [1] the road [2]"] * 2
    assert [reply.masks.shape for reply in replies] == [(2, 128, 128), (2, 90, 128)]
    assert given == [[0, 1, 0, 1]]
    assert np.abs(replies[0].masks[0] - replies[0].masks[1]).max() > 1e-4


def test_answer_without_targets_has_no_mask(card: ModelCard, model: GeoPix, words: Words, seen: list[np.ndarray]):
    parrot(model, words, "No", "lake", *SEGS[:5], "is")
    predictor = GeoPixPredictor(card, model, words, "cpu")
    pieces: list[str] = []
    reply = predictor.ask(predictor.encode(seen[:1]), ASKED[:1], pieces.append)[0]
    assert reply.text == "No lake is" and "".join(pieces) == "No lake is."
    assert reply.masks.shape == (0, 128, 128) and reply.quality.shape == (0,) and reply.warnings == ()


def test_question_cannot_speak_for_the_model(asked: GeoPixPredictor, seen: list[np.ndarray]):
    """Neither a second picture, nor an end or a target in the middle of a question; also not when put together."""
    picture = asked.encode(seen[:1])
    plain = asked.ask(picture, [Question("the lake ?")])[0]
    meddling = asked.ask(picture, [Question(f"the <ima{IMAGE}ge> {IMAGE} {END} {SEGS[0]} lake ?")])[0]
    assert meddling.text == plain.text and meddling.read > plain.read


def test_question_without_end_is_refused(asked: GeoPixPredictor, seen: list[np.ndarray]):
    with pytest.raises(RsvlmError, match="The question is too long for geo") as told:
        asked.ask(asked.encode(seen[:1]), [Question("lake " * 1000)])
    assert told.value.code == "too_large"


def test_answer_that_does_not_end_is_told(card: ModelCard, model: GeoPix, words: Words, seen: list[np.ndarray]):
    parrot(model, words, "it", "is")
    with torch.no_grad():
        model.llava.lm_head.weight[words.end] = 0
    predictor = GeoPixPredictor(card, model, words, "cpu")
    reply = predictor.ask(predictor.encode(seen[:1]), ASKED[:1])[0]
    assert reply.written == LONGEST and reply.warnings == ("The answer was cut off after 256 tokens.",)


def test_three_together_are_three_alone(asked: GeoPixPredictor, seen: list[np.ndarray]):
    shown = [*asked.encode(seen), *asked.encode([seen[0][40:100, 10:120]])]
    questions = [*ASKED, Question("the road")]
    for picture, question, reply in zip(shown, questions, asked.ask(shown, questions), strict=True):
        alone = asked.ask([picture], [question])[0]
        assert (alone.text, alone.read, alone.written) == (reply.text, reply.read, reply.written)
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5)
        np.testing.assert_allclose(alone.masks, reply.masks, atol=1e-5)
        np.testing.assert_allclose(alone.quality, reply.quality, atol=1e-5)


def test_picture_is_seen_once(asked: GeoPixPredictor, seen: list[np.ndarray], monkeypatch: pytest.MonkeyPatch):
    first = asked.encode(seen)
    monkeypatch.setattr(asked, "_encode", lambda rows: pytest.fail("looked again"))
    again = asked.encode([picture.copy() for picture in seen])
    assert all(one.looked is other.looked for one, other in zip(first, again, strict=True))


def test_release_reads_blue_first(card: ModelCard, config: GeoPixConfig, words: Words):
    picture = np.zeros((56, 56, 3), np.uint8)
    picture[..., 0] = 255  # red
    pixels = [
        GeoPixPredictor(card, GeoPix(replace(config, released=released)), words, "cpu")._pixels(picture)
        for released in (False, True)
    ]
    assert pixels[0][0, 0, 0, 0].item() == pytest.approx((1 - MEAN[0]) / DEVIATION[0], rel=1e-5)
    assert pixels[1][0, 0, 0, 0].item() == pytest.approx(-MEAN[0] / DEVIATION[0], rel=1e-5)
    assert pixels[1][0, 2, 0, 0].item() == pytest.approx((1 - MEAN[2]) / DEVIATION[2], rel=1e-5)


@pytest.mark.parametrize("released", [False, True])
def test_model_learns_from_the_pixels_that_it_is_asked_with(
    card: ModelCard, config: GeoPixConfig, words: Words, seen: list[np.ndarray], released: bool
):
    model = GeoPix(replace(config, released=released))
    examples = [Example("e", "vqa", (picture,), (("is it ?", "the lake"),), ("the lake",)) for picture in seen]
    learnt = GeoPixLearner(card, model, words).batch(examples).pixels
    predictor = GeoPixPredictor(card, model, words, "cpu")
    assert torch.equal(learnt, torch.cat([predictor._pixels(picture) for picture in seen]))


def test_caller_who_leaves_is_not_answered(asked: GeoPixPredictor, seen: list[np.ndarray]):
    calls = iter(range(10**6))
    leaving = asked.until(lambda: next(calls) > 8)
    shown = asked.encode(seen[:1])
    with pytest.raises(Cancelled):
        leaving.ask(shown, ASKED[:1])
    assert asked.ask(shown, ASKED[:1])[0].written < LONGEST


def test_model_on_disk_answers_by_its_card(card: ModelCard, asked: GeoPixPredictor, model: GeoPix, words: Words,
                                           seen: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # fmt: skip
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path))
    save_geopix(tmp_path / "geo", model, words)
    own = card.model_copy(update={"source": card.source.model_copy(update={"path": None})})
    again = load(own, "cpu")
    wanted, found = (one.ask(one.encode(seen), ASKED) for one in (asked, again))
    for one, other in zip(wanted, found, strict=True):
        assert one.text == other.text
        np.testing.assert_array_equal(one.masks, other.masks)


def test_tiny_model_builds_within_two_seconds(config: GeoPixConfig):
    begun = time.perf_counter()
    GeoPix(config)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_half_precision_draws_nearly_the_same(model: GeoPix, words: Words, device: str):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    torch.manual_seed(5)
    pixels, prompts, owners = torch.randn(2, 3, 56, 56), torch.randn(3, 2, 32), torch.tensor([0, 1, 1])
    with torch.no_grad():
        wanted = model.masks(model.look(pixels), Targets(owners, prompts)).logits
        half = model.to(device, torch.bfloat16)
        seen = half.look(pixels.to(device, torch.bfloat16))
        found = half.masks(seen, Targets(owners.to(device), prompts.to(device, torch.bfloat16))).logits
    apart = (found.float().cpu() - wanted).abs().max() / wanted.std()
    print(f"bfloat16 on {device}: masks differ by {apart:.3f} of their deviation")
    assert apart < 0.2
