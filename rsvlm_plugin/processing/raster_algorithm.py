"""What every algorithm that looks at a raster shares: the raster, the part of it, the model, and how they are explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple, Union

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterExtent,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
    QgsRectangle,
    QgsWkbTypes,
)

from ...protocol import Answer, RsvlmError
from ..translation import tr
from .algorithm import Algorithm, sentence

if TYPE_CHECKING:
    from ..layers.record import Record
    from ..layers.sources import Native, Rendered


class RasterAlgorithm(Algorithm):
    """Looks at INPUT within EXTENT. What only a run needs is imported by the run: the toolbox makes one at every start."""

    INPUT, EXTENT, MODEL, OUTPUT, OUTPUT_TEXT = "INPUT", "EXTENT", "MODEL", "OUTPUT", "OUTPUT_TEXT"
    page = "qgis.md"

    def __init__(self) -> None:
        super().__init__()
        self._source: Optional[Union["Native", "Rendered"]] = None
        self._name = ""
        self._outline: Tuple[QgsRectangle, Optional[str]] = (QgsRectangle(), None)

    def createInstance(self) -> "RasterAlgorithm":  # noqa: N802 (QGIS's names, here and below)
        return type(self)()

    def checkParameterValues(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> Tuple[bool, str]:
        from .destinations import check_destinations
        from .pixels import check

        accepted, message = super().checkParameterValues(parameters, context)
        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if not accepted or layer is None or not layer.isValid():
            return accepted, message  # a layer that cannot be opened is told by prepareAlgorithm
        try:
            check(layer, self._extent(parameters, layer, context))
            self._check(parameters, context)
            check_destinations(self, parameters, context)
        except RsvlmError as error:
            return False, sentence(error)
        return True, ""

    def _check(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise RsvlmError for other parameters that cannot be."""

    def _add_place(self, extent_help: str) -> None:
        self.add(
            QgsProcessingParameterRasterLayer(self.INPUT, tr("Input layer")),
            tr(
                "A raster on disk is read from its file, in its own resolution; a layer of the project in the bands it"
                " is shown with, another file in the bands its metadata name. A service (XYZ, WMS) is drawn."
            ),
        )
        self.add(QgsProcessingParameterExtent(self.EXTENT, tr("Extent"), optional=True), extent_help)

    def _prepare(
        self,
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        draw: bool = False,
    ) -> None:
        """Everything that touches the layer, in the main thread. draw: a picture also where there is a file."""
        from ..layers.geometry import crs_text
        from ..layers.sources import Rendered
        from .pixels import choose, drawn_size, is_file, why_drawn

        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.invalidRasterError(parameters, self.INPUT))
        extent = self._extent(parameters, layer, context)
        try:
            self._source = choose(layer, extent, draw)
        except RsvlmError as error:
            raise QgsProcessingException(sentence(error)) from error
        if isinstance(self._source, Rendered) and not draw and is_file(layer):
            feedback.pushWarning(
                tr("“{name}” is drawn, not read: {why} The drawing has {size}.").format(
                    name=layer.name(), why=why_drawn(layer), size=drawn_size(self._source.settings)
                )
            )
        self._name = layer.name()
        box = layer.extent() if extent is None else extent
        if not layer.crs().isValid():
            box = box.intersect(layer.extent())  # of a picture without a CRS, the answer's pixels fill what lies in it
        self._outline = (QgsRectangle(box), crs_text(layer.crs()))

    def _record(self, answer: Answer, style: str, phrases: Optional[List[str]] = None) -> "Record":
        from ..layers.geometry import to_geojson
        from ..layers.record import Record
        from ..layers.sources import Rendered

        box, crs = self._outline
        return Record(
            name=self._name,
            style=style,
            outline=to_geojson(QgsGeometry.fromRect(box)),
            crs=crs,
            drawn=isinstance(self._source, Rendered),
            answer=answer,
            phrases=phrases or [],
        )

    def _model(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> str:
        """The id of the wanted model, empty = the default."""
        return str(self.parameterAsString(parameters, self.MODEL, context)).strip()

    def _extent(
        self, parameters: Dict[str, Any], layer: QgsRasterLayer, context: QgsProcessingContext
    ) -> Optional[QgsRectangle]:
        """The extent that was asked for, in the layer's CRS; None = all of the layer."""
        if parameters.get(self.EXTENT) in (None, ""):
            return None
        return self.parameterAsExtent(parameters, self.EXTENT, context, layer.crs())

    def _write(
        self,
        record: "Record",
        fields: QgsFields,
        rows: Iterable[QgsFeature],
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Optional[str]:
        """The polygons into the sink that the user wants; None where none is wanted."""
        if self.parameterAsFileOutput(parameters, self.OUTPUT, context).lower().endswith(".shp"):
            fields, rows = _for_shapefile(fields, list(rows), feedback)
        sink, output = self.parameterAsSink(
            parameters, self.OUTPUT, context, fields, QgsWkbTypes.MultiPolygon, record.answer_crs
        )
        if sink is None:
            if parameters.get(self.OUTPUT):
                raise QgsProcessingException(self.invalidSinkError(parameters, self.OUTPUT))
            return None
        for feature in rows:
            if not sink.addFeature(feature, QgsFeatureSink.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, self.OUTPUT))
        return output


def _for_shapefile(
    fields: QgsFields, rows: List[QgsFeature], feedback: QgsProcessingFeedback
) -> Tuple[QgsFields, Iterable[QgsFeature]]:
    """The same in fields that a shapefile holds without cutting; the user is told what becomes of them."""
    from ..layers import shapefile
    from ..layers.table import fields_of, fitted

    columns, notes = shapefile.columns(fields, range(fields.count()), rows)
    for note in notes:
        feedback.pushWarning(note)
    short = fields_of(columns, fields)
    return short, fitted(rows, columns, short)
