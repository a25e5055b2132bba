"""Rasters that many windows are read from: the stretch, which is one for the whole raster, is worked out once in a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rsvlm.geo.scene import Scene
from rsvlm.geo.stretch import Stretch
from rsvlm.protocol import Raster

KEPT = 4096  # stretches

_stretches: dict[tuple[str, tuple[int, ...]], Stretch] = {}


@contextmanager
def opened(raster: Raster) -> Iterator[Scene]:
    """The scene of a raster that has a file. Raises RsvlmError as Scene.open does."""
    key = raster.href or "", tuple(raster.bands or ())
    with Scene.open(raster) as scene:
        known = _stretches.get(key)
        if known is not None:
            scene.stretch = known
        yield scene
        if known is None and "stretch" in vars(scene):
            if len(_stretches) >= KEPT:
                _stretches.pop(next(iter(_stretches)), None)
            _stretches[key] = scene.stretch
