"""Masks and boxes as the user left them, as training records: a window of the raster for each, regions in its pixels.

Only windows that hold something are kept: what is not there was not looked through by anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from qgis.core import QgsGeometry, QgsPointXY, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from ...protocol import Record as TrainingRecord
from ...protocol import RsvlmError
from ..translation import tr
from .correcting import corrections_folder
from .corrections import Corrections
from .record import Record

SIDE = 512  # pixels of a window
TASKS = {"masks": "segment", "boxes": "ground"}
Window = Tuple[int, int, int, int]


@dataclass(frozen=True)
class Grid:
    """A north-up raster: `left`, `top` in its CRS, `across` and `down` the size of a pixel, `width` x `height` of them."""

    left: float
    top: float
    across: float
    down: float
    width: int
    height: int

    def pixels(self, point: QgsPointXY) -> Tuple[float, float]:
        """x right and y down."""
        return (point.x() - self.left) / self.across, (self.top - point.y()) / self.down

    def ground(self, window: Window) -> QgsRectangle:
        """The window in the raster's CRS."""
        x0, y0, x1, y1 = window
        return QgsRectangle(
            self.left + x0 * self.across,
            self.top - y1 * self.down,
            self.left + x1 * self.across,
            self.top - y0 * self.down,
        )


def grid_of(record: Record) -> Grid:
    """The pixels of the file that the record's masks were drawn on.

    Raises RsvlmError (not_found) where it is gone or was never a file, bad_raster where it is turned or lies elsewhere now.
    """
    href = record.source.get("href")
    layer = QgsRasterLayer(str(href), "") if href else None
    if layer is None or not layer.isValid():
        raise RsvlmError(
            "not_found",
            tr("The raster that these were found in is not a file on this computer."),
            tr("Ask about a layer whose file lies on this computer, and correct that answer."),
        )
    if layer.crs() != record.answer_crs:
        raise RsvlmError(
            "bad_raster",
            tr("The raster lies in another coordinate system now."),
            tr("Ask again, and correct that answer."),
        )
    box = layer.extent()
    across, down = box.width() / layer.width(), box.height() / layer.height()
    return Grid(box.xMinimum(), box.yMaximum(), across, down, layer.width(), layer.height())


def records_of(record: Record, layer: QgsVectorLayer) -> List[TrainingRecord]:
    """One for each window that holds features of the layer. Raises RsvlmError as `grid_of` does, and no_data without any."""
    grid = grid_of(record)
    windows: Dict[Window, List[Dict[str, Any]]] = {}
    for feature in layer.getFeatures():
        label = str(feature["phrase"] or feature["label"] or "")
        for window, part in _parts(feature.geometry(), grid):
            region = _region(label, part, grid, window, record.style)
            x0, y0, x1, y1 = region["bbox"]
            if x0 < x1 and y0 < y1:
                windows.setdefault(window, []).append(region)
    if not windows:
        raise RsvlmError("no_data", tr("The layer is empty: there is nothing to learn from."), "")
    return [_training_record(record, window, regions) for window, regions in sorted(windows.items())]


def keep(record: Record, layer: QgsVectorLayer) -> Tuple[Path, int]:
    """Write them to the user's corrections in place of what was kept of the layer before; the file, and how many records it has.

    Raises RsvlmError as `records_of` does, and bad_request where the file cannot be written.
    """
    corrections = Corrections(corrections_folder())
    made = records_of(record, layer)
    try:
        count = corrections.replace(_key(record), made)
    except OSError as error:
        raise RsvlmError(
            "bad_request",
            tr("The correction could not be written to {path}: {why}.").format(
                path=corrections.path, why=error.strerror or error
            ),
            tr("Choose another folder for corrections in Settings ▸ Options ▸ rsvlm ▸ Training."),
        ) from error
    return corrections.path, count


def _parts(geometry: QgsGeometry, grid: Grid) -> Iterator[Tuple[Window, QgsGeometry]]:
    """The polygons of a geometry, cut at the edges of windows."""
    box = geometry.boundingBox()
    left, top = grid.pixels(QgsPointXY(box.xMinimum(), box.yMaximum()))
    right, bottom = grid.pixels(QgsPointXY(box.xMaximum(), box.yMinimum()))
    for y in range(max(0, int(top)) // SIDE * SIDE, min(grid.height, int(bottom) + 1), SIDE):
        for x in range(max(0, int(left)) // SIDE * SIDE, min(grid.width, int(right) + 1), SIDE):
            window = (x, y, min(x + SIDE, grid.width), min(y + SIDE, grid.height))
            cut = geometry.intersection(QgsGeometry.fromRect(grid.ground(window)))
            for part in cut.asGeometryCollection():
                if part.type() == 2 and part.area() > grid.across * grid.down:  # less than a pixel teaches nothing
                    yield window, part


def _region(label: str, part: QgsGeometry, grid: Grid, window: Window, kind: str) -> Dict[str, Any]:
    polygon = part.asMultiPolygon()[0] if part.isMultipart() else part.asPolygon()
    rings = [[_inside(grid.pixels(point), window) for point in ring[:-1]] for ring in polygon]
    xs, ys = [xy[0] for xy in rings[0]], [xy[1] for xy in rings[0]]
    found: Dict[str, Any] = {"label": label, "bbox": [min(xs), min(ys), max(xs), max(ys)]}
    return {**found, "polygon": rings} if kind == "masks" else found


def _inside(pixel: Tuple[float, float], window: Window) -> List[float]:
    x0, y0, x1, y1 = window
    return [round(min(max(pixel[0] - x0, 0), x1 - x0), 2), round(min(max(pixel[1] - y0, 0), y1 - y0), 2)]


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
