"""A layer as it is seen at one moment, edits and selection included, for any thread to read from then on.

The layer itself may be edited or removed meanwhile. Knows no files.
"""

from __future__ import annotations

from typing import Iterator, List

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeedback,
    QgsGeometry,
    QgsProject,
    QgsReadWriteContext,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtXml import QDomDocument

from ...protocol import Cancelled, RsvlmError
from ..translation import tr


class Snapshot:
    """Made on the main thread. kept: fields without the row number of the layer's file, which a new file has for itself.

    context: how the project wants coordinates transformed.
    """

    def __init__(self, layer: QgsVectorLayer, selected: bool = False) -> None:
        """selected: the selected features only."""
        self.name, self.crs = layer.name(), layer.crs()
        self.fields, self.geometry = layer.fields(), layer.wkbType()
        self.kept = kept_fields(layer)
        self.context = QgsProject.instance().transformContext()
        self._source = QgsVectorLayerFeatureSource(layer)
        self._request = QgsFeatureRequest()
        self._count = layer.selectedFeatureCount() if selected else layer.featureCount()
        if selected:
            self._request.setFilterFids(layer.selectedFeatureIds())
        self._style, self._metadata = QDomDocument(), layer.metadata()
        layer.exportNamedStyle(self._style, QgsReadWriteContext())

    def features(self, crs: QgsCoordinateReferenceSystem, feedback: QgsFeedback) -> Iterator[QgsFeature]:
        """All in `crs`; tells how many percent of them were taken. Raises RsvlmError: bad_extent beyond its reach, cancelled."""
        transform = QgsCoordinateTransform(self.crs, crs, self.context)
        percent = 0
        for done, feature in enumerate(_until_stopped(self._source, self._request, feedback), 1):
            if feature.hasGeometry() and not transform.isShortCircuited():
                feature.setGeometry(_transformed(feature.geometry(), transform))
            yield feature
            before, percent = percent, min(100, 100 * done // max(self._count, 1))
            if percent > before:
                feedback.setProgress(percent)

    def attributes(self, feedback: QgsFeedback) -> Iterator[QgsFeature]:
        """The features without their geometries. Raises Cancelled."""
        request = QgsFeatureRequest(self._request).setFlags(QgsFeatureRequest.NoGeometry)
        return _until_stopped(self._source, request, feedback)

    def dress(self, layer: QgsVectorLayer) -> None:
        """Give another layer its looks and its metadata."""
        layer.importNamedStyle(self._style)
        layer.setMetadata(self._metadata)


def kept_fields(layer: QgsVectorLayer) -> List[int]:
    """Indices of the fields without the row number of the layer's file."""
    own = layer.primaryKeyAttributes() if layer.providerType() == "ogr" else []
    return [index for index in range(layer.fields().count()) if index not in own]


def _until_stopped(
    source: QgsVectorLayerFeatureSource, request: QgsFeatureRequest, feedback: QgsFeedback
) -> Iterator[QgsFeature]:
    for feature in one_by_one(source, request):
        if feedback.isCanceled():
            raise Cancelled()
        yield feature


def one_by_one(source: QgsVectorLayerFeatureSource, request: QgsFeatureRequest) -> Iterator[QgsFeature]:
    """QGIS's own iterator does not keep its source, and takes QGIS down if it is let go of open after that."""
    features = source.getFeatures(request)
    try:
        yield from features
    finally:
        features.close()


def _transformed(geometry: QgsGeometry, transform: QgsCoordinateTransform) -> QgsGeometry:
    try:
        geometry.transform(transform)
    except QgsCsException as error:
        raise _out_of_reach(transform) from error
    if not (geometry.isEmpty() or geometry.boundingBox().isFinite()):
        raise _out_of_reach(transform)
    return geometry


def _out_of_reach(transform: QgsCoordinateTransform) -> RsvlmError:
    crs = transform.destinationCrs()
    return RsvlmError(
        "bad_extent",
        tr("The layer cannot be expressed in {crs}.").format(crs=crs.authid() or crs.description()),
        tr("Choose another coordinate system."),
    )
