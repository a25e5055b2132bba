"""`rsvlm describe`: what a raster shows, in a sentence, in parts or as data."""

from __future__ import annotations

import typer

from rsvlm.cli.answering import answered
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, RASTER, place
from rsvlm.cli.terminal import show
from rsvlm.protocol import DescribeRequest


def describe(
    raster: str = RASTER,
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    style: str = typer.Option(
        "brief", help="brief: one sentence; detailed: what is where; structured: JSON by a schema."
    ),
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Describe a raster or a part of it."""
    answer = answered("describe", DescribeRequest(place(raster, extent, crs, bands), style, model), device, not as_json)
    show(answer, as_json)
