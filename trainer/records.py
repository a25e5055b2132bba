"""Training records: the one schema that every dataset is converted to.

A record refers to its images, it never contains them. Its fields are those of Record.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rsvlm.protocol import RsvlmError


@dataclass(frozen=True)
class Record:
    """One training example.

    images: [{"href", ...}], a path that GDAL opens; messages: [{"role", "content"}], several assistant messages in a
    caption record are alternatives; regions: [{"label", "bbox": [x0, y0, x1, y1] in pixels}]; meta: facts such as scene.
    """

    id: str
    task: str
    split: str
    images: list[dict[str, Any]]
    messages: list[dict[str, str]]
    regions: list[dict[str, Any]] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def captions(self) -> list[str]:
        return [message["content"] for message in self.messages if message["role"] == "assistant"]


def data_folder() -> Path:
    """Where data sets lie: $RSVLM_DATA, or ../shared/data beside the checkout.

    Raises RsvlmError (not_found) where neither exists.
    """
    named = os.environ.get("RSVLM_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        raise RsvlmError(
            "not_found", f"The data folder {folder} does not exist.", "Set RSVLM_DATA to the folder of the data sets."
        )
    return folder


def is_held(filename: str) -> bool:
    """Whether an image is held out for validation: one in ten, decided by its name alone."""
    return int(hashlib.sha256(filename.encode()).hexdigest(), 16) % 10 == 0


def read_caption_archive(path: Path, split: str) -> list[Record]:
    """Records of one split of a zip that holds images/ and captions.jsonl {filename, split, scene, captions}.

    split: train | val | test as the archive names them; "fit" is its train split without the held images, "held" the
    held ones. Raises RsvlmError when the archive is missing, is none, or has no such images.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            rows = [json.loads(line) for line in archive.read("captions.jsonl").decode().splitlines() if line.strip()]
        rows = [{key: row[key] for key in ("filename", "split", "scene", "captions")} for row in rows]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RsvlmError(
            "not_found",
            f"{path} is not a caption archive.",
            "Give a zip with images/ and captions.jsonl, which holds filename, split, scene and captions in every line.",
        ) from error
    records = []
    for row in rows:
        held = is_held(row["filename"])
        if split == row["split"] or (
            row["split"] == "train" and ((split == "held" and held) or (split == "fit" and not held))
        ):
            href = f"/vsizip/{path.resolve()}/images/{row['filename']}"
            messages = [{"role": "user", "content": "Describe the image."}]
            messages += [{"role": "assistant", "content": caption} for caption in row["captions"]]
            meta = {"scene": row["scene"], "filename": row["filename"]}
            records.append(
                Record(f"{path.stem}/{row['filename']}", "caption", split, [{"href": href}], messages, meta=meta)
            )
    if not records:
        raise RsvlmError(
            "not_found", f"{path.name} has no images in the split “{split}”.", "Use train, val, test, fit or held."
        )
    return records
