"""CLIP at work: vectors, classes by name, the cache, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import normalize
from torchvision import transforms

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.geoclip.network import GeoClip
from rsvlm.models.families.geoclip.predictor import GeoClipPredictor, load
from rsvlm.models.families.geoclip.words import batch_ids
from rsvlm.models.parts.clip_pixels import DEVIATION, MEAN, middle_square, normalise_clip
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.protocol import Cancelled, RsvlmError


@pytest.fixture
def predictor(add_clip: Callable[..., ModelCard], model: GeoClip) -> GeoClipPredictor:
    return load(add_clip("small", model), "cpu", Engine(), Cache(2**20))


def test_pictures_are_prepared_as_the_releases_do(pictures: list[np.ndarray]):
    """Bicubic along the short side, the middle square, CLIP's mean: torchvision's own, on which the releases are built."""
    theirs = transforms.Compose(
        [
            transforms.Resize(32, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(32),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, DEVIATION),
        ]
    )
    for picture in pictures:
        ours = normalise_clip(torch.from_numpy(middle_square(picture, 32)[None].copy()))
        torch.testing.assert_close(ours[0], theirs(Image.fromarray(picture)), atol=1e-6, rtol=0)


def test_vectors_are_those_of_the_network(predictor: GeoClipPredictor, model: GeoClip, pictures: list[np.ndarray]):
    assert isinstance(predictor, Embeds)
    found = predictor.embed_images(predictor.encode(pictures))
    squares = torch.from_numpy(np.stack([middle_square(picture, 32) for picture in pictures]))
    with torch.inference_mode():
        wanted = normalize(model.encode_image(normalise_clip(squares)), dim=-1).numpy()
        texts = normalize(model.encode_text(batch_ids(["a lake", "Many Boats"], 77)), dim=-1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(predictor.embed_texts(["a lake", "Many Boats"]), texts, atol=1e-5)
    assert found.dtype == np.float32 and predictor.usage["prompt_tokens"] == 4 * 16 + 4 + 4


def test_pictures_together_are_seen_as_each_alone(predictor: GeoClipPredictor, pictures: list[np.ndarray]):
    cold = GeoClipPredictor(predictor.card, predictor._model, predictor._clip, "cpu")
    together = predictor.embed_images(predictor.encode(pictures))
    for row, picture in zip(together, pictures, strict=True):
        np.testing.assert_allclose(cold.embed_images(cold.encode([picture]))[0], row, atol=1e-5)


def test_picture_is_looked_at_once(
    predictor: GeoClipPredictor, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    first = predictor.encode([*pictures, pictures[0]])
    monkeypatch.setattr(predictor._model, "encode_image", None)
    again = predictor.encode(pictures)
    assert [seen.key for seen in again] == [seen.key for seen in first[:4]] and first[4].key == first[0].key
    np.testing.assert_array_equal(predictor.embed_images(again), predictor.embed_images(first[:4]))


@pytest.mark.parametrize("averaging", ["raw", "unit"])
def test_classes_are_told_apart_in_the_order_of_the_card(
    averaging: str, add_clip: Callable[..., ModelCard], model: GeoClip, pictures: list[np.ndarray]
):
    card = add_clip("small", model, averaging=averaging, templates=["a photo of {}.", "the large {} from above", "{}"])
    predictor = load(card, "cpu", Engine(), Cache(2**20))
    labels = ["River_bank", "airport", "solar panel", "forest", "dense residential"]
    found = predictor.zero_shot(predictor.encode(pictures), labels)
    rows = []
    for label in ("river bank", *labels[1:]):
        texts = [f"a photo of {label}.", f"the large {label} from above", label]
        with torch.inference_mode():
            vectors = model.encode_text(batch_ids(texts, 77))
        mean = (vectors if averaging == "raw" else normalize(vectors, dim=-1)).mean(dim=0)
        rows.append(normalize(mean, dim=0))
    vectors = torch.from_numpy(predictor.embed_images(predictor.encode(pictures)))
    wanted = (100 * vectors @ torch.stack(rows).T).softmax(dim=-1)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_classes_are_read_once(
    predictor: GeoClipPredictor, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    seen = predictor.encode(pictures)
    found = predictor.zero_shot(seen, ["lake", "road"])
    monkeypatch.setattr(predictor._model, "encode_text", None)
    np.testing.assert_array_equal(predictor.zero_shot(seen, ["lake", "road"]), found)


def test_what_cannot_be_read_is_refused(predictor: GeoClipPredictor, pictures: list[np.ndarray]):
    seen = predictor.encode(pictures)
    for ask in (
        lambda: predictor.embed_texts(["a lake", "lake " * 80]),
        lambda: predictor.zero_shot(seen, ["x " * 80]),
    ):
        with pytest.raises(RsvlmError, match="77 tokens") as caught:
            ask()
        assert caught.value.code == "too_large"
    with pytest.raises(RsvlmError, match="no classes"):
        predictor.zero_shot(seen, [])


def test_nobody_waits_for_a_caller_who_left(predictor: GeoClipPredictor, pictures: list[np.ndarray]):
    gone = predictor.until(lambda: True)
    with pytest.raises(Cancelled):
        gone.encode(pictures)
    with pytest.raises(Cancelled):
        gone.zero_shot(predictor.encode(pictures), ["lake", "road"])
    assert gone.usage == {"prompt_tokens": 0, "completion_tokens": 0}


def test_broken_model_is_told_in_words(add_clip: Callable[..., ModelCard], model: GeoClip):
    card = add_clip("small", model)
    with pytest.raises(RsvlmError, match=r"no \[clip\]"):
        load(card.model_copy(update={"clip": None}), "cpu")
    named = card.model_copy(update={"clip": card.clip.model_copy(update={"architecture": "ViT-B-32"})})
    with pytest.raises(RsvlmError, match="do not fit"):
        load(named, "cpu")
    (card.folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(RsvlmError, match="missing or broken"):
        load(card, "cpu")
