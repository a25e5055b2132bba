"""`rsvlm localize`: where in a raster a phrase is, as a heat map or as places."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import typer

from rsvlm.cli.answering import answered, read_by, saved
from rsvlm.cli.exporting import still_free
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OVERWRITE, RASTER, place
from rsvlm.cli.terminal import show
from rsvlm.protocol import LocalizeRequest

OUT = typer.Option(
    None,
    "-o",
    "--out",
    metavar="FILE",
    help="Write the heat to this .tif, or the places to this .gpkg, .shp or .geojson.",
)


def localize(
    raster: str = RASTER,
    phrase: str = typer.Argument(help="What to look for, such as “storage tanks at a river”."),
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Find where in a raster it looks most like what a phrase names."""
    request = LocalizeRequest(place(raster, extent, crs, bands), phrase, model)
    if out is None or out.suffix.lower() not in (".tif", ".tiff"):
        saved("localize", request, device, as_json, out, overwrite)
        return
    from rsvlm.geo.raster_files import write_whole
    from rsvlm.geo.vector_files import check_target

    endings, read = (out.suffix.lower(),), read_by(request)
    check_target(out, overwrite, endings, read)
    answer = answered("localize", request, device, not as_json)
    write_whole(still_free(out, overwrite, endings, read), b64decode((answer.structured or {})["heat"]))
    show(answer, as_json)
