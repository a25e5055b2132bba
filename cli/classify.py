"""`rsvlm classify`: which of some classes, given by name, a raster shows."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, RASTER, place
from rsvlm.protocol import ClassifyRequest


def classify(
    raster: str = RASTER,
    labels: str = typer.Option(metavar="A,B,C", help="Names of the classes, such as forest,lake,houses."),
    top: int = typer.Option(5, min=1, help="How many classes to tell, the likeliest first."),
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Tell which of some classes a raster or a part of it shows."""
    request = ClassifyRequest(place(raster, extent, crs, bands), labels.split(","), top, model)
    saved("classify", request, device, as_json, out, overwrite)
