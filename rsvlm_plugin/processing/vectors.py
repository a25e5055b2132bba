"""A vector layer as a file that the backend reads: its own, or its features as GeoJSON beside what is made of them.

`choose` runs in the main thread and is a matter of moments, `fetch` in the algorithm's.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Union

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsFeedback, QgsVectorLayer

from ...protocol import RsvlmError
from ..layers.snapshot import Snapshot
from ..layers.table import write_table
from ..translation import tr

READ = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".pbf", ".osm")
WGS84 = "EPSG:4326"


def choose(layer: QgsVectorLayer, context: QgsCoordinateTransformContext) -> Union[str, Snapshot]:
    """The layer's own file where that holds this layer alone and all of it, else its features as they are now.

    What QGIS adds to a file is the layer's too: edits, a filter, a CRS, virtual and joined fields.
    """
    path, _, part = layer.source().partition("|")
    provider = layer.dataProvider()
    as_on_disk = provider.crs() == layer.crs() and provider.fields().names() == layer.fields().names()
    saved = provider.name() == "ogr" and as_on_disk and not layer.isModified()
    if saved and not part and path.lower().endswith(READ) and os.path.isfile(path):
        return os.path.abspath(path)
    snapshot = Snapshot(layer)
    snapshot.context = context
    return snapshot


def fetch(source: Union[str, Snapshot], folder: Path, feedback: QgsFeedback) -> str:
    """The file to read; in `folder`, which is there, where it has to be written.

    The same features give the same file, untouched, so that work on them which was stopped can go on. Raises RsvlmError:
    bad_request or unavailable where it cannot be written, bad_extent where WGS 84 does not reach, cancelled.
    """
    if isinstance(source, str):
        return source
    crs, new = _crs_in_file(source.crs), folder / "features.part.geojson"
    options = ("RFC7946=NO", "COORDINATE_PRECISION=9")
    try:
        new.unlink(missing_ok=True)
        features = source.features(crs, feedback)
        write_table(new, "GeoJSON", new.stem, source.fields, features, source.geometry, crs, options)
        named = folder / f"features-{_digest(new)[:12]}.geojson"
        if not named.exists():
            new.rename(named)
    except OSError as error:
        raise RsvlmError(
            "bad_request",
            tr("The features of “{name}” cannot be written to {folder}.").format(name=source.name, folder=folder),
            tr("Choose another folder."),
        ) from error
    finally:
        new.unlink(missing_ok=True)
    return str(named)


def _crs_in_file(crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
    """GeoJSON names a CRS by its code alone, and is read as WGS 84 where it names none."""
    named = not crs.isValid() or crs.authid().startswith("EPSG:")
    return crs if named else QgsCoordinateReferenceSystem(WGS84)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()
