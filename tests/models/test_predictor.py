"""The bundled model at work: pictures in; sentences, scenes and embeddings out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import LONGEST, CompactPredictor
from rsvlm.models.families.compact.words import CAPTION, EOS
from rsvlm.models.predictors.words import sentence
from rsvlm.protocol import Cancelled
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.records import read_caption_archive


def test_greedy_caption_is_that_of_a_slow_loop_without_a_cache(
    predictor: CompactPredictor, bundled: tuple[Compact, Tokenizer], pictures: np.ndarray
):
    model, tokenizer = bundled
    for picture in pictures:
        (seen,) = predictor.encode(picture[None])
        ids, scores = [CAPTION], []
        with torch.inference_mode():
            while len(ids) <= LONGEST and ids[-1] != EOS:
                chances = model.caption_logits(seen.features, torch.tensor([ids]))[0, -1].log_softmax(dim=-1)
                ids.append(int(chances.argmax()))
                scores.append(float(chances.max()))
        spoken = predictor.captions([seen])[0]
        assert spoken.text == sentence(tokenizer.decode(ids))
        assert spoken.confidence == pytest.approx(math.exp(np.mean(scores)), abs=1e-4)


def test_sentence_has_a_capital_a_full_stop_and_a_confidence(predictor: CompactPredictor, pictures: np.ndarray):
    for caption in predictor.captions(predictor.encode(pictures)):
        assert len(caption.text.split()) >= 3
        assert caption.text[0].isupper() and caption.text.endswith(".") and not caption.text.endswith("..")
        assert "<" not in caption.text and "[RET]" not in caption.text and "  " not in caption.text
        assert 0 < caption.confidence <= 1


def test_batch_says_what_single_pictures_say(predictor: CompactPredictor, pictures: np.ndarray):
    together = predictor.captions(predictor.encode(pictures))
    alone = [predictor.captions(predictor.encode(picture[None]))[0] for picture in pictures]
    assert [caption.text for caption in together] == [caption.text for caption in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


def test_streamed_pieces_join_to_the_sentence(predictor: CompactPredictor, pictures: np.ndarray):
    for picture in pictures:
        pieces: list[str] = []
        caption = predictor.captions(predictor.encode(picture[None]), on_text=pieces.append)[0]
        assert "".join(pieces) == caption.text
        assert len(pieces) >= 4, "words come one by one"
        assert pieces[0][0].isupper() and pieces[-1] == "."


@pytest.mark.parametrize("words", [1, 3])
def test_stop_ends_within_one_step(predictor: CompactPredictor, pictures: np.ndarray, words: int):
    seen, whole, pieces = predictor.encode(pictures[:1]), [], []
    predictor.captions(seen, on_text=whole.append)
    with pytest.raises(Cancelled):
        predictor.until(lambda: len(pieces) >= words).captions(seen, on_text=pieces.append)
    assert len(whole) > words + 3, "there was more to say"
    assert pieces == whole[:words]


def test_pictures_that_are_not_square_are_described(predictor: CompactPredictor, pictures: np.ndarray):
    wide = np.concatenate([pictures[:1], pictures[2:3]], axis=2)
    features = predictor.encode(wide)
    assert features[0].features.grid == (8, 16)
    assert predictor.encode(wide.transpose(0, 2, 1, 3).copy())[0].features.grid == (16, 8)
    assert predictor.captions(features)[0].text.endswith(".")


def test_scene_probabilities_add_up_to_one_in_the_order_of_the_classes(
    predictor: CompactPredictor, pictures: np.ndarray
):
    chances = predictor.scene_probabilities(predictor.encode(pictures))
    assert chances.shape == (len(pictures), len(predictor.scenes)) and list(predictor.scenes) == sorted(
        predictor.scenes
    )
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert chances.min() >= 0 and chances.max(axis=1).min() > 1 / len(predictor.scenes)


def test_embeddings_of_pictures_and_texts_are_comparable(predictor: CompactPredictor, pictures: np.ndarray):
    images = predictor.embed_images(predictor.encode(pictures))
    texts = predictor.embed_texts(
        ["Many buildings.", "a lake", "There is a long river with many green trees on both sides."]
    )
    assert images.shape == (4, texts.shape[1]) and texts.dtype == np.float32
    for vectors in (images, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = predictor.embed_texts(["A  LAKE ."])
    np.testing.assert_allclose(alone[0], texts[1], atol=1e-5)


def test_real_pictures_get_their_scene_and_words_of_it(predictor: CompactPredictor, data_dir):
    """On UCM pictures that were never trained on: far above chance, in classes, words and embeddings."""
    from rsvlm.trainer.pictures import read_squares
    from rsvlm.trainer.records import read_caption_archive

    records = read_caption_archive(data_dir / "ucm_trainval_256.zip", "val")[::5]
    features = predictor.encode(read_squares(records, 128))
    best = predictor.scene_probabilities(features).argmax(axis=1)
    right = [predictor.scenes[k] == record.meta["scene"] for k, record in zip(best, records, strict=True)]
    assert np.mean(right) > 0.5
    captions = predictor.captions(features)
    known = {word for record in records for text in record.captions for word in text.lower().rstrip(" .").split()}
    said = [word for caption in captions for word in caption.text.lower().rstrip(".").split()]
    assert np.mean([word in known for word in said]) > 0.9
    near = predictor.embed_images(features) @ predictor.embed_texts([record.captions[0] for record in records]).T
    rank = (near > np.diag(near)[:, None]).sum(axis=1)
    assert np.median(rank) < len(records) / 4


def test_pictures_of_the_kind_that_it_was_trained_on_are_mostly_familiar(predictor: CompactPredictor, data_dir: Path):
    """UCM val was never trained on."""
    squares = read_squares(read_caption_archive(data_dir / "ucm_trainval_256.zip", "val"), predictor.card.input.pixels)
    parts = [predictor.familiarity(predictor.encode(squares[i : i + 64])) for i in range(0, len(squares), 64)]
    found = np.concatenate(parts)
    assert found.shape == (210,) and (found >= -1).all() and (found <= 1.001).all()
    assert (found >= predictor.card.calibration.familiar_from).mean() >= 0.85
