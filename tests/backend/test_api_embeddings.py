"""Embeddings: one vector for each text or picture, in their order, as numbers or as base64."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import pytest

EMBEDDINGS = "/v1/embeddings"


def _ask(backend: Any, inputs: Any, **more: Any) -> Any:
    return backend.client.post(EMBEDDINGS, json={"input": inputs, **more})


def test_vectors_come_in_the_order_of_the_inputs(double: Any) -> None:
    inputs = [
        "a river",
        {"type": "raster", "raster": {"href": "/say"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "a harbour"},
    ]
    reply = _ask(double, inputs).json()
    assert (reply["object"], reply["model"]) == ("list", "compact")
    assert [item["index"] for item in reply["data"]] == [0, 1, 2, 3]
    assert [item["embedding"] for item in reply["data"]] == [[float(number), 0.5, -1.0] for number in range(4)]
    assert reply["usage"] == {"prompt_tokens": 8, "total_tokens": 8}


def test_single_text_is_one_vector(double: Any) -> None:
    (item,) = _ask(double, "a river").json()["data"]
    assert (item["object"], item["embedding"]) == ("embedding", [0.0, 0.5, -1.0])


def test_base64_holds_little_endian_floats(double: Any) -> None:
    (item,) = _ask(double, "a river", encoding_format="base64").json()["data"]
    assert struct.unpack("<3f", base64.b64decode(item["embedding"])) == (0.0, 0.5, -1.0)


@pytest.mark.parametrize(
    ("inputs", "more", "named"),
    [
        ([], {}, '"input"'),
        ("", {}, '"input[0].text"'),
        (["a", ""], {}, '"input[1].text"'),
        ([1, 2, 3], {}, '"input[0]"'),
        (None, {}, '"input"'),
        ([{"type": "raster", "raster": {"colour": 1}}], {}, '"input[0].raster.colour" is not known'),
        (["a"] * 257, {}, '"input"'),
        ("a", {"dimensions": 8}, '"dimensions"'),
        ("a", {"encoding_format": "int8"}, '"encoding_format"'),
        ("a", {"user": 3}, '"user"'),
        ("a", {"stream": True}, '"stream" is not known'),
    ],
)
def test_unusable_input_is_named(double: Any, inputs: Any, more: dict[str, Any], named: str) -> None:
    response = _ask(double, inputs, **more)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert named in response.json()["error"]["message"]


def test_image_addresses_are_never_fetched(double: Any) -> None:
    response = _ask(double, [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}}])
    assert response.status_code == 400 and "never fetched" in response.json()["error"]["message"]


def test_bundled_model_finds_the_picture_that_a_text_is_about(backend: Any, picture: str) -> None:
    """Words and pictures lie in one space: vectors of unit length whose products can be compared."""
    texts = ["many green fields divided by a road", "many boats in a harbour", "a field"]
    inputs = [*texts, {"type": "raster", "raster": {"data": picture}}]
    reply = _ask(backend, inputs).json()
    vectors = np.array([item["embedding"] for item in reply["data"]])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    same, other, field, seen = vectors
    assert field @ same > field @ other
    assert seen @ same > seen @ other
    assert reply["usage"]["total_tokens"] > len(" ".join(texts).split())
