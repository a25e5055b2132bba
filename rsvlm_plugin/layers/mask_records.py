"""Masks and boxes as the user left them, as training records: a window of the raster for each, regions in its pixels.

Only windows that hold something are kept: what is not there was not looked through by anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

from osgeo import gdal, osr
from qgis.core import QgsFeature, QgsFeedback, QgsGeometry, QgsPointXY, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtGui import QTransform

from ...protocol import Cancelled, RsvlmError
from ...protocol import Record as TrainingRecord
from ..translation import tr
from .correcting import corrections_folder, not_kept
from .corrections import Corrections
from .record import Record
from .snapshot import Snapshot

SIDE = 512  # pixels of a window
NOWHERE = (0, 1, 0, 0, 0, -1)  # how QGIS lays a raster that says nothing of where it lies
TASKS = {"masks": "segment", "boxes": "ground"}
Window = Tuple[int, int, int, int]


@dataclass(frozen=True)
class Grid:
    """The pixels of a raster, `width` x `height`, however it lies on the map. to_pixels: from its CRS, x right and y down."""

    to_pixels: QTransform
    width: int
    height: int

    def windows(self, box: QgsRectangle) -> Iterator[Window]:
        """Those that a box in pixels reaches into, cut at the edges of the raster."""
        for y in range(max(0, int(box.yMinimum())) // SIDE * SIDE, min(self.height, int(box.yMaximum()) + 1), SIDE):
            for x in range(max(0, int(box.xMinimum())) // SIDE * SIDE, min(self.width, int(box.xMaximum()) + 1), SIDE):
                yield x, y, min(x + SIDE, self.width), min(y + SIDE, self.height)


def grid_of(record: Record) -> Grid:
    """The pixels of the file that the record's masks were drawn on, turned ones and those with the south at the top too.

    QGIS shows such a file as it lies on the map, so that its layer tells of other pixels than the file has.
    A file without a CRS lies where QGIS was told that it does. Raises RsvlmError (not_found) where it is gone or was never a
    file, bad_raster where it lies elsewhere now.
    """
    href = record.source.get("href")
    layer = QgsRasterLayer(str(href), "") if href else None
    file = gdal.Open(str(href)) if layer is not None and layer.isValid() else None
    if layer is None or file is None:
        raise RsvlmError(
            "not_found",
            tr("The raster that these were found in is not a file on this computer."),
            tr("Ask about a layer whose file lies on this computer, and correct that answer."),
        )
    own = file.GetSpatialRef()
    if own is not None and layer.crs() != record.answer_crs and not _same_crs(own, record):
        raise RsvlmError(
            "bad_raster",
            tr("The raster lies in another coordinate system now."),
            tr("Ask again, and correct that answer."),
        )
    left, across, across_down, top, down_across, down = file.GetGeoTransform(can_return_null=True) or NOWHERE
    to_map = QTransform(across, down_across, across_down, down, left, top)
    return Grid(to_map.inverted()[0], file.RasterXSize, file.RasterYSize)


def records_of(record: Record, features: Iterable[QgsFeature]) -> List[TrainingRecord]:
    """One for each window that holds some of the features.

    Raises RsvlmError as `grid_of` does, bad_request for a feature that nobody named, no_data without any.
    """
    grid = grid_of(record)
    windows: Dict[Window, List[Dict[str, Any]]] = {}
    for feature in features:
        label = str(feature["phrase"] or feature["label"] or alone(record))
        if not label:
            raise RsvlmError(
                "bad_request",
                tr("A feature that was drawn by hand has no label."),
                tr("Give it one in the attribute table, then try again."),
            )
        for window, part in _parts(feature.geometry(), grid):
            region = _region(label, part, window, record.style)
            x0, y0, x1, y1 = region["bbox"]
            if x0 < x1 and y0 < y1:
                windows.setdefault(window, []).append(region)
    if not windows:
        raise RsvlmError("no_data", tr("The layer is empty: there is nothing to learn from."), "")
    return [_training_record(record, window, regions) for window, regions in sorted(windows.items())]


def alone(record: Record) -> str:
    """What a feature is that was drawn by hand and has no label: the record's only phrase, empty where it has several."""
    return record.phrases[0] if len(record.phrases) == 1 else ""


