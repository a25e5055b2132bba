"""Windows of a raster, side by side: how large they are, where they lie, and which of them show something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.sources import Labelled

SEEN = 0.95  # of a window, that must show something
LOOK = 32  # pixels of the view by which that is measured
SMALLEST = 32  # pixels of a side
UNSEEN = "the raster shows nothing in a part of the window"

Box = tuple[float, float, float, float]


def side_of(scene: Scene, side: int, side_m: float) -> int:
    """Pixels along a side: `side`, or `side_m` metres on the ground where they are not 0.

    Raises RsvlmError (bad_request) for metres on a raster that is on no map, or fewer than SMALLEST pixels.
    """
    if not side_m:
        return side
    if not scene.gsd_m:
        raise RsvlmError("bad_request", f"{scene.source} is on no map and has no metres.", "Give the side in pixels.")
    pixels = round(side_m / scene.gsd_m)
    if pixels < SMALLEST:
        raise RsvlmError(
            "bad_request",
            f"{side_m:g} m are only {pixels} pixels of {scene.source}.",
            f"Take {SMALLEST * scene.gsd_m:.0f} m or more.",
        )
    return pixels


def grid(width: int, height: int, side: int) -> list[Box]:
    """x0, y0, x1, y1 of windows side by side from the top left; a raster that is smaller is one window."""
    return [
        (x, y, min(x + side, width), min(y + side, height))
        for y in range(0, max(1, height - side + 1), side)
        for x in range(0, max(1, width - side + 1), side)
    ]


def shows(scene: Scene, box: Box) -> bool:
    """Whether nearly all of a window, in pixels of the raster, has data. Raises RsvlmError (bad_raster)."""
    return bool(scene.window(box, (LOOK, LOOK)).valid.mean() >= SEEN)


def cut(found: Iterable[Labelled], side: int, side_m: float, job: Job) -> Iterator[Labelled]:
    """Windows of pictures in place of the pictures; what is known of a picture is so of each. What cannot be read is left out.

    Raises RsvlmError (bad_request) for a side that a picture does not have.
    """
    for one in found:
        try:
            yield from _windows(one, side, side_m, job)
        except RsvlmError as error:
            if error.code == "bad_request":
                raise
            job.left_out[error.message] += 1


def _windows(one: Labelled, side: int, side_m: float, job: Job) -> Iterator[Labelled]:
    with Scene.open(Raster(href=one.image["href"])) as scene:
        boxes = grid(scene.width, scene.height, side_of(scene, side, side_m))
        job.total += len(boxes)
        for box in boxes:
            job.done += 1
            if not shows(scene, box):
                job.left_out[UNSEEN] += 1
                continue
            window = [int(value) for value in box]
            yield replace(one, ident=f"{one.ident}/{window[0]}_{window[1]}", image={**one.image, "window": window})
