"""`rsvlm:describeextent`: a raster, or a part of it, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
)

from ...protocol import STYLES, DescribeRequest, Raster, RsvlmError
from ..translation import tr
from .algorithm import sentence
from .raster_algorithm import RasterAlgorithm

if TYPE_CHECKING:
    from ..client.server import Server
    from ..layers.record import Record


class DescribeExtent(RasterAlgorithm):
    """Asks the backend to describe a raster; the words are an output and stand in the attributes of a polygon."""

    STYLE, SERVER = "STYLE", "SERVER"

    def __init__(self) -> None:
        super().__init__()
        self._server: Optional["Server"] = None

    def name(self) -> str:
        return "describeextent"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Describe extent")

    def words(self) -> str:
        return tr("caption,description,words,text,image,satellite,aerial,vision,language,model,ai")

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Satellite and aerial images in words, with the place they are about.")

    def intro(self) -> str:
        return tr(
            "Describes a raster, or a part of it, in words. The answer is written by a vision-language model that runs"
            " on this computer, and no image leaves it; only where a server is named, that one gets a picture."
        )

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add_place(
            tr(
                "The part to describe, in any coordinate system; what lies outside the raster is left out. Not set:"
                " the whole raster. A service needs it."
            )
        )
        styles = {"brief": tr("Brief"), "detailed": tr("Detailed"), "structured": tr("Structured")}
        self.add(
            QgsProcessingParameterEnum(
                self.STYLE, tr("Style"), options=[styles[style] for style in STYLES], defaultValue=0
            ),
            tr(
                "Brief: one sentence. Detailed: the extent is looked at tile by tile, and the text says what is where"
                " and how much of it there is. Structured: the same as a JSON document of a fixed form."
            ),
        )
        self.add(
            QgsProcessingParameterString(self.MODEL, tr("Model"), optional=True),
            tr(
                "The identifier of a model card, “compact” for instance, or a model of the server. Not set: the model that"
                " comes along, or the one that is chosen for the server."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(self.SERVER, tr("Server"), optional=True),
            tr(
                "The name of a server in Settings ▸ Options ▸ rsvlm ▸ Servers: it is sent a picture of the extent, and its"
                " model writes the text. Not set: this computer."
            ),
            advanced=True,
        )
        self.addOutput(QgsProcessingOutputString(self.OUTPUT_TEXT, tr("Text")))
        self.add(
            QgsProcessingParameterFeatureSink(
                self.OUTPUT, tr("Described extent"), QgsProcessing.TypeVectorPolygon, optional=True
            ),
            tr(
                "A polygon of what was looked at, with the text, the model and its revision, the confidence (0 to 1),"
                " source, date, ground sample distance in metres, and warnings; with the style Detailed also a polygon"
                " for every tile, with its label and score. It is in the coordinate system of the raster."
            ),
        )

    def _check(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> None:
        self._chosen_server(parameters, context)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        try:
            self._server = self._chosen_server(parameters, context)
        except RsvlmError as error:
            raise QgsProcessingException(sentence(error)) from error
        self._prepare(parameters, context, feedback, draw=self._server is not None)
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        from ..layers import results
        from .pixels import fetch

        style = STYLES[self.parameterAsEnum(parameters, self.STYLE, context)]
        try:
            raster = fetch(self._source, feedback)
            record = self._describe(raster, style, self._model(parameters, context), feedback)
        except RsvlmError as error:
            if error.code == "cancelled":
                return {}
            raise QgsProcessingException(sentence(error)) from error
        feedback.pushInfo(record.answer.text)
        for warning in record.answer.warnings:
            feedback.pushWarning(warning)
        told: Dict[str, Any] = {self.OUTPUT_TEXT: record.answer.text}
        fields = results.fields()
        output = self._write(record, fields, results.features(record, fields), parameters, context, feedback)
        if output is not None:
            told[self.OUTPUT] = output
        return told

    def _chosen_server(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> Optional["Server"]:
        """The server that is to answer, None = the backend. Raises RsvlmError where it may not be asked."""
        from ..client.server import shared_servers

        name = self.parameterAsString(parameters, self.SERVER, context).strip()
        if not name:
            return None
        server = shared_servers().find(name)
        model = self._model(parameters, context)
        if model:
            server = replace(server, model=model)
        server.check()
        return server

    def _describe(self, raster: Raster, style: str, model: str, feedback: QgsProcessingFeedback) -> "Record":
        from ..client import blocking

        if self._server is None:
            answer = blocking.describe(DescribeRequest(raster, style, model or None), feedback)
        else:
            answer = blocking.describe_by_server(self._server, raster, style, feedback)
        return self._record(answer, style)
