"""A vector layer as a file that the backend reads: its own, or its features as GeoJSON beside what is made of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsVectorFileWriter, QgsVectorLayer

from ...protocol import RsvlmError
from ..translation import tr

READ = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".pbf", ".osm")


def vector_file(layer: QgsVectorLayer, folder: Path, context: QgsProcessingContext) -> str:
    """The layer's own file where that holds this layer alone and all of it, else a file in `folder`.

    What QGIS adds to a file is the layer's too: edits, a filter, a CRS, virtual and joined fields. The same features give
    the same file, untouched, so that work on them which was stopped can go on. Raises RsvlmError (bad_request) where it
    cannot be written.
    """
    path, _, part = layer.source().partition("|")
    provider = layer.dataProvider()
    as_on_disk = provider.crs() == layer.crs() and provider.fields().names() == layer.fields().names()
    saved = provider.name() == "ogr" and as_on_disk and not layer.isModified()
    if saved and not part and path.lower().endswith(READ) and os.path.isfile(path):
        return os.path.abspath(path)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    options.layerOptions = ["RFC7946=NO", "COORDINATE_PRECISION=9"]
    new = folder / "features.part.geojson"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        code, why, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(new), context.transformContext(), options)
        if code != QgsVectorFileWriter.NoError:
            raise OSError(why)
        named = folder / f"features-{hashlib.sha256(new.read_bytes()).hexdigest()[:12]}.geojson"
        if named.exists():
            new.unlink()
        else:
            new.rename(named)
    except OSError as error:
        raise RsvlmError(
            "bad_request",
            tr("The features of “{name}” cannot be written to {folder}.").format(name=layer.name(), folder=folder),
            tr("Choose another folder."),
        ) from error
    return str(named)
