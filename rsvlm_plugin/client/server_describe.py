"""Describing by a server that knows nothing of maps: what it is asked, and the Answer that is made of its words.

Measured is only what the plugin itself knows: where the picture lies and how large it is.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import partial as bound
from typing import Any, Dict, List, Optional

from qgis.core import Qgis

from ...protocol import VERSION, Answer, Evidence
from ..layers.picture import Picture
from ..translation import tr
from .messages import Call
from .server import Server
from .server_messages import chat_body, read_models, without_thoughts
from .server_reply import Said, ServerReply

TASKS = {
    "brief": "Describe it in one or two sentences: what kind of place it is, and what stands out in it.",
    "detailed": (
        "Describe it in about ten sentences: land cover, buildings, roads, water, and where in the picture each of them"
        " is (north, south, east, west, centre)."
    ),
    "structured": (
        "Answer with one JSON object and nothing else, of this form:"
        ' {"summary": "two sentences", "features": [{"name": "what it is", "where": "north | south | east | west |'
        ' centre | everywhere", "count": a whole number, or null where it cannot be counted}],'
        ' "uncertain": ["what you cannot tell"]}'
    ),
}


def describe(server: Server, picture: Picture, style: str, source: Optional[str]) -> ServerReply:
    """Ask the server about the picture; `finished` carries an Answer. Raises RsvlmError where it may not be asked.

    source: what the user calls the place or the layer.
    """
    server.check()
    call = Call("/chat/completions", chat_body(server.model, prompt(style, picture), picture.jpeg), streams=True)
    return ServerReply(server, call, bound(answer, server, picture, style, source))


def models(server: Server, key: Optional[str] = None) -> ServerReply:
    """Ask the server which models it has; `finished` carries their names. key: tried instead of the one that is kept."""
    return ServerReply(server, Call("/models"), lambda said: read_models(said.body), key)


def try_out(server: Server, jpeg: bytes, key: Optional[str] = None) -> ServerReply:
    """Ask about a plain picture, to see whether the server answers and sees; `finished` carries a Said."""
    question = "Which colour fills this picture? Answer with one word."
    call = Call("/chat/completions", chat_body(server.model, question, jpeg), streams=True)
    return ServerReply(server, call, lambda said: said, key)


def prompt(style: str, picture: Picture) -> str:
    """What the server is asked about the picture. style: one of protocol.STYLES."""
    facts = ["This is a map picture or an image from above, north is up."]
    if picture.ground_m is not None and picture.gsd_m is not None:
        width, height = picture.ground_m
        facts.append(f"It shows {width:.3g} m x {height:.3g} m of ground, {picture.gsd_m:.2g} m per pixel.")
    facts.append("White parts hold no data. Say only what can be seen; give no names of places; say what is unsure.")
    return " ".join([*facts, TASKS[style]])


def answer(server: Server, picture: Picture, style: str, source: Optional[str], said: Said) -> Answer:
    """The Answer that the words of `said` make."""
    words = without_thoughts(said.text)
    warnings = [tr("These words are the model's alone: nothing in them was measured on the ground.")]
    if said.cut:
        warnings.append(tr("The answer ended early, at a limit of length perhaps."))
    structured: Optional[Dict[str, Any]] = None
    if style == "structured":
        structured = find_object(words)
        if structured is None:
            warnings.append(tr("The model did not answer with JSON: its words stand as they are."))
        elif isinstance(structured.get("summary"), str) and structured["summary"].strip():
            words = structured["summary"].strip()
    provenance = {
        "model": said.model or server.model,
        "server": server.name,
        "prompt": prompt(style, picture),
        "sources": [source] if source else [],
        "extent": list(picture.extent),
        "crs": picture.crs,
        "gsd_m": picture.gsd_m,
        "device": "server",
        "created": datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds"),
        "versions": {"rsvlm": VERSION, "QGIS": Qgis.QGIS_VERSION},
    }
    seen = Evidence("tile", picture.footprint, source or tr("the picture"), area_m2=picture.area_m2)
    return Answer(words, [seen], provenance, {"total": said.seconds}, warnings, structured=structured)


def find_object(words: str) -> Optional[Dict[str, Any]]:
    """The largest JSON object in words that may stand around it, in a code block perhaps; None where there is none."""
    found: List[Dict[str, Any]] = []
    decoder = json.JSONDecoder()
    start = words.find("{")
    while start >= 0:
        try:
            value, length = decoder.raw_decode(words[start:])
        except ValueError:
            start = words.find("{", start + 1)
            continue
        found.append(value)
        start = words.find("{", start + length)
    return max(found, key=lambda value: len(json.dumps(value)), default=None)
