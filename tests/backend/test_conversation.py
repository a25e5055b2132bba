"""What a chat's messages mean to each task: dialogue, places, two dates; what a task cannot take is refused."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from rsvlm.backend import conversation
from rsvlm.backend.conversation import Turn, meant, task_of
from rsvlm.protocol import AskRequest, ChangeRequest


def _raster(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "raster", "raster": {"href": name, **more}}


def _asked(*turns: tuple[str, Any], **ours: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns], "rsvlm": ours}


def _turns(*turns: tuple[str, Any]) -> list[Turn]:
    return [Turn.model_validate_json(json.dumps({"role": role, "content": content})) for role, content in turns]


def test_dialogue_about_a_place_is_asked_with_what_was_said_before():
    shown = [{"type": "text", "text": "What is it?"}, _raster("/say")]
    turns = _turns(("user", shown), ("assistant", "A harbour."), ("user", "How many ships?"))
    history = [("What is it?", "A harbour.")]
    assert meant(turns, AskRequest) == {"raster": {"href": "/say"}, "question": "How many ships?", "history": history}


def test_two_dates_are_told_apart_by_their_roles_or_their_order():
    for first, second in ((_raster("/b", role="after"), _raster("/a", role="before")), (_raster("/a"), _raster("/b"))):
        found = meant(_turns(("user", [first, second])), ChangeRequest)
        assert (found["before"]["href"], found["after"]["href"]) == ("/a", "/b") and "question" not in found


def test_chat_that_names_no_task_is_what_it_shows_and_says(monkeypatch: pytest.MonkeyPatch):
    cards = {"talks": SimpleNamespace(tasks=("describe", "ask")), "describes": SimpleNamespace(tasks=("describe",))}
    monkeypatch.setattr(conversation, "load_cards", lambda: cards)
    words = {"type": "text", "text": "How many ships?"}
    assert task_of(_turns(("user", [_raster("/a"), words])), "talks") == "ask"
    assert task_of(_turns(("user", [_raster("/a"), words])), "describes") == "describe"
    assert task_of(_turns(("user", [_raster("/a"), words])), "unknown") == "describe"
    assert task_of(_turns(("user", [_raster("/a")])), "talks") == "describe"
    assert task_of(_turns(("user", [_raster("/a"), _raster("/b"), words])), "talks") == "change"
    assert task_of(_turns(("user", [_raster("/a"), words])), "default") == "ask"
    for text in ("Describe this place.", "What does the image show?", "please describe the aerial image in detail"):
        words = {"type": "text", "text": text}
        assert task_of(_turns(("user", [_raster("/a"), words])), "talks") == "describe", text
    for text in ("Describe the ships in the image.", "What is in the harbour?"):
        words = {"type": "text", "text": text}
        assert task_of(_turns(("user", [_raster("/a"), words])), "talks") == "ask", text


def test_task_ask_is_answered_in_a_chat(double: Any):
    body = _asked(("user", [_raster("/say"), {"type": "text", "text": "How many?"}]), task="ask")
    reply = double.client.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200 and reply.json()["choices"][0]["message"]["content"] == "Two houses."


@pytest.mark.parametrize(
    ("turns", "task", "told"),
    [
        ([("user", [_raster("/say")])], "ask", "asks nothing"),
        ([("user", "What?")], "ask", "0 rasters"),
        ([("system", "Be brief."), ("user", [_raster("/say")])], "ask", "in turn"),
        ([("user", "What?"), ("assistant", [_raster("/say")]), ("user", "And?")], "ask", "answer shows a raster"),
        ([("user", [_raster("/say")])], "change", "compares two"),
        ([("user", [_raster("/say")])], "segment", "phrases"),
    ],
)
def test_messages_that_a_task_cannot_take_are_refused(double: Any, turns: Any, task: str, told: str):
    reply = double.client.post("/v1/chat/completions", json=_asked(*turns, task=task))
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_request")
    assert told in reply.json()["error"]["message"]
