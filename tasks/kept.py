"""Probabilities that were kept, so that another cut needs no second run of the model: a file for each raster and set of phrases.

They lie in the folder of the application, the newest up to a few gigabytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.folders import home
from rsvlm.protocol import VERSION, Raster, RsvlmError
from rsvlm.tasks.layout import Layout

MOST_BYTES = 4 * 2**30  # of all files together
_STOPPED = ".stopped-"


def place_of(
    raster: Raster, scene: Scene, card: ModelCard, phrases: Sequence[str], layout: Layout, method: str
) -> Path:
    """Where these probabilities lie, or will; other pixels, phrases or weights have another place.

    Raises RsvlmError (unavailable) where there can be no folder for them.
    """
    stamp: list[object] = []
    if raster.href and Path(raster.href).is_file():
        state = Path(raster.href).stat()
        stamp = [state.st_mtime_ns, state.st_size]
    told = {
        "raster": raster.to_json() | {"name": None},
        "file": stamp,
        "grid": [scene.width, scene.height, layout.grid.width, layout.grid.height, *layout.grid.transform],
        "model": [card.id, card.revision, method, VERSION],
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


def make_room(newest: Path) -> None:
    """Remove the oldest files beyond MOST_BYTES, but never the newest."""
    files = sorted(newest.parent.glob("*.tif"), key=lambda file: -file.stat().st_mtime)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > MOST_BYTES and file != newest:
            file.unlink(missing_ok=True)
