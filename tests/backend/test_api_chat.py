"""The chat in OpenAI's words: what is honoured, what is refused with a reason, what is counted."""

from __future__ import annotations

from typing import Any

import pytest

CHAT = "/v1/chat/completions"
SAY = {"href": "/say"}


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0, "top_p": 1, "n": 1, "seed": 7, "user": "someone", "store": False},
        {"temperature": 0.0, "frequency_penalty": 0, "presence_penalty": 0.0, "logprobs": False},
        {"max_tokens": None, "max_completion_tokens": None, "stop": None, "tools": [], "tool_choice": "none"},
        {"response_format": {"type": "text"}, "stream_options": None},
        {"rsvlm": {}},
        {"rsvlm": {"task": "describe", "style": "detailed", "priority": "batch"}},
    ],
)
def test_field_whose_value_is_true_here_is_taken(double: Any, fields: dict[str, Any]) -> None:
    response = double.client.post(CHAT, json=double.chat(SAY, **fields))
    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["message"]["content"] == "Two houses."


@pytest.mark.parametrize(
    ("fields", "named", "reason"),
    [
        ({"temperature": 0.7}, "temperature", "likeliest words are always taken. Send 0 or leave it out."),
        ({"temperature": False}, "temperature", "Send 0"),
        ({"temperature": "0"}, "temperature", "Send 0"),
        ({"top_p": 0.9}, "top_p", "Send 1"),
        ({"n": 2}, "n", "one answer to a question. Send 1"),
        ({"n": True}, "n", "Send 1"),
        ({"max_tokens": 100}, "max_tokens", "how long its answer is. Leave it out."),
        ({"max_completion_tokens": 100}, "max_completion_tokens", "Leave it out."),
        ({"stop": ["."]}, "stop", "Leave it out."),
        ({"response_format": {"type": "json_object"}}, "response_format", 'Send {"type": "text"}'),
        ({"logprobs": True}, "logprobs", "not given"),
        ({"tools": [{"type": "function"}]}, "tools", "call no tools"),
        ({"store": True}, "store", "stored"),
        ({"seed": 1.5}, "seed", "a whole number"),
        ({"user": 3}, "user", "a text"),
        ({"stream": "yes"}, "stream", "true or false"),
        ({"stream": 1}, "stream", "true or false"),
        ({"messages": []}, "messages", "at least 1"),
        ({"rsvlm": {"task": "conquer"}}, "rsvlm.task", "describe"),
        ({"rsvlm": {"priority": "now"}}, "rsvlm.priority", "interactive or batch"),
        (
            {"stream": True, "stream_options": {"include_obfuscation": True}},
            "stream_options.include_obfuscation",
            "padded",
        ),
    ],
)
def test_field_that_would_have_to_be_ignored_is_refused_with_the_reason(
    double: Any, fields: dict[str, Any], named: str, reason: str
) -> None:
    response = double.client.post(CHAT, json=double.chat(SAY) | fields)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "bad_request")
    assert error["message"] == f'The field "{named}" has a value that cannot be used.'
    assert reason in error["hint"]


def test_tokens_are_told_with_a_whole_answer(double: Any) -> None:
    usage = double.ask({"href": "/count"}).json()["usage"]
    assert usage == {"prompt_tokens": 17, "completion_tokens": 3, "total_tokens": 20}


def test_tokens_nobody_counted_are_not_made_up(double: Any) -> None:
    assert "usage" not in double.ask(SAY).json()


def test_tokens_come_in_one_more_chunk_of_a_stream_if_they_are_wanted(double: Any, read_events: Any) -> None:
    body = double.chat({"href": "/count"}, stream=True, stream_options={"include_usage": True})
    with double.client.stream("POST", CHAT, json=body) as response:
        *chunks, last, done = read_events(response)
    assert done == "[DONE]"
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 20)
    assert {chunk["usage"] for chunk in chunks} == {None}
    with double.client.stream("POST", CHAT, json=double.chat({"href": "/count"}, stream=True)) as response:
        *chunks, done = read_events(response)
    assert not any("usage" in chunk for chunk in chunks)


def test_stream_options_without_a_stream_are_refused(double: Any) -> None:
    response = double.client.post(CHAT, json=double.chat(SAY, stream_options={"include_usage": True}))
    assert response.status_code == 400 and "stream_options" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/models"), ("POST", CHAT), ("GET", "/v1/jobs"), ("GET", "/openapi.json"), ("GET", "/health")],
)
def test_parameter_in_the_address_is_refused_by_name(double: Any, method: str, path: str) -> None:
    response = double.client.request(method, f"{path}?limit=3", json=double.chat(SAY) if method == "POST" else None)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "bad_request")
    assert '"limit" in the address' in error["message"]


def test_address_with_a_slash_too_many_is_not_found_instead_of_redirected(double: Any) -> None:
    response = double.client.get("/v1/models/")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_wrong_method_is_told_the_right_ones(double: Any) -> None:
    response = double.client.put("/v1/view")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
