"""`rsvlm:describeextent`: a raster, or a part of it, in words.

The toolbox makes one at every start of QGIS: what only a run needs is imported by the run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from qgis.core import (
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsRectangle,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ...protocol import STYLES, DescribeRequest, Raster, RsvlmError
from ..translation import tr
from .icon import provider_icon

if TYPE_CHECKING:
    from ..client.server import Server
    from ..layers.record import Record
    from ..layers.sources import Native, Rendered

HELP_URL = "https://github.com/rsvlm/rsvlm#readme"


class DescribeExtent(QgsProcessingAlgorithm):
    """Asks the backend to describe a raster; the words are an output and stand in the attributes of a polygon."""

    INPUT, EXTENT, STYLE, MODEL, SERVER = "INPUT", "EXTENT", "STYLE", "MODEL", "SERVER"
    OUTPUT, OUTPUT_TEXT = "OUTPUT", "OUTPUT_TEXT"

    def __init__(self) -> None:
        super().__init__()
        self._source: Optional[Union["Native", "Rendered"]] = None
        self._server: Optional["Server"] = None
        self._name = ""
        self._outline: Tuple[QgsRectangle, Optional[str]] = (QgsRectangle(), None)

    def name(self) -> str:
        return "describeextent"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Describe extent")

    def createInstance(self) -> "DescribeExtent":  # noqa: N802
        return DescribeExtent()

    def icon(self) -> QIcon:
        return provider_icon()

    def tags(self) -> List[str]:
        return tr("caption,description,words,text,image,satellite,aerial,vision,language,model,ai").split(",")

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Satellite and aerial images in words, with the place they are about.")

    def helpUrl(self) -> str:  # noqa: N802
        return HELP_URL

    def shortHelpString(self) -> str:  # noqa: N802
        intro = tr(
            "Describes a raster, or a part of it, in words. The answer is written by a vision-language model that runs"
            " on this computer, and no image leaves it; only where a server is named, that one gets a picture."
        )
        told = [f"{parameter.description()}: {parameter.help()}" for parameter in self.parameterDefinitions()]
        return "\n\n".join([intro, *told])

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add(
            QgsProcessingParameterRasterLayer(self.INPUT, tr("Input layer")),
            tr(
                "A raster on disk is read from its file, in its own resolution; a layer of the project in the bands it"
                " is shown with, another file in the bands its metadata name. A service (XYZ, WMS) is drawn."
            ),
        )
        self._add(
            QgsProcessingParameterExtent(self.EXTENT, tr("Extent"), optional=True),
            tr(
                "The part to describe, in any coordinate system; what lies outside the raster is left out. Not set:"
                " the whole raster. A service needs it."
            ),
        )
        styles = {"brief": tr("Brief"), "detailed": tr("Detailed"), "structured": tr("Structured")}
        self._add(
            QgsProcessingParameterEnum(
                self.STYLE, tr("Style"), options=[styles[style] for style in STYLES], defaultValue=0
            ),
            tr(
                "Brief: one sentence. Detailed: the extent is looked at tile by tile, and the text says what is where"
                " and how much of it there is. Structured: the same as a JSON document of a fixed form."
            ),
        )
        model = QgsProcessingParameterString(self.MODEL, tr("Model"), optional=True)
        model.setFlags(model.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self._add(
            model,
            tr(
                "The identifier of a model card, “compact” for instance, or a model of the server. Not set: the model that"
                " comes along, or the one that is chosen for the server."
            ),
        )
        server = QgsProcessingParameterString(self.SERVER, tr("Server"), optional=True)
        server.setFlags(server.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self._add(
            server,
            tr(
                "The name of a server in Settings ▸ Options ▸ rsvlm ▸ Servers: it is sent a picture of the extent, and its"
                " model writes the text. Not set: this computer."
            ),
        )
        self.addOutput(QgsProcessingOutputString(self.OUTPUT_TEXT, tr("Text")))
        self._add(
            QgsProcessingParameterFeatureSink(
                self.OUTPUT, tr("Described extent"), QgsProcessing.TypeVectorPolygon, optional=True
            ),
            tr(
                "A polygon of what was looked at, with the text, the model and its revision, the confidence (0 to 1),"
                " source, date, ground sample distance in metres, and warnings; with the style Detailed also a polygon"
                " for every tile, with its label and score. It is in the coordinate system of the raster."
            ),
        )

    def checkParameterValues(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> Tuple[bool, str]:
        from .pixels import check

        accepted, message = super().checkParameterValues(parameters, context)
        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if not accepted or layer is None or not layer.isValid():
            return accepted, message  # a layer that cannot be opened is told by prepareAlgorithm
        try:
            check(layer, self._extent(parameters, layer, context))
            self._chosen_server(parameters, context)
        except RsvlmError as error:
            return False, _sentence(error)
        return True, ""

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, _feedback: QgsProcessingFeedback
    ) -> bool:
        """Everything that touches the layer, in the main thread."""
        from ..layers.geometry import crs_text
        from .pixels import choose

        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.invalidRasterError(parameters, self.INPUT))
        extent = self._extent(parameters, layer, context)
        try:
            self._server = self._chosen_server(parameters, context)
            self._source = choose(layer, extent, draw=self._server is not None)
        except RsvlmError as error:
            raise QgsProcessingException(_sentence(error)) from error
        self._name = layer.name()
        box = layer.extent() if extent is None else extent
        if not layer.crs().isValid():
            box = box.intersect(layer.extent())  # of a picture without a CRS, the answer's pixels fill what lies in it
        self._outline = (QgsRectangle(box), crs_text(layer.crs()))
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        from .pixels import fetch

        style = STYLES[self.parameterAsEnum(parameters, self.STYLE, context)]
        model = self.parameterAsString(parameters, self.MODEL, context).strip()
        try:
            raster = fetch(self._source, feedback)
            record = self._describe(raster, style, model, feedback)
        except RsvlmError as error:
            if error.code == "cancelled":
                return {}
            raise QgsProcessingException(_sentence(error)) from error
        feedback.pushInfo(record.answer.text)
        for warning in record.answer.warnings:
            feedback.pushWarning(warning)
        results: Dict[str, Any] = {self.OUTPUT_TEXT: record.answer.text}
        output = self._write(record, parameters, context)
        if output is not None:
            results[self.OUTPUT] = output
        return results

    def _extent(
        self, parameters: Dict[str, Any], layer: QgsRasterLayer, context: QgsProcessingContext
    ) -> Optional[QgsRectangle]:
        """The extent that was asked for, in the layer's CRS; None = all of the layer."""
        if parameters.get(self.EXTENT) in (None, ""):
            return None
        return self.parameterAsExtent(parameters, self.EXTENT, context, layer.crs())

    def _chosen_server(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> Optional["Server"]:
        """The server that is to answer, None = the backend. Raises RsvlmError where it may not be asked."""
        from ..client.server import shared_servers

        name = self.parameterAsString(parameters, self.SERVER, context).strip()
        if not name:
            return None
        server = shared_servers().find(name)
        model = self.parameterAsString(parameters, self.MODEL, context).strip()
        if model:
            server = replace(server, model=model)
        server.check()
        return server

    def _describe(self, raster: Raster, style: str, model: str, feedback: QgsProcessingFeedback) -> "Record":
        from ..client import blocking
        from ..layers.geometry import to_geojson
        from ..layers.record import Record
        from ..layers.sources import Rendered

        if self._server is None:
            answer = blocking.describe(DescribeRequest(raster, style, model or None), feedback)
        else:
            answer = blocking.describe_by_server(self._server, raster, style, feedback)
        box, crs = self._outline
        return Record(
            name=self._name,
            style=style,
            outline=to_geojson(QgsGeometry.fromRect(box)),
            crs=crs,
            drawn=isinstance(self._source, Rendered),
            answer=answer,
        )

    def _write(self, record: "Record", parameters: Dict[str, Any], context: QgsProcessingContext) -> Optional[str]:
        """The polygons into the sink that the user wants; None where none is wanted."""
        from ..layers.results import FIELDS, features

        fields = QgsFields()
        for name, kind in FIELDS:
            fields.append(QgsField(name, kind))
        sink, output = self.parameterAsSink(
            parameters, self.OUTPUT, context, fields, QgsWkbTypes.MultiPolygon, record.answer_crs
        )
        if sink is None:
            if parameters.get(self.OUTPUT):
                raise QgsProcessingException(self.invalidSinkError(parameters, self.OUTPUT))
            return None
        for feature in features(record, fields):
            if not sink.addFeature(feature, QgsFeatureSink.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, self.OUTPUT))
        return output

    def _add(self, parameter: QgsProcessingParameterDefinition, help_text: str) -> None:
        parameter.setHelp(help_text)
        self.addParameter(parameter)


def _sentence(error: RsvlmError) -> str:
    return f"{error.message} {error.hint}".strip()
