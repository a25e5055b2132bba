"""A place the user points at: the map extent, a layer or group, a drawn rectangle, a selected polygon.

Knows the map canvas and the layer tree; nothing of models and of how the pixels are fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, List, Optional, Tuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas

from ...protocol import RsvlmError
from ..translation import tr
from .geometry import reprojected, reprojected_box
from .results import is_result

KINDS = ("map", "layer", "drawn", "selection")
MAX_JOINED, MAX_CORNERS = 2000, 20_000  # of selected polygons: joining those takes less than 50 ms
UNBOUNDED_PROVIDERS = ("wms", "wcs", "arcgismapserver", "xyzvectortiles")


@dataclass(frozen=True)
class Place:
    """Where to look.

    kind: one of KINDS. name: for the reader. extent: in `crs`. layers: what is to be seen, topmost first.
    area: polygon in `crs`, what lies outside is not looked at. whole: the extent is all of the one layer in `layers`.
    note: what the user should know of it.
    """

    kind: str
    name: str
    extent: QgsRectangle
    crs: QgsCoordinateReferenceSystem
    layers: Tuple[QgsMapLayer, ...]
    area: Optional[QgsGeometry] = None
    whole: bool = False
    note: str = ""

    def outline(self) -> QgsGeometry:
        """The polygon that is looked at, in `crs`."""
        return QgsGeometry(self.area) if self.area is not None else QgsGeometry.fromRect(self.extent)


def map_extent(canvas: QgsMapCanvas) -> Place:
    """What the map shows now. On a rotated map, its tilted frame is the area."""
    settings = canvas.mapSettings()
    area = None
    extent = settings.visibleExtent()
    if settings.rotation():
        area = QgsGeometry.fromPolygonXY([[QgsPointXY(corner) for corner in settings.visiblePolygon()]])
        extent = area.boundingBox()
    return _checked(Place("map", tr("Map extent"), extent, settings.destinationCrs(), visible_layers(canvas), area))


def rectangle(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, canvas: QgsMapCanvas) -> Place:
    """A rectangle drawn on the map, in the CRS that the map had then."""
    return _checked(Place("drawn", tr("Drawn rectangle"), extent, crs, visible_layers(canvas)))


def whole_layer(layer: QgsMapLayer, canvas: QgsMapCanvas) -> Place:
    """All of a layer in its own CRS; for services without an end (XYZ, WMS), that layer within the map extent."""
    if isinstance(layer, QgsRasterLayer) and layer.dataProvider() and layer.dataProvider().name() == "gdal":
        return _checked(Place("layer", layer.name(), layer.extent(), layer.crs(), (layer,), None, True))
    return _of_layers([layer], layer.name(), canvas)


def whole_group(group: QgsLayerTreeGroup, canvas: QgsMapCanvas) -> Place:
    """The visible layers of a group (all of them where none is checked) as one picture, in the map's order."""
    nodes = [node for node in group.findLayers() if node.layer() is not None]
    nodes = [node for node in nodes if node.layer().isSpatial() and not is_result(node.layer())]
    layers = [node.layer() for node in nodes if node.isVisible()] or [node.layer() for node in nodes]
    order = QgsProject.instance().layerTreeRoot().layerOrder()
    return _of_layers(sorted(layers, key=order.index), group.name(), canvas)


def selection(layer: Optional[QgsMapLayer], canvas: QgsMapCanvas) -> Place:
    """The selected polygons of a vector layer, joined. Raises RsvlmError bad_extent where nothing is selected."""
    polygons = isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.PolygonGeometry
    if not polygons or not layer.selectedFeatureCount():
        raise RsvlmError(
            "bad_extent",
            tr("No polygon is selected in the current layer."),
            tr("Make a polygon layer current and select one or more of its features."),
        )
    crs = canvas.mapSettings().destinationCrs()
    shape, note = _selected_shape(layer)
    area = reprojected(shape, layer.crs(), crs)
    # The layer that lends the shape would only draw its own fill over what is to be described.
    below = tuple(item for item in visible_layers(canvas) if item is not layer)
    name = tr("Selection in {layer}").format(layer=layer.name())
    return _checked(Place("selection", name, area.boundingBox(), crs, below, area, note=note))


def visible_layers(canvas: QgsMapCanvas) -> Tuple[QgsMapLayer, ...]:
    """The map's layers, topmost first, without the plugin's own results."""
    return tuple(layer for layer in canvas.layers() if not is_result(layer))


def is_unbounded(layer: QgsMapLayer) -> bool:
    """Whether the layer is a service whose extent says nothing (XYZ, WMS, vector tiles)."""
    return layer.providerType() in UNBOUNDED_PROVIDERS or layer.extent().isEmpty()


def _selected_shape(layer: QgsVectorLayer) -> Tuple[QgsGeometry, str]:
    """The selected polygons joined, in the layer's CRS; where that would hold up QGIS, their box and a note on it."""
    count, corners, shapes = layer.selectedFeatureCount(), 0, []
    if count <= MAX_JOINED:
        for feature in layer.getSelectedFeatures(QgsFeatureRequest().setNoAttributes()):
            if feature.hasGeometry():
                shapes.append(feature.geometry())
                corners += shapes[-1].constGet().nCoordinates()
            if corners > MAX_CORNERS:
                break
        else:
            return (shapes[0] if len(shapes) == 1 else QgsGeometry.unaryUnion(shapes)), ""
    box = layer.extent() if count == layer.featureCount() else layer.boundingBoxOfSelected()
    note = tr("The selection is large: the box around its %n polygons is looked at.", count)
    if count == 1:
        note = tr("The selected polygon has very many corners: the box around it is looked at.")
    return QgsGeometry.fromRect(box), note


def _of_layers(layers: List[QgsMapLayer], name: str, canvas: QgsMapCanvas) -> Place:
    if not layers:
        raise RsvlmError("bad_extent", tr("“{name}” holds no layer that can be drawn.").format(name=name), "")
    crs = canvas.mapSettings().destinationCrs()
    if any(is_unbounded(layer) for layer in layers):
        extent = canvas.mapSettings().visibleExtent()
    else:
        extent = _joined(_extent_in(crs, layer) for layer in layers)
    return _checked(Place("layer", name, extent, crs, tuple(layers)))


def _extent_in(crs: QgsCoordinateReferenceSystem, layer: QgsMapLayer) -> QgsRectangle:
    """The layer's extent in `crs`; of one that spans half the world, what lies where that CRS is made for."""
    box = layer.extent()
    # A smaller one may well reach a bit beyond: Germany, on a map in the UTM zone of its middle.
    if layer.crs().isGeographic() and not crs.isGeographic() and box.width() >= 180:
        reached = box.intersect(crs.bounds())  # degrees; empty where the CRS does not tell
        box = box if reached.isEmpty() else reached
    return reprojected_box(box, layer.crs(), crs)


def _joined(boxes: Iterable[QgsRectangle]) -> QgsRectangle:
    joined = QgsRectangle()
    for box in boxes:
        joined.combineExtentWith(box)
    return joined


def _checked(place: Place) -> Place:
    if place.extent.isEmpty() or not place.extent.isFinite():
        raise RsvlmError(
            "bad_extent",
            tr("“{name}” covers no area.").format(name=place.name),
            tr("Zoom to a layer, or draw a rectangle on the map."),
        )
    return place
