"""One look at a picture of a record: whether it can be read, how large it is, and what it is recognised by."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.stats.hashing import picture_hash

SIDE = 128  # pixels of the square that is looked at


@dataclass(frozen=True)
class Look:
    """width, height: of the image or its window. digest: 64 bits of the pixels at SIDE; equal ones are the same.

    hash: see hashing; None for a picture of one colour. broken: why it cannot be read, "" if it can.
    """

    width: int = 0
    height: int = 0
    digest: int = 0
    hash: int | None = None
    broken: str = ""


def look(image: Mapping[str, Any]) -> Look:
    """Never raises for a picture, whatever is wrong with it."""
    try:
        seen = read_picture(dict(image), SIDE)
    except RsvlmError as error:
        return Look(broken=error.message)
    return Look(seen.width, seen.height, digest(seen.pixels.tobytes()), picture_hash(seen.pixels))


def thumbnail(image: Mapping[str, Any]) -> str:
    """A data: address of a JPEG of SIDE pixels. Raises RsvlmError."""
    file = io.BytesIO()
    Image.fromarray(read_picture(dict(image), SIDE).pixels).save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def digest(content: bytes) -> int:
    """64 bits."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
