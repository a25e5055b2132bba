"""The words of the HTTP interface: request bodies, and what an event of the stream says.

Pure functions over plain data; knows nothing of sockets or of who listens.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from ...protocol import (
    Answer,
    DescribeRequest,
    Evidence,
    GroundRequest,
    Raster,
    RefineRequest,
    RsvlmError,
    SegmentRequest,
)
from ..translation import tr

FindRequest = Union[SegmentRequest, GroundRequest, RefineRequest]

BUNDLED_MODEL = "compact"
DONE = "[DONE]"


@dataclass(frozen=True)
class Call:
    """One HTTP request: `body` None is a GET; `streams` says that the reply is a stream of events.

    starts: a backend is started for it where none runs.
    """

    path: str
    body: Optional[Dict[str, Any]] = None
    streams: bool = False
    starts: bool = True


@dataclass
class Update:
    """What one event of the stream adds: any of words, progress, a sketch (GeoJSON), evidence, the whole answer."""

    text: str = ""
    progress: Optional[Tuple[int, int, str]] = None
    sketch: Optional[Dict[str, Any]] = None
    evidence: List[Evidence] = field(default_factory=list)
    answer: Optional[Answer] = None


def describe_call(request: DescribeRequest) -> Call:
    """The streamed chat completion that carries out `request`."""
    return _chat(request, "Describe this place.", {"task": "describe", "style": request.style})


def find_call(request: FindRequest) -> Call:
    """The same, for masks or boxes of what phrases name, or for the outline of what a click means."""
    options = {
        name: value for name, value in asdict(request).items() if name not in ("raster", "model") and value is not None
    }
    if isinstance(request, RefineRequest):
        return _chat(request, request.phrase, {"task": "refine", **options})
    task = "segment" if isinstance(request, SegmentRequest) else "ground"
    return _chat(request, "; ".join(request.phrases), {"task": task, **options})


def _chat(request: Union[DescribeRequest, FindRequest], words: str, options: Dict[str, Any]) -> Call:
    content = [{"type": "text", "text": words}, {"type": "raster", "raster": request.raster.to_json()}]
    body = {
        "model": request.model or BUNDLED_MODEL,
        "stream": True,
        "messages": [{"role": "user", "content": content}],
        "rsvlm": options,
    }
    return Call("/v1/chat/completions", body, streams=True)


def view_call(raster: Raster, model: Optional[str]) -> Call:
    """The preview of what the model will see of `raster`."""
    body: Dict[str, Any] = {"raster": raster.to_json()}
    if model:
        body["model"] = model
    return Call("/v1/view", body)


def models_call() -> Call:
    """The models that the backend knows, its device and its versions."""
    return Call("/v1/models")


def state_call() -> Call:
    """What `models_call` tells, of a backend that runs already."""
    return Call("/v1/models", starts=False)


def read_event(data: str, heard: Sequence[Evidence] = ()) -> Update:
    """What the data of one event says. Raises RsvlmError: the one that the event carries, or for nonsense.

    heard: evidence of the events before it; an answer that has none of its own rests on that.
    """
    chunk = read_object(data.encode("utf-8"))
    update = Update()
    for choice in chunk.get("choices", []):
        update.text += choice.get("delta", {}).get("content") or ""
    extra = chunk.get("rsvlm") or {}
    if "progress" in extra:
        progress = extra["progress"]
        update.progress = (int(progress.get("done", 0)), int(progress.get("total", 0)), str(progress.get("note", "")))
    if isinstance(extra.get("sketch"), dict):
        update.sketch = extra["sketch"]
    if "evidence" in extra:
        items = extra["evidence"] if isinstance(extra["evidence"], list) else [extra["evidence"]]
        update.evidence = _answer({"text": "", "evidence": items}).evidence
    if "answer" in extra:
        update.answer = _answer(extra["answer"])
        if "evidence" not in extra["answer"]:
            update.answer.evidence = list(heard)
    return update


def _answer(data: Dict[str, Any]) -> Answer:
    answer = Answer.from_json(data)
    for item in answer.evidence:
        item.geometry = _packed(item.geometry)
    return answer


def _packed(value: Any) -> Any:
    """With tuples for lists: of numbers, Python's garbage collection forgets them, and need not hold QGIS up with millions."""
    if isinstance(value, dict):
        return {name: _packed(part) for name, part in value.items()}
    return tuple(map(_packed, value)) if isinstance(value, list) else value


def read_object(received: bytes) -> Dict[str, Any]:
    """The JSON object that the backend sent. Raises RsvlmError: the one it carries, or for what is no object."""
    try:
        value = json.loads(received.decode("utf-8"))
    except ValueError:
        raise nonsense() from None
    if not isinstance(value, dict):
        raise nonsense()
    if "error" in value and isinstance(value["error"], dict):
        raise RsvlmError.from_json(value)
    return value


def nonsense() -> RsvlmError:
    """For a reply that is not in the words of this protocol."""
    return RsvlmError(
        "version_mismatch",
        tr("The rsvlm backend sent a reply that this plugin does not understand."),
        tr("Press Update Backend in Settings ▸ Options ▸ rsvlm."),
    )
