"""`rsvlm ask`: a question about a raster, answered in words."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.answering import answered
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, RASTER, place
from rsvlm.cli.terminal import show
from rsvlm.models.cards import able_card
from rsvlm.protocol import AskRequest


def ask(
    raster: str = RASTER,
    question: str = typer.Argument(help="What to ask about it."),
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
    able_card(model, "ask", "answer questions")
    library = str(knowledge.absolute()) if knowledge else None
    request = AskRequest(place(raster, extent, crs, bands), question, model=model, knowledge=library)
    show(answered("ask", request, device, not as_json), as_json)
