"""What was seen once is not looked at again, within a number of bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from rsvlm.models.cache import Cache
from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor, Counts

# Bytes of a picture of 128 px: 64 tokens, their mean, how much its pixels vary, and what its finer scales show.
FEATURES = 4 * (64 * 256 + 256 + 1 + 64 * 64 * 32 + 32 * 32 * 48 + 16 * 16 * 96)
PREFIX = 3 * 2 * 16 * 256 * 4  # three layers, keys and values, 16 tokens of 256 numbers


@pytest.fixture
def fresh(bundled: tuple[Compact, Tokenizer]) -> CompactPredictor:
    return CompactPredictor(get_card(None), *bundled, "cpu", cache=Cache(2**23))


def test_value_that_was_not_used_for_longest_goes_first():
    cache = Cache(10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 4)
    assert cache.get("a") == "A"
    cache.put("c", "C", 5)
    assert [cache.get(key) for key in "abc"] == ["A", None, "C"] and cache.used_bytes == 9


def test_value_put_again_is_replaced_and_one_too_large_is_not_kept():
    cache = Cache(10)
    cache.put("a", "A", 4)
    cache.put("a", "other", 6)
    assert cache.get("a") == "other" and cache.used_bytes == 6
    cache.put("b", "B", 11)
    assert cache.get("b") is None and cache.get("a") == "other" and cache.used_bytes == 6
    cache.clear()
    assert cache.get("a") is None and cache.used_bytes == 0


def test_second_question_on_an_image_calls_neither_encoder_nor_image_prefill(
    fresh: CompactPredictor, pictures: np.ndarray
):
    pieces: list[str] = []
    first = fresh.captions(fresh.encode(pictures[:1]))
    assert fresh.counts == Counts(encodes=1, prefills=1)
    second = fresh.captions(fresh.encode(pictures[:1].copy()), on_text=pieces.append)
    assert fresh.counts == Counts(encodes=1, prefills=1)
    assert vars(second[0]) == vars(first[0]) and "".join(pieces) == first[0].text
    fresh.embed_images(fresh.encode(pictures[:1]))
    assert fresh.counts == Counts(encodes=1, prefills=1)


def test_answers_from_memory_do_not_change_it(fresh: CompactPredictor, pictures: np.ndarray):
    answers = [fresh.captions(fresh.encode(pictures[:1]))[0] for _ in range(3)]
    assert vars(answers[0]) == vars(answers[1]) == vars(answers[2])
    assert fresh._cache.used_bytes == FEATURES + PREFIX


def test_batch_looks_only_at_what_is_new_and_once_at_what_is_there_twice(fresh: CompactPredictor, pictures: np.ndarray):
    (alone,) = fresh.captions(fresh.encode(pictures[1:2]))
    found = fresh.captions(fresh.encode(np.concatenate([pictures, pictures[:2]])))
    assert fresh.counts == Counts(encodes=4, prefills=4)
    assert found[1].text == found[5].text == alone.text and vars(found[0]) == vars(found[4])
    assert found[1].confidence == pytest.approx(alone.confidence, abs=1e-4)
    assert fresh._cache.used_bytes == 4 * (FEATURES + PREFIX)


def test_pixel_of_difference_is_another_image(fresh: CompactPredictor, pictures: np.ndarray):
    other = pictures[:1].copy()
    other[0, 5, 5, 0] ^= 1
    fresh.encode(pictures[:1]), fresh.encode(other), fresh.encode(pictures[:1].reshape(1, 64, 256, 3))
    assert fresh.counts.encodes == 3, "the same bytes in another shape are another image, too"


def test_budget_of_bytes_is_kept(bundled: tuple[Compact, Tokenizer], pictures: np.ndarray):
    cache = Cache(2 * FEATURES + PREFIX)
    predictor = CompactPredictor(get_card(None), *bundled, "cpu", cache=cache)
    texts = [predictor.captions(predictor.encode(picture[None]))[0].text for picture in pictures]
    assert cache.used_bytes <= 2 * FEATURES + PREFIX
    predictor.captions(predictor.encode(pictures[3:]))
    assert predictor.counts == Counts(encodes=4, prefills=4), "the last one is still there"
    assert predictor.captions(predictor.encode(pictures[:1]))[0].text == texts[0]
    assert predictor.counts == Counts(encodes=5, prefills=5)


def test_without_a_budget_nothing_is_kept(bundled: tuple[Compact, Tokenizer], pictures: np.ndarray):
    predictor = CompactPredictor(get_card(None), *bundled, "cpu")
    for _ in range(2):
        predictor.captions(predictor.encode(pictures[:1]))
    assert predictor.counts == Counts(encodes=2, prefills=2)


def test_half_precision_says_the_same_from_memory(bundled: tuple[Compact, Tokenizer], pictures: np.ndarray):
    model, tokenizer = bundled
    half = Compact(model.config).to(torch.bfloat16).eval()
    half.load_state_dict(model.state_dict())
    predictor = CompactPredictor(get_card(None), half, tokenizer, "cpu", cache=Cache(2**23))
    first = predictor.captions(predictor.encode(pictures))
    assert list(map(vars, predictor.captions(predictor.encode(pictures)))) == list(map(vars, first))
    assert predictor.counts == Counts(encodes=4, prefills=4)
    assert predictor._cache.used_bytes == pytest.approx(2 * (FEATURES + PREFIX), rel=0.01), "half the bytes"
    chances = predictor.scene_probabilities(predictor.encode(pictures))
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert predictor.embed_images(predictor.encode(pictures)).dtype == np.float32
