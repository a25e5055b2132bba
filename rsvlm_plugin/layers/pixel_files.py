"""Masks and boxes in the pixels of the raster that they were found in: numbers of classes, a COCO file, or training records.

The same as the command line writes (geo/class_rasters.py, geo/annotations.py), with what QGIS brings along.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
from osgeo import gdal, ogr, osr
from qgis.core import NULL, QgsFeature, QgsFeedback, QgsGeometry

from ...protocol import Cancelled, RsvlmError
from ..translation import tr
from .geometry import crs_text
from .mask_records import NOWHERE, alone, grid_of, records_of
from .record import Record
from .snapshot import Snapshot

MASK, COCO, RECORDS = ".tif", ".json", ".jsonl"
TITLES = {MASK: "GeoTIFF", COCO: "COCO", RECORDS: "JSON Lines"}
NEEDED = ("label", "phrase", "score")  # fields
ROWS = 512  # that are burnt at once
MOST = 255  # classes in a byte
OTHER = "other"  # what a feature that was drawn by hand and has no label is called, where several phrases were asked
# Of the first classes, and again from the start (Okabe and Ito, Color Universal Design, 2008).
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
Shape = Tuple[str, Optional[float], QgsGeometry]


class _Half(QgsFeedback):
    """The first half of a longer way."""

    def __init__(self, whole: QgsFeedback) -> None:
        super().__init__()
        self._whole = whole

    def isCanceled(self) -> bool:  # noqa: N802 (QGIS's names, here and below)
        return bool(self._whole.isCanceled())

    def setProgress(self, progress: float) -> None:  # noqa: N802
        self._whole.setProgress(progress / 2)


def write_pixels(path: Path, record: Record, layer: Snapshot, feedback: QgsFeedback) -> None:
    """What the suffix of the path names, one of TITLES. Another file may be left beside it.

    Raises OSError, and RsvlmError as `grid_of` and `records_of` do, bad_request for too many classes, cancelled.
    """
    crs = record.answer_crs
    if path.suffix.lower() == RECORDS:
        write_records(path, record, layer.features(crs, feedback))
        return
    burning = Burning(record, layer.features(crs, _Half(feedback)))
    write = write_coco if path.suffix.lower() == COCO else write_classes
    write(path, burning, feedback)


def note_of(suffix: str) -> str:
    """What one of TITLES is for."""
    return {
        MASK: tr("A mask: a number for each class, on the pixels of the raster; names and colours are in the file."),
        COCO: tr("Outlines and boxes in pixels of the raster, one image."),
        RECORDS: tr("Training records: windows of the raster, and what lies in them."),
    }[suffix]


class Burning:
    """Features (label, score, polygons in the CRS of the record's answer) over the pixels of its raster.

    Raises RsvlmError as `grid_of` does.
    """

    def __init__(self, record: Record, features: Iterable[QgsFeature]) -> None:
        grid = grid_of(record)
        self.width, self.height, self.to_pixels = grid.width, grid.height, grid.to_pixels
        self.href = str(record.source["href"])
        file = gdal.Open(self.href)
        self.lies = file.GetGeoTransform(can_return_null=True)
        self.crs = file.GetSpatialRef() or _spatial(crs_text(record.answer_crs))
        unnamed = alone(record) or OTHER
        self.shapes: List[Shape] = [
            (str(item["label"] or item["phrase"] or unnamed), _known(item["score"]), QgsGeometry(item.geometry()))
            for item in features
            if not item.geometry().isEmpty()
        ]
        self.labels = list(dict.fromkeys(label for label, _score, _shape in self.shapes))

    def layer(self, shapes: Sequence[Shape]) -> "_Table":
        """Their polygons with the numbers of their classes, from 1 on, to be burnt."""
        return _Table(shapes, {label: number for number, label in enumerate(self.labels, 1)}, self.crs)

    def burnt(self, table: "_Table", x: int, y: int, width: int, height: int) -> np.ndarray:
        """(height, width) uint8 from pixel x, y on: numbers of classes, of the later one where features overlap."""
        left, across, across_down, top, down_across, down = self.lies or NOWHERE
        left, top = left + x * across + y * across_down, top + x * down_across + y * down
        target = gdal.GetDriverByName("MEM").Create("", width, height, 1, gdal.GDT_Byte)
        target.SetGeoTransform((left, across, across_down, top, down_across, down))
        target.SetSpatialRef(self.crs)
        xs = [left + i * across + j * across_down for i in (0, width) for j in (0, height)]
        ys = [top + i * down_across + j * down for i in (0, width) for j in (0, height)]
        table.layer.SetSpatialFilterRect(min(xs), min(ys), max(xs), max(ys))
        gdal.RasterizeLayer(target, [1], table.layer, options=["ATTRIBUTE=class"])
        return np.asarray(target.GetRasterBand(1).ReadAsArray())


class _Table:
    """OGR's, in memory. layer: needs its data set, which therefore stays with it."""

    def __init__(self, shapes: Sequence[Shape], numbers: Dict[str, int], crs: Optional[osr.SpatialReference]) -> None:
        self._source = ogr.GetDriverByName("Memory").CreateDataSource("")
        self.layer = self._source.CreateLayer("", crs, ogr.wkbUnknown)
        self.layer.CreateField(ogr.FieldDefn("class", ogr.OFTInteger))
        for label, _score, shape in shapes:
            row = ogr.Feature(self.layer.GetLayerDefn())
            row["class"] = numbers[label]
            row.SetGeometry(ogr.CreateGeometryFromWkb(bytes(shape.asWkb())))
            self.layer.CreateFeature(row)


def write_classes(path: Path, burning: Burning, feedback: QgsFeedback) -> None:
    """A cloud-optimised GeoTIFF of bytes: 1 for the first label, 2 for the second ..., 0 for none. Names stand in its metadata.

    Leaves another file beside it. Raises OSError, RsvlmError: bad_request for more than 255 labels, cancelled.
    """
    if len(burning.labels) > MOST:
        raise RsvlmError(
            "bad_request", tr("A mask holds {most} classes at most.").format(most=MOST), tr("Save as GeoPackage.")
        )
    plain = path.with_name("plain.tif")
    gdal.ErrorReset()
    options = ["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=DEFLATE", "ZLEVEL=1", "BIGTIFF=IF_SAFER"]
    target = gdal.GetDriverByName("GTiff").Create(
        str(plain), burning.width, burning.height, 1, gdal.GDT_Byte, [*options, "SPARSE_OK=TRUE"]
    )
    _check(target)
    target.SetSpatialRef(burning.crs)
    if burning.lies:
        target.SetGeoTransform(burning.lies)
    band = target.GetRasterBand(1)
    band.SetNoDataValue(0)
    band.SetRasterColorTable(_colours(len(burning.labels)))
    band.SetMetadata({f"CLASS_{number}": label for number, label in enumerate(burning.labels, 1)})
    table = burning.layer(burning.shapes)
    for y in range(0, burning.height, ROWS):
        _go_on(feedback, 50 + 30 * y / burning.height)
        values = burning.burnt(table, 0, y, burning.width, min(ROWS, burning.height - y))
        if values.any():
            band.WriteArray(values, 0, y)
    target.FlushCache()
    _check(target)
    del band, target

    def told(done: float, _text: str, _nothing: object) -> int:
        feedback.setProgress(80 + 20 * done)
        return int(not feedback.isCanceled())

    options = ["COMPRESS=DEFLATE", "OVERVIEW_RESAMPLING=NEAREST"]
    whole = gdal.GetDriverByName("COG").CreateCopy(str(path), gdal.Open(str(plain)), options=options, callback=told)
    _go_on(feedback, 100)
    _check(whole)


def write_coco(path: Path, burning: Burning, feedback: QgsFeedback) -> None:
    """A COCO file (arXiv 1405.0312) of one image, the raster. Raises OSError, Cancelled."""
    numbers = {label: number for number, label in enumerate(burning.labels, 1)}
    notes = []
    for number, shape in enumerate(burning.shapes, 1):
        _go_on(feedback, 50 + 50 * number / len(burning.shapes))
        label, score, _geometry = shape
        note = {"id": number, "image_id": 1, "category_id": numbers[label], "iscrowd": 0, "score": score}
        notes.append({**note, **_outline(shape, burning)})
    image = {"id": 1, "file_name": Path(burning.href).name, "width": burning.width, "height": burning.height}
    categories = [{"id": number, "name": label} for label, number in numbers.items()]
    whole = {"images": [image], "annotations": notes, "categories": categories}
    path.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")


def write_records(path: Path, record: Record, features: Iterable[QgsFeature]) -> None:
    """Training records, one line each. Raises OSError, and RsvlmError as `records_of` does."""
    rows = records_of(record, features)
    path.write_text("".join(json.dumps(row.to_json(), ensure_ascii=False) + "\n" for row in rows), "utf-8")


def _outline(shape: Shape, burning: Burning) -> Dict[str, Any]:
    """Box, area and outlines. What has holes is told by run lengths: COCO's polygons have none."""
    geometry = QgsGeometry(shape[2])
    geometry.transform(burning.to_pixels)
    box = geometry.boundingBox()
    x0, y0, x1, y1 = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
    told: Dict[str, Any] = {"bbox": [x0, y0, x1 - x0, y1 - y0]}
    polygons = geometry.asMultiPolygon() if geometry.isMultipart() else [geometry.asPolygon()]
    if all(len(rings) == 1 for rings in polygons):
        rings = [[side for point in rings[0][:-1] for side in (point.x(), point.y())] for rings in polygons]
        return {**told, "segmentation": rings, "area": geometry.area()}
    left, top = max(0, int(x0)), max(0, int(y0))
    right, bottom = min(burning.width, int(np.ceil(x1))), min(burning.height, int(np.ceil(y1)))
    mask = burning.burnt(burning.layer([shape]), left, top, max(1, right - left), max(1, bottom - top)) > 0
    runs = {"size": [burning.height, burning.width], "counts": _runs(mask, left, top, burning)}
    return {**told, "segmentation": runs, "area": int(mask.sum())}


def _runs(mask: np.ndarray, left: int, top: int, burning: Burning) -> List[int]:
    """COCO's run lengths of the whole picture, down the columns, first those of zeros."""
    columns, rows = np.nonzero(mask.T)
    at = (left + columns) * burning.height + top + rows
    starts, ends = at[np.diff(at, prepend=-2) != 1], at[np.diff(at, append=-2) != 1] + 1
    edges = np.column_stack([starts, ends]).ravel()
    runs = np.diff(edges, prepend=0, append=burning.width * burning.height)
    return [int(run) for run in runs]


def _spatial(crs: Optional[str]) -> Optional[osr.SpatialReference]:
    """The CRS that the user gave a file without one, x before y; None for none."""
    if crs is None:
        return None
    made = osr.SpatialReference()
    made.SetFromUserInput(crs)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def _known(score: object) -> Optional[float]:
    return None if score == NULL else float(str(score))


def _colours(count: int) -> gdal.ColorTable:
    table = gdal.ColorTable()
    table.SetColorEntry(0, (0, 0, 0, 0))
    for number in range(1, count + 1):
        table.SetColorEntry(number, (*COLOURS[(number - 1) % len(COLOURS)], 255))
    return table


def _go_on(feedback: QgsFeedback, percent: float) -> None:
    if feedback.isCanceled():
        raise Cancelled()
    feedback.setProgress(percent)


def _check(made: object) -> None:
    """GDAL gives nothing where it cannot begin a file, and remembers what went wrong later."""
    if made is None or gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise OSError(0, gdal.GetLastErrorMsg())
