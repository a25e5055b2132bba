"""`rsvlm change`: what changed between two rasters of one place, in words, and as a vector file."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, place
from rsvlm.models.cards import able_card
from rsvlm.protocol import ChangeRequest


def change(
    before: str = typer.Argument(help="A raster of the earlier date."),
    after: str = typer.Argument(help="A raster of the same place, later."),
    question: str | None = typer.Option(None, "--ask", metavar="QUESTION", help="Ask this about the change."),
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Tell what changed between two rasters, or answer a question about that."""
    if out:
        able_card(model, "change_masks", "draw where something changed")
    earlier, later = (place(raster, extent, crs, bands) for raster in (before, after))
    saved("change", ChangeRequest(earlier, later, question, model), device, as_json, out, overwrite)
