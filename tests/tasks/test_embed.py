"""Texts and places as vectors of one space: in the order that they came, the same whatever came with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rsvlm.models.pool import Models
from rsvlm.protocol import Cancelled, Raster, RsvlmError, Watch
from rsvlm.tasks.embed import embed


def test_inputs_of_all_kinds_are_embedded_in_their_order(
    models: Models, write: Callable[..., str], landscape: Callable[[int, int], np.ndarray]
):
    square = Raster(href=write(landscape(200, 200), "square.tif"))
    wide = Raster(href=write(landscape(150, 300), "wide.tif"))
    inputs = ["a lake", square, "many houses", wide, square]
    found = embed(inputs, None, models, Watch())
    assert found.model == "compact" and found.vectors.shape == (5, 256) and found.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    for row, item in enumerate(inputs):
        alone = embed([item], None, models, Watch())
        np.testing.assert_allclose(found.vectors[row], alone.vectors[0], atol=1e-4)
    np.testing.assert_array_equal(found.vectors[1], found.vectors[4])
    texts = models.get(None).text_ids(["a lake", "many houses"])
    assert found.tokens == sum(map(len, texts)) + 2 * 64 + 128, "a token for each 16 x 16 px that the model sees"


def test_more_texts_than_a_batch_are_all_embedded(models: Models):
    texts = [f"{count} houses at a river" for count in range(40)]
    found = embed(texts, None, models, Watch())
    assert len(np.unique(found.vectors.round(5), axis=0)) == 40
    np.testing.assert_allclose(found.vectors, models.get(None).embed_texts(texts), atol=1e-5)


def test_text_longer_than_the_model_reads_is_refused(models: Models):
    with pytest.raises(RsvlmError, match="1,024 tokens") as caught:
        embed(["a lake", "lake " * 2000], None, models, Watch())
    assert caught.value.code == "too_large" and caught.value.hint


def test_place_without_data_is_refused(models: Models, write: Callable[..., str]):
    empty = write(np.zeros((3, 100, 100), np.uint8), nodata=0)
    with pytest.raises(RsvlmError, match="no valid pixels") as caught:
        embed([Raster(href=empty)], None, models, Watch())
    assert caught.value.code == "no_data"


def test_stopped_request_is_not_worked_on(models: Models, listen: Callable[..., Watch]):
    with pytest.raises(Cancelled):
        embed(["a lake"], None, models, listen(lambda self: True))
