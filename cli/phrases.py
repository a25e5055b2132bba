"""`rsvlm segment` and `rsvlm ground`: outlines of what phrases name, or boxes around it, as files for maps or to learn from."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from rsvlm.cli.answering import answered, read_by
from rsvlm.cli.exporting import ENDINGS, export, still_free
from rsvlm.cli.place import BANDS, CRS, DEVICE, EXTENT, JSON, MODEL, OVERWRITE, RASTER, place
from rsvlm.cli.terminal import show
from rsvlm.protocol import Answer, GroundRequest, RsvlmError, SegmentRequest

PHRASES = typer.Argument(
    metavar="PHRASE", help="What to look for, such as “storage tanks”; several, one after the other."
)
OUT = typer.Option(
    None,
    "-o",
    "--out",
    metavar="FILE",
    help="Write the features to this .gpkg, .geojson, .fgb, .shp or .csv, as a mask to .tif, as COCO to .json, as training "
    "records to .jsonl.",
)
TO_CRS = typer.Option(None, metavar="CRS", help="CRS of FILE, such as EPSG:3857; default: the raster's own.")


def segment(
    raster: str = RASTER,
    phrases: list[str] = PHRASES,
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    to_crs: str | None = TO_CRS,
    likely: float = typer.Option(0.5, metavar="P", help="Probability from which on a pixel belongs to a phrase."),
    smallest: float | None = typer.Option(
        None,
        metavar="M2",
        help="Leave out what covers less; default: four pixels of what the model sees, or of the raster if these are larger.",
    ),
    tolerance: float | None = typer.Option(
        None,
        metavar="M",
        help="Simplify outlines by so much; default: 1.25 pixels of what the model sees; 0: not at all.",
    ),
    right_angles: bool = typer.Option(False, "--right-angles", help="Give buildings right angles, where that fits."),
    probabilities: Path | None = typer.Option(
        None, metavar="FILE", help="Write the probabilities of the phrases to this .tif, a band for each."
    ),
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Outline what phrases name."""
    request = SegmentRequest(
        place(raster, extent, crs, bands),
        phrases,
        model,
        likely,
        smallest,
        tolerance,
        right_angles,
        bool(probabilities),
    )
    _run("segment", request, Files(out, to_crs, overwrite, probabilities), device, as_json)


def ground(
    raster: str = RASTER,
    phrases: list[str] = PHRASES,
    out: Path | None = OUT,
    overwrite: bool = OVERWRITE,
    to_crs: str | None = TO_CRS,
    oriented: bool = typer.Option(
        False, "--oriented", help="Turn boxes with the things, where the model outlines them."
    ),
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    bands: str | None = BANDS,
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Draw boxes around what phrases name."""
    request = GroundRequest(place(raster, extent, crs, bands), phrases, model, oriented)
    _run("ground", request, Files(out, to_crs, overwrite), device, as_json)


@dataclass(frozen=True)
class Files:
    """What is to be written: features to `out`, in `to_crs`; probabilities, one band for each phrase."""

    out: Path | None
    to_crs: str | None
    overwrite: bool
    probabilities: Path | None = None


def _run(task: str, request: SegmentRequest | GroundRequest, files: Files, device: str, as_json: bool) -> None:
    """Raises RsvlmError as task and writing do."""
    from rsvlm.geo.vector_files import check_target, target_crs

    read = read_by(request)
    if files.out:
        check_target(files.out, files.overwrite, ENDINGS, read)
        to = target_crs(files.out, files.to_crs)
    if files.probabilities:
        check_target(files.probabilities, files.overwrite, (".tif",), read)
        if files.out and files.out.absolute() == files.probabilities.absolute():
            raise RsvlmError("bad_request", "Mask and probabilities cannot be one file.", "Name two.")
    answer = answered(task, request, device, not as_json, files.out)
    try:
        show(answer, as_json)
    finally:  # what was finished is kept as well when the answer was stopped
        if files.out:
            export(still_free(files.out, files.overwrite, ENDINGS), answer, request.raster, to)
        if files.probabilities:
            _copy(answer, files.probabilities, files.overwrite, read)


def _copy(answer: Answer, path: Path, overwrite: bool, read: list[str]) -> None:
    """One file for all class phrases; a referring expression has one of its own, with a number."""
    from rsvlm.geo.staging import beside

    kept = (answer.structured or {}).get("probabilities", [])
    for number, file in enumerate(kept, 1):
        wanted = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        target = still_free(wanted, overwrite, (".tif",), read)
        with beside(target) as inside:
            shutil.copyfile(file["path"], inside)
    if not kept:
        print(
            f"Note: There are no probabilities to write to {path.name}; they are kept of what was looked at to the end.",
            file=sys.stderr,
        )
