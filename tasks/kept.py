"""Probabilities that were kept, so that another cut needs no second run of the model: a file for each raster and set of phrases.

They lie in the folder of the application, the newest up to a few gigabytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np

from rsvlm.geo.remote import is_remote
from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.folders import home
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import VERSION, Raster, RsvlmError
from rsvlm.tasks.layout import Layout
from rsvlm.tasks.searching import Search

MOST_BYTES = 4 * 2**30  # of all files together
_STOPPED = ".stopped-"


def place_of(
    raster: Raster, scene: Scene, card: ModelCard, phrases: Sequence[str], layout: Layout, method: str
) -> Path:
    """Where these probabilities lie, or will; other pixels, phrases, weights or calibration have another place.

    Raises RsvlmError (unavailable) where there can be no folder for them.
    """
    told = {
        "raster": raster.to_json() | {"name": None},
        "files": [] if raster.href is None or is_remote(raster.href) else list(map(_state, _pixels(scene))),
        "grid": [scene.width, scene.height, layout.grid.width, layout.grid.height, *layout.grid.transform],
        "model": [card.id, card.revision, card.calibration.model_dump(mode="json"), method, VERSION],
        "phrases": list(phrases),
    }
    folder = home() / "probabilities"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RsvlmError(
            "unavailable", f"There can be no folder {folder}.", "Set RSVLM_HOME to a folder that you may write to."
        ) from error
    return folder / f"{blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()}.tif"


def _pixels(scene: Scene) -> list[str]:
    """Files of a scene without the one of statistics, which QGIS writes when it first draws a raster."""
    return [file for file in scene.files if not file.endswith(".aux.xml")]


def _state(file: str) -> list[int]:
    """When a file, or the archive that it is in, was written, and how large it is."""
    place = Path(re.sub(r"^/vsi[a-z]+/\{?", "", file).replace("}/", "/"))
    state = next((path.stat() for path in (place, *place.parents) if path.is_file()), None)
    return [state.st_mtime_ns, state.st_size] if state else []


def stopped_place(path: Path, done: int) -> Path:
    """Where the probabilities lie that would be at `path`, had the user not stopped after `done` pictures."""
    return path.with_suffix(f"{_STOPPED}{done}.tif")


def stopped_at(path: Path) -> tuple[Path, int] | None:
    """The one of them with the most pictures, and how many these are."""
    found = [
        (file, int(file.suffixes[-2].removeprefix(_STOPPED)))
        for file in path.parent.glob(f"{path.stem}{_STOPPED}*.tif")
    ]
    return max(found, key=lambda item: item[1], default=None)


def findings(search: Search) -> str:
    """What was found out besides probabilities, to be kept with them."""
    replies = [[[item.text, item.confidence, item.warnings] for item in told] for told in search.replies]
    return json.dumps({"there": search.there.tolist(), "replies": replies})


def recall(search: Search, text: str) -> None:
    """Put findings back into a search, as if it had looked again; nothing of an older file, which has none."""
    if text:
        found = json.loads(text)
        search.there = np.array(found["there"])
        search.replies = [
            [Reply(said, sure, 0, 0, warnings=tuple(warnings)) for said, sure, warnings in told]
            for told in found["replies"]
        ]


def make_room(newest: Path) -> None:
    """Remove the oldest files beyond MOST_BYTES, but never the newest, nor what another process will not let go of."""
    found = []
    for file in newest.parent.glob("*.tif"):
        with suppress(OSError):  # another task makes room as well
            state = file.stat()
            found.append((state.st_mtime, state.st_size, file))
    total = 0
    for _time, size, file in sorted(found, reverse=True):
        total += size
        if total > MOST_BYTES and file != newest:
            with suppress(OSError):
                file.unlink()
