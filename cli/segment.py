"""`rsvlm segment`: outlines of what a phrase names, as a vector file."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, RASTER, place
from rsvlm.models.cards import able_card
from rsvlm.protocol import SegmentRequest


def segment(
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
    """Outline what a phrase names."""
    able_card(model, "segment", "draw outlines of what a phrase names")
    request = SegmentRequest(place(raster, extent, crs, bands), phrases, model)
    saved("segment", request, device, as_json, out, overwrite)
