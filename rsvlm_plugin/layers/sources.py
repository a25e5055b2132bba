"""Which pixels the model gets for a place: the layer's own file, or a picture of the map.

A single opaque GDAL raster on top is read from its file (native resolution, raw bands); everything else (XYZ, WMS,
vectors, groups, several layers, classes drawn in colours) is drawn as the user sees it, without labels and selection.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import List, Optional, Sequence, Tuple, Union

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureSource,
    QgsGeometry,
    QgsMapLayer,
    QgsMapSettings,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QPainter

from ...protocol import Raster, RsvlmError
from ..translation import tr
from . import nodata
from .geometry import crs_text, reprojected, reprojected_box, to_geojson
from .place import Place

MAX_PIXELS = 1024  # long side of a drawn picture; the bundled model sees at most a few tiles of 128 to 256 px
MIN_PIXELS = 256
DPI = 96
MIN_DPI = 24  # of a map drawn smaller than it is shown: lines would vanish
ARCHIVES = ("/vsizip/", "/vsitar/")  # on this machine; what else GDAL opens, the backend does not


@dataclass(frozen=True)
class Native:
    """The layer's own file, as the backend will read it. crs: of the file, as text; None = it has none."""

    raster: Raster
    crs: Optional[str] = None


@dataclass(frozen=True)
class Rendered:
    """A picture to draw: complete settings for it, and what they show."""

    settings: QgsMapSettings
    place: Place
    layer_count: int


def choose(place: Place, canvas_settings: QgsMapSettings, draw: bool = False) -> Union[Native, Rendered]:
    """Decide by the layers of the place. Raises RsvlmError no_data where no layer lies in it.

    draw: a picture also where the file could be read, for a model elsewhere.
    """
    candidates = _layers_in(place, canvas_settings)
    if not candidates:
        raise RsvlmError(
            "no_data",
            tr("No visible layer lies in this place."),
            tr("Switch a layer on in the Layers panel, or move the map to one."),
        )
    top = candidates[0]
    if not draw and can_be_read(top, place) and (len(candidates) == 1 or _covers(top, place)):
        return Native(_native(top, place), crs_text(top.crs()))
    settings = map_settings(place, candidates, canvas_settings)
    # QGIS would leave out, without a word, what is not to be seen at the scale of the picture.
    drawn = [layer if layer.isInScaleRange(settings.scale()) else _at_any_scale(layer) for layer in candidates]
    settings.setLayers(drawn)
    return Rendered(settings, replace(place, layers=tuple(drawn)), len(drawn))


def can_be_read(layer: QgsMapLayer, place: Place) -> bool:
    """Whether the layer's file shows the backend what its drawing shows the user."""
    if not isinstance(layer, QgsRasterLayer) or native_href(layer) is None:
        return False
    if not place.whole and not layer.crs().isValid():
        return False  # map coordinates do not tell where in the file to look
    provider_crs = layer.dataProvider().crs()
    return (
        isinstance(layer.renderer(), (QgsMultiBandColorRenderer, QgsSingleBandGrayRenderer))
        and layer.renderer().opacity() >= 1
        and layer.blendMode() == QPainter.CompositionMode.CompositionMode_SourceOver
        and (not provider_crs.isValid() or provider_crs == layer.crs())
        and nodata.can_be_told(layer)
    )


def native_href(layer: QgsRasterLayer) -> Optional[str]:
    """The path of a GDAL layer's file, None for services, databases, sub-datasets and other providers.

    None, too, for a file that QGIS warps to its place by control points or a camera model: its own pixels lie elsewhere.
    """
    provider = layer.dataProvider()
    if provider is None or provider.name() != "gdal":
        return None
    path = layer.source().split("|", 1)[0]
    packed = path.startswith(ARCHIVES) and "/vsi" not in path[1:]  # no archive at an address
    if not (os.path.isfile(path) or packed) or (provider.crs().isValid() and _is_warped(path)):
        return None
    return path if packed else os.path.abspath(path)  # the backend works in another folder


def _is_warped(path: str) -> bool:
    file = gdal.Open(path)
    return file is not None and file.GetGeoTransform(can_return_null=True) is None


def shown_bands(layer: QgsRasterLayer) -> Optional[Tuple[int, ...]]:
    """The band numbers the layer is drawn with: three as red, green, blue, or one as grey."""
    renderer = layer.renderer()
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        return bands if min(bands) >= 1 else None
    if isinstance(renderer, QgsSingleBandGrayRenderer):
        return (renderer.grayBand(),)
    return None


def acquired(layer: QgsMapLayer) -> Optional[str]:
    """The layer's date (ISO 8601) from its temporal properties or metadata, None where neither knows one."""
    temporal = layer.temporalProperties()
    if isinstance(layer, QgsRasterLayer) and temporal is not None and temporal.isActive():
        begin = temporal.fixedTemporalRange().begin()
        if begin.isValid():
            return begin.date().toString(Qt.DateFormat.ISODate)
    for extent in layer.metadata().extent().temporalExtents():
        if extent.begin().isValid():
            return extent.begin().date().toString(Qt.DateFormat.ISODate)
    return None


