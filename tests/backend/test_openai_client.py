"""OpenAI's own client against the service: what it sends is understood, and what it gets it understands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from rsvlm.backend.dispatch import WAITING_LIMIT


@pytest.fixture(scope="module")
def connect() -> Iterator[Callable[..., openai.OpenAI]]:
    """A client of a backend, which asks once."""
    clients = []

    def client(backend: Any, **settings: Any) -> openai.OpenAI:
        fields = {"api_key": backend.token, "max_retries": 0, **settings}
        clients.append(openai.OpenAI(base_url=f"{backend.url}/v1", http_client=httpx.Client(trust_env=False), **fields))
        return clients[-1]

    yield client
    for each in clients:
        each.close()


def _messages(raster: dict[str, Any]) -> Any:
    return [{"role": "user", "content": [{"type": "raster", "raster": raster}]}]


def test_models_are_listed(connect: Any, double: Any) -> None:
    models = connect(double).models.list()
    assert "compact" in [model.id for model in models]
    assert {model.object for model in models} == {"model"}


def test_whole_answer_has_words_evidence_and_tokens(connect: Any, backend: Any, picture: str) -> None:
    reply = connect(backend).chat.completions.create(
        model="compact",
        messages=_messages({"data": picture}),
        temperature=0,
        n=1,
        seed=1,
        user="tests",
        extra_body={"rsvlm": {"style": "brief", "priority": "interactive"}},
    )
    message = reply.choices[0].message
    assert message.content == message.model_dump()["rsvlm"]["text"]
    caption = message.model_dump()["rsvlm"]["evidence"][0]["text"].rpartition(": ")[
        2
    ]  # behind "I am not sure, but ..."
    assert len(caption.split()) < reply.usage.completion_tokens <= 41
    assert reply.usage.prompt_tokens == 1 + 16  # the word that names the task, and a picture of 256 px
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_stream_says_the_same_words_and_counts_the_same_tokens(connect: Any, backend: Any, picture: str) -> None:
    asked = {"model": "default", "messages": _messages({"data": picture})}
    whole = connect(backend).chat.completions.create(**asked)
    wanted = {"include_usage": True}
    *chunks, last = connect(backend).chat.completions.create(**asked, stream=True, stream_options=wanted)
    words = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert words == whole.choices[0].message.content
    assert last.choices == [] and last.usage == whole.usage
    assert {chunk.usage for chunk in chunks} == {None}
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"


def test_asynchronous_client_streams(double: Any) -> None:
    async def read() -> str:
        http = httpx.AsyncClient(trust_env=False)
        async with openai.AsyncOpenAI(base_url=f"{double.url}/v1", api_key=double.token, http_client=http) as client:
            asked = client.chat.completions.create(model="default", messages=_messages({"href": "/say"}), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in await asked])

    assert asyncio.run(read()) == "Two houses."


def test_client_that_closes_a_stream_stops_the_answer(connect: Any, double: Any) -> None:
    stream = connect(double).chat.completions.create(
        model="default", messages=_messages({"href": "/wait"}), stream=True
    )
    next(iter(stream))
    stream.close()
    reply = connect(double).chat.completions.create(model="default", messages=_messages({"href": "/say"}))
    assert reply.choices[0].message.content == "Two houses."


def test_error_in_a_stream_is_raised_with_its_words(connect: Any, double: Any) -> None:
    stream = connect(double).chat.completions.create(
        model="default", messages=_messages({"href": "/nowhere"}), stream=True
    )
    with pytest.raises(openai.APIError, match="No raster") as raised:
        list(stream)
    assert raised.value.code == "bad_raster"


def test_embeddings_are_the_same_by_the_clients_base64_and_by_numbers(connect: Any, backend: Any) -> None:
    texts = ["a river between fields", "an airport"]
    create = connect(backend).embeddings.create
    packed = create(model="compact", input=texts)  # asks for base64 by itself
    plain = create(model="compact", input=texts, encoding_format="float")
    assert len(packed.data) == 2 and len(packed.data[0].embedding) > 100
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert packed.data[0].embedding != packed.data[1].embedding
    assert packed.usage == plain.usage and packed.usage.total_tokens > 5


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (
            lambda chat: chat(model="gpt-99", messages=_messages({"href": "/say"})),
            openai.NotFoundError,
            "unknown_model",
        ),
        (
            lambda chat: chat(model="default", messages=_messages({"href": "/say"}), temperature=1),
            openai.BadRequestError,
            "bad_request",
        ),
        (
            lambda chat: chat(model="default", messages=_messages({"href": "/nowhere"})),
            openai.UnprocessableEntityError,
            "bad_raster",
        ),
        (
            lambda chat: chat(model="default", messages=_messages({"href": "/say"}), extra_query={"a": "1"}),
            openai.BadRequestError,
            "bad_request",
        ),
    ],
)
def test_refusal_is_the_clients_own_kind_of_error(connect: Any, double: Any, call: Any, kind: type, code: str) -> None:
    with pytest.raises(kind) as raised:
        call(connect(double).chat.completions.create)
    assert raised.value.body["code"] == raised.value.code == code
    assert raised.value.request_id == raised.value.body["request_id"]
    assert raised.value.body["message"] in str(raised.value)


def test_wrong_key_is_an_authentication_error(connect: Any, double: Any) -> None:
    with pytest.raises(openai.AuthenticationError):
        connect(double, api_key="wrong").models.list()


def test_full_queue_is_a_server_error_that_says_so(connect: Any, double: Any) -> None:
    job = {"task": "describe", "request": {"raster": {"href": "/wait"}}, "priority": "interactive"}
    made = [double.client.post("/v1/jobs", json=job).json()["id"] for _ in range(WAITING_LIMIT + 1)]
    with pytest.raises(openai.InternalServerError) as raised:
        connect(double).chat.completions.create(model="default", messages=_messages({"href": "/say"}))
    assert (raised.value.status_code, raised.value.code) == (503, "busy")
    for name in reversed(made):
        double.client.delete(f"/v1/jobs/{name}")
