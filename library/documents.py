"""Documents as users have them: what is known of a place, in words, from a file of their own. Opens no picture.

RS-RAG (arXiv 2504.04988), section 3: knowledge is text on a place, with its source and perhaps a picture. Texts are divided
into passages, because a text encoder reads 77 tokens at most and sees nothing of what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.library.place import checked
from rsvlm.protocol import RsvlmError

_SENTENCE = re.compile(r".+?(?:[.!?]\s+|[。！？]\s*|\n\s*|\Z)", re.DOTALL)  # with what separates it from the next
LETTERS = 8  # of the words of a passage on the average, with the spaces between them, at most
_FIELDS = {"title", "text", "source", "image", "lon", "lat", "footprint"}
KINDS = (".jsonl", ".geojson", ".txt", ".md")


@dataclass(frozen=True)
class Document:
    """geometry: GeoJSON, longitude and latitude (WGS84); where it holds. image: path of a picture of that place."""

    title: str
    text: str
    source: str = ""
    geometry: Mapping[str, Any] | None = None
    image: str | None = None


def read_documents(path: Path) -> list[Document]:
    """JSON lines with title, text, source, lon and lat or footprint, image (beside the file); GeoJSON points and polygons
    with the same properties; or a text, whose title is its name.

    Raises RsvlmError: not_found, bad_request naming the line or feature that is not as it should be.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise RsvlmError(
            "bad_request", f"{path.name or path} is no file of documents.", f"Give one ending in {', '.join(KINDS)}."
        )
    if not path.is_file():
        raise RsvlmError("not_found", f"There is no file {path}.", "Check the path.")
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RsvlmError("bad_request", f"{path.name} cannot be read as text.", "Save it as UTF-8.") from error
    if kind in (".txt", ".md"):
        rows = [(path.name, {"title": path.stem, "text": content, "source": path.name})] if content.strip() else []
    else:
        rows = list(_rows(content, path, kind))
    if not rows:
        raise RsvlmError("bad_request", f"There is no document in {path.name}.", "Choose another file.")
    return [_document(fields, path, where) for where, fields in rows]


def _rows(content: str, path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    """Where each document stands, for errors, and its fields."""
    try:
        if kind == ".jsonl":
            for number, line in enumerate(content.split("\n"), 1):
                where = f"line {number} of {path.name}"
                if line.strip():
                    yield where, json.loads(line)
            return
        where = path.name
        for number, feature in enumerate(json.loads(content)["features"], 1):
            yield f"feature {number} of {path.name}", _fields_of(feature)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RsvlmError(
            "bad_request", f"The JSON of {where} cannot be read.", "Mend or leave out what is there."
        ) from error


def _fields_of(feature: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in (feature["properties"] or {}).items() if name in _FIELDS}
    return {**known, "footprint": feature["geometry"]}


def _document(fields: Any, path: Path, where: str) -> Document:
    if not isinstance(fields, dict) or not set(fields) <= _FIELDS:
        raise RsvlmError(
            "bad_request", f"What stands in {where} is no document.", f"Its fields are {', '.join(sorted(_FIELDS))}."
        )
    words = {name: fields.get(name) or "" for name in ("title", "text", "source", "image")}
    if not all(isinstance(value, str) for value in words.values()) or not (words["text"] + words["title"]).strip():
        raise RsvlmError("bad_request", f"The document in {where} has no text.", "Give title and text as strings.")
    geometry = fields.get("footprint")
    if geometry is None and ("lon" in fields or "lat" in fields):
        geometry = {"type": "Point", "coordinates": [fields.get("lon"), fields.get("lat")]}
    image = str((path.parent / words["image"]).absolute()) if words["image"] else None
    place = None if geometry is None else checked(geometry, where)
    return Document(words["title"].strip(), words["text"].strip(), words["source"].strip(), place, image)


def passages(text: str, most: int) -> list[str]:
    """Whole sentences as far as possible, `most` words and LETTERS * most characters or fewer in each; words are cut only
    if they are longer than that, as a text without spaces is. At least one passage, which may be empty.
    """
    longest = LETTERS * most
    found: list[str] = []
    held: list[str] = []

    def fits(words: list[str]) -> bool:
        return len(words) <= most and len(_plain(words)) <= longest

    for sentence in _SENTENCE.findall(text):
        words = re.findall(rf"\S{{1,{longest}}}\s*", sentence)
        if held and not fits(held + words):
            found.append(_plain(held))
            held = []
        for word in words:
            if held and not fits([*held, word]):
                found.append(_plain(held))
                held = []
            held.append(word)
    return [*found, _plain(held)] if held or not found else found


def _plain(words: list[str]) -> str:
    return " ".join("".join(words).split())
