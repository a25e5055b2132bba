"""`rsvlm ground`: boxes around what a phrase names, as a vector file."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, RASTER, place
from rsvlm.models.cards import able_card
from rsvlm.protocol import GroundRequest


def ground(
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
    """Draw boxes around what a phrase names."""
    able_card(model, "ground", "draw boxes around what a phrase names")
    request = GroundRequest(place(raster, extent, crs, bands), phrases, model)
    saved("ground", request, device, as_json, out, overwrite)
