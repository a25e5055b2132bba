"""Two dates with masks of buildings and of damage, as tiles of xBD (arXiv 1911.09296): a .zip or a folder.

It has A/ and B/, before and after, and under the same names building/, damage/ (0 none, 1 no damage, 2 minor, 3 major,
4 destroyed) and label/ (255 where the damage is 2 or more); meta.json tells of each id its `source`. xBD may not be used for
gain, so all records are of the split “val”: they measure, and train nothing that ships.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.masks import fit
from rsvlm.trainer.formats.reading import UNLIKE, Source, said
from rsvlm.trainer.regions import bbox_of, encode

SPLIT = "val"
DAMAGED = {2: "building with minor damage", 3: "building with major damage", 4: "destroyed building"}
LICENCES = {"xBD": "CC BY-NC-SA 4.0 (xBD): for measuring, not for training what ships"}
UNKNOWN = "not stated: for measuring, not for training what ships"


def read(source: Source) -> Iterator[Record]:
    """Raises RsvlmError (bad_request) where there is no meta.json."""
    if not source.wants(SPLIT):
        return
    root: Any = zipfile.Path(source.path) if zipfile.is_zipfile(source.path) else source.path
    start = f"/vsizip/{source.path}" if isinstance(root, zipfile.Path) else str(source.path)
    try:
        rows = json.loads((root / "meta.json").read_text("utf-8"))
    except (OSError, KeyError, ValueError) as error:
        raise RsvlmError(
            "bad_request", f"{source.path.name} has no meta.json that lists its pairs.", 'Write [{"id": ...}, ...].'
        ) from error
    yield from source.each(rows, lambda row: _records(row, root, start, source))


def _records(row: Mapping[str, Any], root: Any, start: str, source: Source) -> Iterator[Record]:
    """Where buildings are damaged, whether any is, and where buildings are; nothing of a pair without masks."""
    name, origin = str(row["id"]), str(row.get("source", ""))
    damage, building = (_mask(root / folder / f"{name}.png") for folder in ("damage", "building"))
    if damage is None or building is None:
        raise RsvlmError("bad_request", "the pair has no masks")
    images = [{"href": f"{start}/{date}/{name}.png"} for date in ("A", "B")]
    for image in images:
        for mask in (damage, building):
            fit(image["href"], mask)
    ident = f"{source.path.stem}/{name}"
    about = {
        "source": origin,
        "licence": LICENCES.get(origin, UNKNOWN),
        "changed": bool((damage >= min(DAMAGED)).any()),
    }
    drawn = [_region(label, damage == value) for value, label in DAMAGED.items() if (damage == value).any()]
    drawn = drawn or [_region("damaged building", np.zeros(damage.shape, bool))]
    yield Record(
        ident, "change", SPLIT, images, said("Outline the damaged buildings."), drawn, {**about, "type": "mask"}
    )
    asked = said("Are any buildings damaged in the later image? Answer yes or no.", "yes" if about["changed"] else "no")
    yield Record(f"{ident}/binary", "change", SPLIT, images, asked, meta={**about, "type": "binary"})
    there = [_region("building", building > 0)]
    yield Record(f"{ident}/buildings", "segment", SPLIT, images[:1], said("Outline building."), there, about)


def _mask(file: Any) -> np.ndarray | None:
    """(H, W) uint8; None where there is none. Raises RsvlmError (bad_request) for what is no picture."""
    try:
        return np.asarray(Image.open(io.BytesIO(file.read_bytes())).convert("L"))
    except (FileNotFoundError, KeyError):
        return None
    except (UnidentifiedImageError, OSError) as error:
        raise RsvlmError("bad_request", UNLIKE) from error


def _region(label: str, mask: np.ndarray) -> dict[str, Any]:
    box = bbox_of(mask)
    return {"label": label, **({"bbox": box} if box else {}), "rle": encode(mask)}
