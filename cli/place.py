"""Where to look, and with what: arguments and options that commands on rasters share."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from rsvlm.protocol import Raster

RASTER = typer.Argument(help="A raster file that GDAL opens.")
EXTENT = typer.Option(
    None, metavar="X0 Y0 X1 Y1", help="Only this part, in the units of --crs; in pixels for a raster without a CRS."
)
CRS = typer.Option(None, help="CRS of --extent, such as EPSG:4326; default: the raster's own.")
BANDS = typer.Option(
    None, metavar="R,G,B", help="Band numbers to see as red, green and blue; one number is seen as grey."
)
MODEL = typer.Option(None, help="Id of the model; default: the bundled one.")
DEVICE = typer.Option("auto", help="auto, cpu or cuda.")
JSON = typer.Option(False, "--json", help="Print the whole answer with evidence and provenance as JSON.")
OUT = typer.Option(
    None, "-o", "--out", metavar="FILE", help="Write what the answer points at to this .gpkg, .shp or .geojson."
)
OVERWRITE = typer.Option(False, "--overwrite", help="Replace the file of -o if it is there.")


def place(raster: str, extent: Sequence[float] | None, crs: str | None, bands: str | None) -> Raster:
    """The part of a raster that the options name. Raises BadParameter."""
    return Raster(href=raster, extent=extent, crs=crs, bands=band_numbers(bands))


def band_numbers(text: str | None) -> tuple[int, ...] | None:
    """ "4,3,2" -> (4, 3, 2). Raises BadParameter for anything else."""
    if text is None:
        return None
    numbers = text.split(",")
    if len(numbers) not in (1, 3) or not all(number.strip().isdecimal() for number in numbers):
        raise typer.BadParameter("give one or three band numbers such as 4,3,2", param_hint="--bands")
    return tuple(map(int, numbers))
