"""One look at a picture of a record: whether it can be read, how large it is, and what it is recognised by."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rasterio
from PIL import Image

import rsvlm.geo  # noqa: F401 # its limits, before rasterio is used
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.stats.hashing import picture_hash

SIDE = 128  # pixels of the square that is looked at
_STRICT = {"GDAL_ERROR_ON_LIBJPEG_WARNING": True}  # a JPEG that ends early is broken, not grey below


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
        seen = _read(image)
    except RsvlmError as error:
        return Look(broken=error.message)
    if _is_cut_off(image["href"]):
        return Look(broken=f"{image['href']} cannot be read to its end.")
    return Look(seen.width, seen.height, digest(seen.pixels.tobytes()), picture_hash(seen.pixels))


def thumbnail(image: Mapping[str, Any]) -> str:
    """A data: address of a JPEG of SIDE pixels. Raises RsvlmError."""
    file = io.BytesIO()
    Image.fromarray(_read(image).pixels).save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def digest(content: bytes) -> int:
    """64 bits."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def _read(image: Mapping[str, Any]) -> Picture:
    """Its pixels as a square of SIDE."""
    with rasterio.Env(**_STRICT):
        return read_picture(dict(image), SIDE)


def _is_cut_off(href: str) -> bool:
    """Whether a PNG ends before its last part: GDAL reads what is there and says nothing of the rest."""
    try:
        with open(href, "rb") as file:
            if file.read(8) != b"\x89PNG\r\n\x1a\n":
                return False
            file.seek(-min(64, os.fstat(file.fileno()).st_size), os.SEEK_END)
            return b"IEND" not in file.read()
    except OSError:  # inside of an archive, which has checksums, or far away
        return False
