"""`rsvlm segment` and `rsvlm ground`: outlines of what phrases name, or boxes around it, as a vector file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, RASTER, place
from rsvlm.protocol import GroundRequest, SegmentRequest


def _command(task: str, request: type[SegmentRequest] | type[GroundRequest], told: str) -> Callable[..., None]:
    """The command of a task that looks for phrases. told: what it does, for its help."""

    def command(
        raster: str = RASTER,
        phrases: list[str] = typer.Argument(metavar="PHRASE", help="What to look for, such as “storage tanks”."),
        out: Path | None = OUT,
        overwrite: bool = OVERWRITE,
        extent: tuple[float, float, float, float] | None = EXTENT,
        crs: str | None = CRS,
        bands: str | None = BANDS,
        model: str | None = MODEL,
        device: str = DEVICE,
        as_json: bool = JSON,
    ) -> None:
        asked = request(place(raster, extent, crs, bands), phrases, model)
        saved(task, asked, device, as_json, out, overwrite)

    command.__doc__ = told
    return command


segment = _command("segment", SegmentRequest, "Outline what phrases name.")
ground = _command("ground", GroundRequest, "Draw boxes around what phrases name.")
