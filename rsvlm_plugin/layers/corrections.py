"""Corrections as training records: a line of messages JSONL for each, in a file of the user's. Standard library alone.

An image is referred to where it lies. A picture that was only drawn has no file: it is kept beside, in PICTURES, as the model saw
it; a world file tells its place.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ...protocol import Raster, Record

FILE, PICTURES = "corrections.jsonl", "pictures"
QUESTION = "Describe the image."  # a model is taught with its card's own words for it
KEPT = ("model", "revision", "style", "gsd_m", "sensor", "created")  # of where the answer came from

_BEGINS = re.compile(rb'\{"id": ("(?:[^"\\]|\\.)*")')  # how `_line` begins
_guard = threading.Lock()  # nobody reads what another thread is about to write


def correction(
    key: str, image: Mapping[str, Any], words: str, said: str, provenance: Mapping[str, Any], place: Mapping[str, Any]
) -> Record:
    """The record of an answer that an analyst put right.

    key: of the answer. image: see image_of. said: what the model had said. place: what is known of where it is, such as lat and
    lon of the middle. Raises RsvlmError (bad_request) for what is no record.
    """
    meta: Dict[str, Any] = {
        **place,
        **{name: provenance[name] for name in KEPT if provenance.get(name) is not None},
        "said": said,
        "corrected": now(),
    }
    messages = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": words}]
    return Record(f"correction/{key}", "caption", "train", [dict(image)], messages, meta=meta)


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def image_of(raster: Raster) -> Dict[str, Any]:
    """How a record refers to a file: href and, as they were asked for, extent, crs, bands and date."""
    image: Dict[str, Any] = {"href": raster.href}
    if raster.extent is not None:
        image["extent"] = [float(value) for value in raster.extent]
    if raster.crs:
        image["crs"] = raster.crs
    if raster.bands:
        image["bands"] = [int(band) for band in raster.bands]
    if raster.acquired:
        image["date"] = raster.acquired
    return image


class Corrections:
    """folder: made at the first correction. Every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE

    def keep(self, record: Record) -> int:
        """Write a record down, so that no crash loses it; how many there are now.

        It goes behind the others. Where one of the same id is there, or a line that was cut off, the file is written anew
        beside and then put in its place.
        """
        line = _line(record)
        with _guard:
            lines, ended = self._lines()
            others = [other for other in lines if _id(other) != record.id]
            if ended and len(others) == len(lines):
                self.folder.mkdir(parents=True, exist_ok=True)
                _write(self.path, line + b"\n", "ab")
            else:
                self._put([*others, line])
        return len(others) + 1

    def replace(self, start: str, records: Sequence[Record]) -> int:
        """These take the place of all records whose id begins with `start`; how many there are now."""
        made = [_line(record) for record in records]
        with _guard:
            lines, _ended = self._lines()
            others = [line for line in lines if not (_id(line) or "").startswith(start)]
            self._put([*others, *made])
        return len(others) + len(made)

    def _lines(self) -> Tuple[List[bytes], bool]:
        """Those of the file without one that was cut off, and whether the last one has its end."""
        *lines, rest = (self.path.read_bytes() if self.path.exists() else b"").split(b"\n")
        return [line for line in [*lines, rest if _is_whole(rest) else b""] if line.strip()], not rest

    def _put(self, lines: Sequence[bytes]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        _write(part, b"\n".join([*lines, b""]), "wb")
        os.replace(part, self.path)

    def picture(self, key: str, raster: Raster) -> Dict[str, Any]:
        """Keep the picture (PNG) of a drawn raster; how a record beside it refers to it, so that both can be moved."""
        folder = self.folder / PICTURES
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{key}.png"
        _write(path, base64.b64decode(raster.data or ""), "wb")
        if raster.transform is not None:
            a, b, c, d, e, f = raster.transform
            middle = (c + (a + b) / 2, f + (d + e) / 2)  # of the first pixel
            _write(path.with_suffix(".pgw"), "".join(f"{n!r}\n" for n in (a, d, b, e, *middle)).encode(), "wb")
        return {"href": path.relative_to(self.folder).as_posix(), **({"crs": raster.crs} if raster.crs else {})}


def _line(record: Record) -> bytes:
    return json.dumps(record.to_json(), ensure_ascii=False).encode("utf-8")


def _id(line: bytes) -> Optional[str]:
    """Of the record in a line; None where it holds none. Only others' lines are read further than that."""
    begins = _BEGINS.match(line)
    try:
        return str(json.loads(begins[1]) if begins else json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_whole(line: bytes) -> bool:
    try:
        return "id" in json.loads(line)
    except (ValueError, TypeError):
        return False


def _write(path: Path, content: bytes, mode: str) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
