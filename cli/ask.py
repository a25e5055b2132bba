"""`rsvlm ask`: a question about a raster, answered in words; what the answer points at and cites, as a vector file."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import saved
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OUT, OVERWRITE, RASTER, place
from rsvlm.protocol import AskRequest, RsvlmError


def ask(
    raster: str = RASTER,
    question: str = typer.Argument(help="What to ask about it."),
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    knowledge: Path | None = typer.Option(
        None,
        metavar="LIBRARY",
        help="A library that “rsvlm knowledge add” has filled: the answer may cite its passages.",
    ),
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Ask about a raster or a part of it."""
    if knowledge and out and out.suffix.lower() == ".shp":
        raise RsvlmError(
            "bad_request", "A shapefile cannot hold the documents that an answer cites.", "Use .gpkg or .geojson."
        )
    library = str(knowledge.absolute()) if knowledge else None
    request = AskRequest(place(raster, extent, crs, bands), question, model=model, knowledge=library)
    saved("ask", request, device, as_json, out, overwrite)