class Keeping:
    """A layer on its way into the user's corrections: made on the main thread, written on any, as the layer was then.

    key: of its answer. path: the file that is written.
    """

    def __init__(self, record: Record, layer: QgsVectorLayer) -> None:
        self.key, self.layer = record.key, Snapshot(layer)
        self._record = replace(record)
        self._corrections = Corrections(corrections_folder())
        self.path = self._corrections.path

    def write(self, feedback: QgsFeedback) -> int:
        """In place of what was kept of the layer before, or leave all as it was; how many records the file has now.

        Raises RsvlmError as `records_of` does, bad_request where the file cannot be written, cancelled.
        """
        made = records_of(self._record, self.layer.features(self.layer.crs, feedback))
        if feedback.isCanceled():
            raise Cancelled()
        try:
            return self._corrections.replace(_key(self._record), made)
        except OSError as error:
            raise not_kept(self.path, error) from error


def _same_crs(own: osr.SpatialReference, record: Record) -> bool:
    """QGIS takes a CRS without a code for another one where it was written down in other words."""
    text = record.answer.provenance.get("crs")
    if not text or not record.answer_crs.isValid():
        return False
    other = osr.SpatialReference()
    other.SetFromUserInput(str(text))
    return bool(own.IsSame(other, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]))


def _parts(geometry: QgsGeometry, grid: Grid) -> Iterator[Tuple[Window, QgsGeometry]]:
    """The polygons of a geometry in pixels of the raster, cut at the edges of windows."""
    shape = QgsGeometry(geometry)
    shape.transform(grid.to_pixels)
    around = shape.boundingBox()
    for window in grid.windows(around):
        box = QgsRectangle(*window)
        inside = shape if box.contains(around) else shape.intersection(QgsGeometry.fromRect(box))
        for part in inside.asGeometryCollection():
            if part.type() == 2 and part.area() > 1:  # less than a pixel teaches nothing
                yield window, part


def _region(label: str, part: QgsGeometry, window: Window, kind: str) -> Dict[str, Any]:
    polygon = part.asMultiPolygon()[0] if part.isMultipart() else part.asPolygon()
    rings = [[_inside(point, window) for point in ring[:-1]] for ring in polygon]
    xs, ys = [xy[0] for xy in rings[0]], [xy[1] for xy in rings[0]]
    found: Dict[str, Any] = {"label": label, "bbox": [min(xs), min(ys), max(xs), max(ys)]}
    return {**found, "polygon": rings} if kind == "masks" else found


def _inside(pixel: QgsPointXY, window: Window) -> List[float]:
    x0, y0, x1, y1 = window
    return [round(min(max(pixel.x() - x0, 0), x1 - x0), 2), round(min(max(pixel.y() - y0, 0), y1 - y0), 2)]


def _key(record: Record) -> str:
    """What the ids of all its windows begin with: what was kept of it before gives way."""
    return f"correction/{record.key}/"


def _training_record(record: Record, window: Window, regions: Sequence[Mapping[str, Any]]) -> TrainingRecord:
    source = record.source
    image: Dict[str, Any] = {"href": source["href"], "window": list(window)}
    if source.get("bands"):
        image["bands"] = list(source["bands"])
    if source.get("acquired"):
        image["date"] = source["acquired"]
    provenance = record.answer.provenance
    meta = {name: provenance[name] for name in ("model", "revision", "created") if provenance.get(name)}
    name = f"{_key(record)}{window[0]}_{window[1]}"
    return TrainingRecord(name, TASKS[record.style], "train", [image], [], [dict(item) for item in regions], meta)