def map_settings(place: Place, layers: Sequence[QgsMapLayer], canvas_settings: QgsMapSettings) -> QgsMapSettings:
    """The canvas's settings (styles, time, transforms), aimed north-up at the place within the pixel budget.

    The scale is the map's, so that the styles are, too; a layer or group that is looked at as a whole has its own.
    """
    settings = QgsMapSettings(canvas_settings)
    settings.setLayers(list(layers))
    settings.setDestinationCrs(place.crs)
    settings.setRotation(0)
    settings.setOutputSize(picture_size(place.extent, _finest(place, canvas_settings)))
    settings.setExtent(place.extent)
    settings.setDevicePixelRatio(1)
    settings.setOutputDpi(DPI)
    if place.kind != "layer":
        settings.setOutputDpi(max(MIN_DPI, DPI * canvas_settings.scale() / settings.scale()))
    for flag in (QgsMapSettings.DrawLabeling, QgsMapSettings.DrawSelection, QgsMapSettings.DrawEditingInfo):
        settings.setFlag(flag, False)
    # Where only imagery is drawn, what it leaves empty is no data; a vector map is drawn on its paper.
    if all(isinstance(layer, QgsRasterLayer) for layer in layers):
        settings.setBackgroundColor(Qt.GlobalColor.transparent)
    return settings


def picture_size(extent: QgsRectangle, units_per_pixel: float) -> QSize:
    """Pixels for an extent: as sharp as the screen or the layer, its long side between MIN_PIXELS and MAX_PIXELS."""
    long_side = max(extent.width(), extent.height())
    pixels = long_side / units_per_pixel if units_per_pixel > 0 else MAX_PIXELS
    per_unit = min(max(pixels, MIN_PIXELS), MAX_PIXELS) / long_side
    return QSize(max(1, round(extent.width() * per_unit)), max(1, round(extent.height() * per_unit)))


def _finest(place: Place, canvas_settings: QgsMapSettings) -> float:
    """Units of the place's CRS, which need not be the map's, for each pixel of the layer's own file or of the map."""
    if place.whole:
        return place.layers[0].rasterUnitsPerPixelX()
    shown = reprojected_box(place.extent, place.crs, canvas_settings.destinationCrs())
    units = max(place.extent.width(), place.extent.height()) / max(shown.width(), shown.height())
    return canvas_settings.mapUnitsPerPixel() * units


def _at_any_scale(layer: QgsMapLayer) -> QgsMapLayer:
    copy = layer.clone()
    copy.setScaleBasedVisibility(False)
    return copy


def _layers_in(place: Place, settings: QgsMapSettings) -> List[QgsMapLayer]:
    if place.kind == "layer":
        return [layer for layer in place.layers if layer.isValid()]
    scale = settings.scale()
    return [layer for layer in place.layers if layer.isValid() and layer.isInScaleRange(scale) and _meets(layer, place)]


def _meets(layer: QgsMapLayer, place: Place) -> bool:
    # A count of the features could hold up QGIS: a database reads all of its table for it.
    if isinstance(layer, QgsVectorLayer) and layer.hasFeatures() == QgsFeatureSource.NoFeaturesAvailable:
        return False
    if layer.extent().isNull() or not layer.crs().isValid():
        return True  # services without an end, and layers that lie where QGIS is told to put them
    # In a CRS made for a region, the box of a world-wide layer is wrong; the place's box in the layer's CRS is not.
    there = _box_in(layer.extent(), layer.crs(), place.crs)
    here = _box_in(place.extent, place.crs, layer.crs())
    return there is None or here is None or there.intersects(place.extent) or here.intersects(layer.extent())


def _box_in(
    box: QgsRectangle, source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> Optional[QgsRectangle]:
    """The box around a box in the target CRS, None where the projection has no answer."""
    try:
        made = reprojected_box(box, source, target)
    except RsvlmError:
        return None
    return made if made.isFinite() else None


def _covers(layer: QgsMapLayer, place: Place) -> bool:
    wanted = _box_in(place.extent, place.crs, layer.crs())
    grown = QgsRectangle(layer.extent())
    grown.grow(1e-6 * max(grown.width(), grown.height()))
    return wanted is not None and grown.contains(wanted)


def _native(layer: QgsRasterLayer, place: Place) -> Raster:
    if not (place.whole or layer.dataProvider().crs().isValid()):
        place = _within(layer, place)  # the backend takes the CRS that it is told for that of the file
    box = place.extent
    return Raster(
        href=native_href(layer),
        crs=crs_text(place.crs),
        extent=None if place.whole else [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        area=None if place.area is None else to_geojson(place.area),
        bands=shown_bands(layer),
        nodata=nodata.declared(layer),
        acquired=acquired(layer),
        name=layer.name(),
    )


def _within(layer: QgsRasterLayer, place: Place) -> Place:
    """The place in the layer's CRS, without what lies so far from the layer that the CRS may not reach there."""
    box, area, whole = place.extent, place.area, layer.extent()
    here = _box_in(box, place.crs, layer.crs())
    if here is None or here.width() > whole.width() or here.height() > whole.height():
        near = reprojected_box(whole, layer.crs(), place.crs)
        near.scale(1.1)
        box = box.intersect(near)
        area = None if area is None else area.intersection(QgsGeometry.fromRect(near))
    if area is not None:
        area = reprojected(area, place.crs, layer.crs())
    return replace(place, extent=reprojected_box(box, place.crs, layer.crs()), crs=layer.crs(), area=area)
