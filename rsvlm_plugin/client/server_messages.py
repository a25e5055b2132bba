"""The words of OpenAI-compatible servers, in the dialects they speak: vLLM, Ollama, llama.cpp, SGLang and others.

Pure functions over plain data; knows nothing of sockets, of QGIS's settings or of who listens.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True)
class Chunk:
    """A piece of an answer. thinks: words that are not meant for the reader came. cut: it ended at a limit of length."""

    text: str = ""
    thinks: bool = False
    over: bool = False
    cut: bool = False
    model: str = ""


def chat_body(model: str, prompt: str, jpeg: bytes) -> Dict[str, Any]:
    """A streamed chat completion about one picture. Only fields that every server knows: some refuse any other."""
    picture = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
    content = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": prompt}]
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": content}]}


def read_chunk(value: Any) -> Chunk:
    """What one event of a stream, or a whole answer that was not streamed, says. Raises ValueError for what is neither.

    Empty and missing choices, null contents, contents in parts and thoughts in a field of their own all occur.
    """
    if not isinstance(value, dict) or not isinstance(value.get("choices", []), (list, type(None))):
        raise ValueError("no chat completion")
    model = value.get("model")
    text, thinks, finish = "", False, None
    for choice in (value.get("choices") or [])[:1]:
        said = choice.get("delta") or choice.get("message") or {}
        text = _plain(said.get("content"))
        thinks = bool(said.get("reasoning_content") or said.get("reasoning"))
        finish = choice.get("finish_reason")
    return Chunk(text, thinks, bool(finish), finish == "length", model if isinstance(model, str) else "")


def read_models(received: bytes) -> List[str]:
    """The names of the models that /models lists. Raises ValueError for what is no such list."""
    value = json.loads(received.decode("utf-8"))
    rows = value.get("data") or value.get("models") or [] if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise ValueError("no list of models")
    names = [row if isinstance(row, str) else row.get("id") or row.get("name") for row in rows]
    return [name for name in names if isinstance(name, str) and name]


def error_words(value: Any) -> Optional[str]:
    """What an error object says, whatever its shape; None where `value` is none."""
    if not isinstance(value, dict):
        return None
    for key in ("error", "detail", "message"):
        said = value.get(key)
        if isinstance(said, dict):
            said = said.get("message") or said.get("type") or key
        if isinstance(said, list):
            said = json.dumps(said)
        if said and (key != "message" or "choices" not in value):
            return str(said)
    return None


class Thoughts:
    """Leaves out what a model thinks aloud at the beginning of its answer, between <think> and </think>."""

    def __init__(self) -> None:
        self._held = ""
        self._where = "before"  # "inside" the thoughts, "after" them

    def feed(self, text: str) -> str:
        """The part of `text` that is meant for the reader, as soon as that can be told."""
        if self._where == "after":
            return text
        self._held += text
        if self._where == "before":
            begun = self._held.lstrip()
            if len(begun) < len(OPEN) and OPEN.startswith(begun):
                return ""
            self._where = "inside" if begun.startswith(OPEN) else "after"
            if self._where == "after":
                return self._held
        _thought, closed, rest = self._held.partition(CLOSE)
        if not closed:
            return ""
        self._where = "after"
        return rest.lstrip()

    def end(self) -> str:
        """What was held back although no thought came of it."""
        return self._held if self._where == "before" else ""


def without_thoughts(text: str) -> str:
    """The words after the last thought: some servers cut off the opening tag and leave the closing one."""
    return text.rpartition(CLOSE)[2].strip()


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "".join(_plain(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
