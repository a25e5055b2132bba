"""`rsvlm knowledge`: documents put into a library, and found again by words, by picture and by place."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from rsvlm.cli.place import CRS, DEVICE, EXTENT, MODEL
from rsvlm.cli.terminal import Terminal, plain
from rsvlm.protocol import Raster

knowledge_app = typer.Typer(
    help="Documents that answers can rest on and cite: add them to a library, search it.", no_args_is_help=True
)
LIBRARY = typer.Argument(metavar="LIBRARY.gpkg", help="The library, a GeoPackage.")
JSON = typer.Option(False, "--json", help="Print JSON.")


@knowledge_app.command("add")
def add_documents(
    library: Path = LIBRARY,
    files: list[Path] = typer.Argument(help="Documents: .jsonl, .geojson, .txt or .md; see docs/knowledge.md."),
    model: str | None = MODEL,
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Add documents, each once; the library is made if it is not there. Stopped, it keeps what was finished."""
    from rsvlm.library.documents import read_documents

    documents = [document for file in files for document in read_documents(file)]
    from rsvlm.models.pool import Models
    from rsvlm.tasks.knowledge import add

    with Terminal(words=False).listening() as watch:
        done = add(library, documents, model, Models(device), watch)
    if as_json:
        print(json.dumps(asdict(done)))
        return
    there = f"; {done.present} were there already" if done.present else ""
    print(f"Documents added to {library.name}: {done.added}{there}.")


@knowledge_app.command("search")
def search_documents(
    library: Path = LIBRARY,
    text: str = typer.Argument("", help="What to search for."),
    image: str | None = typer.Option(None, metavar="RASTER", help="Search for what looks like this, near where it is."),
    extent: tuple[float, float, float, float] | None = EXTENT,
    crs: str | None = CRS,
    at: tuple[float, float] | None = typer.Option(None, metavar="LON LAT", help="Search near this place."),
    within: float | None = typer.Option(None, metavar="METRES", min=0, help="Only documents so near to the place."),
    most: int = typer.Option(5, "-n", min=1, max=100, help="How many passages."),
    device: str = DEVICE,
    as_json: bool = JSON,
) -> None:
    """Search for passages, the best first."""
    if extent and not image:
        raise typer.BadParameter("it is a part of --image, which is missing", param_hint="--extent")
    place = None
    if at:
        from rsvlm.library.place import checked

        place = checked({"type": "Point", "coordinates": list(at)}, "--at")
    raster = Raster(href=image, extent=extent, crs=crs) if image else None
    _look_early(library, raster)
    from rsvlm.models.pool import Models
    from rsvlm.tasks.knowledge import find

    with Terminal(words=False).listening() as watch:
        found = find(library, Models(device), watch, text, raster, place, within, most)
    if as_json:
        print(json.dumps({"passages": [asdict(item) for item in found.passages], "left_out": found.left_out}))
        return
    for number, item in enumerate(found.passages, 1):
        print(f"[{number}] {plain(_line(asdict(item)))}")
    if not found.passages:
        print("Nothing was found.")
    if found.left_out:
        print("A document with the very picture that is searched with was left out.")


def _look_early(library: Path, raster: Raster | None) -> None:
    """What cannot be opened is told before torch is imported, which takes seconds. Raises RsvlmError as opening does."""
    from rsvlm.geo.scene import Scene
    from rsvlm.tasks.libraries import open_library

    with open_library(library):
        pass
    if raster is not None:
        with Scene.open(raster):
            pass


def _line(item: dict[str, Any]) -> str:
    """Title, distance, source and text of a passage."""
    about = [item["source"]] if item["source"] else []
    if item["distance_m"] is not None:
        about.append(f"{item['distance_m'] / 1000:,.1f} km away")
    return " ".join(filter(None, (item["title"], f"({', '.join(about)})" if about else "", item["text"])))
