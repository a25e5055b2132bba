"""What is refused is refused by name, in words, and before any model sees it."""

from __future__ import annotations

from typing import Any

import pytest

RASTER = {"href": "/say"}
PART = {"type": "raster", "raster": RASTER}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def _user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


def _raster(**fields: Any) -> dict[str, Any]:
    return _user({"type": "raster", "raster": {**RASTER, **fields}})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**_user(PART), "colour": 1}, '"colour" is not known'),
        ({**_user(PART), "rsvlm": {"colour": "red"}}, '"rsvlm.colour" is not known'),
        ({**_user(PART), "rsvlm": {"raster": RASTER}}, '"rsvlm.raster" is not known'),
        ({**_user(PART), "rsvlm": {"style": 3}}, '"rsvlm.style" has a value'),
        ({**_user(PART), "rsvlm": {"task": "conquer"}}, '"rsvlm.task" has a value'),
        ({**_user(PART), "rsvlm": {"task": ["describe"]}}, '"rsvlm.task" has a value'),
        ({**_user(PART), "rsvlm": 3}, '"rsvlm" has a value'),
        ({**_user(PART), "rsvlm": {"priority": "now"}}, '"rsvlm.priority" has a value'),
        ({**_user(PART), "stream": "yes"}, '"stream" has a value'),
        ({**_user(PART), "x" * 5000: 1}, f'"{"x" * 120}..." is not known'),
        (_raster(colour="red"), '"messages[0].content[0].raster.colour" is not known'),
        (_raster(extent=[0, 1, "two", 3]), '"messages[0].content[0].raster.extent[2]" has a value'),
        (_user({"type": "video", "video": "x"}), '"messages[0].content[0]" has a value'),
        (_user({"raster": RASTER}), '"messages[0].content[0].type" is missing'),
        ({"messages": [{"role": "user"}]}, '"messages[0].content" is missing'),
        ({"messages": [{"role": "king", "content": [PART]}]}, '"messages[0].role" has a value'),
        ({"messages": []}, '"messages" has a value'),
        ({}, '"messages" is missing'),
        ([], "not a JSON object"),
    ],
)
def test_unusable_field_is_named(double: Any, body: Any, named: str) -> None:
    response = double.client.post("/v1/chat/completions", json=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "bad_request")
    assert named in error["message"] and error["hint"]
    assert "Input should" not in response.text and "pydantic" not in response.text


@pytest.mark.parametrize("content", [b"[" * 100_000, b"{", rb'{"a": "\ud800"}', b"\xff\xfe", b"", b'"words"', b"null"])
def test_body_that_is_no_json_object_is_refused(double: Any, content: bytes) -> None:
    for path in ("/v1/chat/completions", "/v1/view"):
        response = double.client.post(path, content=content, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


def test_not_a_number_is_refused(double: Any) -> None:
    content = b'{"raster": {"href": "/say", "extent": [0, 0, NaN, 1]}}'
    response = double.client.post("/v1/view", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert '"raster.extent[2]"' in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [PART]}],
        [
            {"role": "user", "content": [PART]},
            {"role": "assistant", "content": "A field."},
            {"role": "user", "content": "How big?"},
        ],
    ],
)
def test_description_takes_no_conversation(double: Any, messages: list[dict[str, Any]]) -> None:
    body = {"messages": messages, "rsvlm": {"task": "describe"}}
    response = double.client.post("/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert "one turn" in response.json()["error"]["message"]


@pytest.mark.parametrize(("parts", "count"), [((), "0"), ((PART, IMAGE, PART), "3")])
def test_not_exactly_one_place_is_refused(double: Any, parts: tuple[dict[str, Any], ...], count: str) -> None:
    response = double.client.post("/v1/chat/completions", json=_user({"type": "text", "text": "Look."}, *parts))
    assert response.status_code == 400
    assert f"shows {count} rasters" in response.json()["error"]["message"]


def test_two_places_are_compared(double: Any) -> None:
    response = double.client.post("/v1/chat/completions", json=_user(PART, IMAGE))
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "file:///etc/passwd", "data:text/plain;base64,AAAA", "/a.png"]
)
def test_image_addresses_are_never_fetched(double: Any, url: str) -> None:
    body = _user({"type": "image_url", "image_url": {"url": url}})
    response = double.client.post("/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert "data: URI" in response.json()["error"]["message"]


def test_unknown_model_is_named(double: Any) -> None:
    response = double.client.post("/v1/chat/completions", json={**_user(PART), "model": "gpt-99"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_model")
    assert "gpt-99" in response.json()["error"]["message"]


def test_wrong_method_and_wrong_path_are_told_apart(double: Any) -> None:
    assert double.client.put("/v1/view").status_code == 405
    response = double.client.get("/v2/models")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
