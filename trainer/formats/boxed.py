"""Boxes that conversations name as text become regions: {<x0><y0><x1><y1>} in percent, or with |<degrees> turned.

MiniGPT-v2 (arXiv 2310.09478), SkyEyeGPT, and GeoChat (arXiv 2311.15826) write them so; models/boxes.py reads them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rsvlm.models.boxes import Box
from rsvlm.models.boxes import read as read_boxes
from rsvlm.protocol import Record
from rsvlm.trainer.pictures import size_of


def grounded(record: Record) -> Record:
    """With the boxes that its last question and answers name, as regions, where its one picture is there to tell its size."""
    spoken = [message["content"] for message in record.messages[-2:] if "{<" in message["content"]]
    if len(record.images) != 1 or not spoken:
        return record
    size = size_of(record.images[0]["href"])
    if size is None:
        return record
    found = [box for text in spoken for box in read_boxes(text, "rotated" if "|<" in text else "percent", *size).boxes]
    regions = [_region(box, box.label or _asked(record), *size) for box in found]
    return replace(record, regions=[region for region in regions if region is not None])


def _region(box: Box, label: str, width: int, height: int) -> dict[str, Any] | None:
    """None for a box that lies outside of the picture. A turned one has its outline as well."""
    around = box.upright()
    corners = [max(0.0, around.x0), max(0.0, around.y0), min(width, around.x1), min(height, around.y1)]
    if corners[0] >= corners[2] or corners[1] >= corners[3]:
        return None
    turned = {"polygon": [[[x, y] for x, y in box.corners()]]} if box.angle else {}
    return {"label": label, "bbox": corners, **turned}


def _asked(record: Record) -> str:
    """What is looked for: the question after its usual beginning; of an object that is named, its name."""
    if record.task == "identify":
        return record.captions[-1]
    question = next((message["content"] for message in record.messages if message["role"] == "user"), "")
    for beginning in ("give me the location of", "where is", "please provide the bounding box of"):
        _, found, phrase = question.partition(beginning)
        if found:
            return phrase.strip(" .?")
    return question
