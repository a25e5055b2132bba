"""SECOND-CC as MModalCC prepares it: SPLIT_IMAGES_*.hdf5 beside SPLIT_CAPTIONS_*.json and WORDMAP_*.json.

"images" is (n, 4, 3, 256, 256) uint8: the picture before and after, the map before and after. A record refers to pictures
that GDAL opens, which these are not: they are written once as PNG below the folder of images, in the layout of second_cc.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import Source, opened
from rsvlm.trainer.formats.second_cc import record

_MARKS = ("<start>", "<end>", "<pad>")
_PLACES = ("rgb/A", "rgb/B", "sem/A", "sem/B")


def read(source: Source) -> Iterator[Record]:
    kind, _, rest = source.path.stem.partition("_IMAGES_")
    if not rest:
        raise RsvlmError(
            "bad_request", f"{source.path.name} is no file of pictures by its name.", "Give SPLIT_IMAGES_*.hdf5."
        )
    captions = _json(source.path.with_name(f"{kind}_CAPTIONS_{rest}.json"))
    vocabulary = {number: word for word, number in _json(source.path.with_name(f"WORDMAP_{rest}.json")).items()}
    split = {"train": "train", "val": "val", "test": "test"}.get(kind.lower(), source.named_split())
    with _h5py().File(source.path, "r") as file:
        if "images" not in file or file["images"].shape[1:3] != (4, 3) or len(captions) % len(file["images"]):
            raise RsvlmError(
                "bad_request",
                f"{source.path.name} has no pictures of four parts, or other captions than pictures.",
                "Check whether all files are of one preparation.",
            )
        pictures = file["images"]
        each = len(captions) // len(pictures)

        def make(number: int) -> Iterator[Record]:
            if not source.wants(split):
                return
            name = f"{number:06d}.png"
            for part, place in enumerate(_PLACES):
                _save(pictures, number, part, source.images / split / place / name)
            rows = captions[number * each : (number + 1) * each]
            texts = [" ".join(word for word in map(vocabulary.__getitem__, row) if word not in _MARKS) for row in rows]
            meta = {"filename": name, "filepath": split}
            yield record(source, f"{source.path.stem}/{number}", split, name, texts, meta)

        yield from source.each(range(len(pictures)), make)


def _save(pictures: Any, number: int, part: int, path: Path) -> None:
    """(3, H, W) as a picture, once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    Image.fromarray(np.ascontiguousarray(pictures[number, part].transpose(1, 2, 0))).save(beside, "PNG")
    beside.replace(path)


def _json(path: Path) -> Any:
    with opened(path) as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise RsvlmError("bad_request", f"{path.name} is no JSON.", "Check whether it is whole.") from error


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise RsvlmError(
            "unavailable",
            "Reading HDF5 needs the package h5py, which is not installed.",
            "Install it with “pip install h5py”, or convert the .json of the data set with the format second-cc.",
        ) from error
    return h5py
