"""Features of an answer as a file, whose ending says of what kind: for the map, as a mask, or to learn from."""

from __future__ import annotations

import sys
from collections.abc import Collection
from glob import escape
from itertools import count
from pathlib import Path

from rsvlm.protocol import Answer, Raster, RsvlmError

OTHERS = (".tif", ".json", ".jsonl")
ENDINGS = (".gpkg", ".shp", ".geojson", ".fgb", ".csv", *OTHERS)


def still_free(path: Path, overwrite: bool, endings: Collection[str], read: Collection[Path | str] = ()) -> Path:
    """`path`, which was free when a long run began; the next name that is free, and a word on it, where it is not any more."""
    from rsvlm.geo.vector_files import check_target

    try:
        check_target(path, overwrite, endings, read)
    except RsvlmError as error:
        if not path.parent.is_dir():
            raise
        numbered = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
        other = next(name for name in numbered if not any(path.parent.glob(f"{escape(name.stem)}.*")))
        print(f"Note: {error.message} The result is written to {other.name}.", file=sys.stderr)
        return other
    return path


def export(path: Path, answer: Answer, raster: Raster, to: str | None) -> None:
    """to: WKT of the CRS of a vector file, None for the raster's own. Raises RsvlmError (bad_request) if it cannot be written."""
    from rsvlm.geo.annotations import write_coco, write_records
    from rsvlm.geo.class_rasters import write_classes
    from rsvlm.geo.scene import Scene
    from rsvlm.geo.tiling import PixelGrid
    from rsvlm.geo.vector_files import write_evidence

    ending = path.suffix.lower()
    if ending not in OTHERS:
        write_evidence(path, answer.evidence, answer.provenance["crs"], answer.provenance, to)
        return
    with Scene.open(raster) as scene:
        if ending == ".tif":
            grid = PixelGrid.over(scene.width, scene.height, scene.transform, scene.crs, None)
            write_classes(path, answer.evidence, grid)
        elif ending == ".json":
            write_coco(path, answer.evidence, scene)
        else:
            write_records(path, answer.evidence, scene)
