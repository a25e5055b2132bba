"""`rsvlm describe`: what a raster shows, in a sentence, in parts or as data."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from rsvlm.protocol import Cancelled, DescribeRequest, Raster, Watch


class Terminal(Watch):
    """Words go to standard output as they come, progress to standard error where somebody looks at it."""

    def __init__(self, words: bool) -> None:
        self._words = words
        self._stopped = False

    @contextmanager
    def listening(self) -> Iterator[Watch]:
        """Meanwhile the first Ctrl-C asks the task to finish with what it has; the second ends the program."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stopped = True
            signal.signal(signal.SIGINT, signal.default_int_handler)

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def cancelled(self) -> bool:
        return self._stopped

    def progress(self, done: int, total: int, note: str) -> None:
        if sys.stderr.isatty() and total > 1:
            print(f"\r{note}: {done} of {total}   ", end="\n" if done == total else "", file=sys.stderr, flush=True)

    def text(self, delta: str) -> None:
        if self._words:
            print(delta, end="", flush=True)


def describe(
    raster: str = typer.Argument(help="A raster file that GDAL opens."),
    extent: tuple[float, float, float, float] | None = typer.Option(
        None, metavar="X0 Y0 X1 Y1", help="Only this part, in the units of --crs; in pixels for a raster without a CRS."
    ),
    crs: str | None = typer.Option(None, help="CRS of --extent, such as EPSG:4326; default: the raster's own."),
    style: str = typer.Option(
        "brief", help="brief: one sentence; detailed: what is where; structured: JSON by a schema."
    ),
    bands: str | None = typer.Option(
        None, metavar="R,G,B", help="Band numbers to see as red, green and blue; one number is seen as grey."
    ),
    model: str | None = typer.Option(None, help="Id of the model; default: the bundled one."),
    device: str = typer.Option("auto", help="auto, cpu or cuda."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole answer with evidence and provenance as JSON."),
) -> None:
    """Describe a raster or a part of it."""
    from rsvlm.geo.scene import Scene
    from rsvlm.models.cards import get_card

    place = Raster(href=raster, extent=extent, crs=crs, bands=band_numbers(bands))
    get_card(model)
    with Scene.open(place) as scene:  # what is wrong with it is told at once: torch takes seconds to import
        reaches_out = scene.reaches_out
    from rsvlm.models.pool import Models
    from rsvlm.tasks import TASKS

    with Terminal(words=not as_json).listening() as watch:
        answer = TASKS["describe"].run(DescribeRequest(place, style, model), Models(device), watch)
    if reaches_out:
        answer.warnings.insert(0, "The extent reaches beyond the raster; the part inside it was described.")
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print()
        for warning in answer.warnings:
            print(f"Note: {warning}", file=sys.stderr)
    if answer.partial:
        raise typer.Exit(Cancelled().exit_code)


def band_numbers(text: str | None) -> tuple[int, ...] | None:
    """ "4,3,2" -> (4, 3, 2). Raises BadParameter for anything else."""
    if text is None:
        return None
    numbers = text.split(",")
    if len(numbers) not in (1, 3) or not all(number.strip().isdecimal() for number in numbers):
        raise typer.BadParameter("give one or three band numbers such as 4,3,2", param_hint="--bands")
    return tuple(map(int, numbers))
