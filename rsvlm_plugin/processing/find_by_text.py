"""Masks or boxes of what phrases name: what `rsvlm:segmentbytext` and `rsvlm:groundbytext` share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Dict, List, Set

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
    QgsVectorLayer,
)

from ...protocol import Raster, RsvlmError
from ..phrases import split_phrases
from ..translation import tr
from .algorithm import sentence
from .raster_algorithm import RasterAlgorithm

if TYPE_CHECKING:
    from ..client.messages import FindRequest
    from ..layers.record import Record


class FindByText(RasterAlgorithm):
    """A polygon for each thing that was found, how many there are, and what is not there at all."""

    PHRASES, COUNT, AREA, ABSENT = "PHRASES", "COUNT", "AREA_M2", "ABSENT"
    KIND = ""  # one of found.KINDS

    def _request(
        self, raster: Raster, phrases: List[str], parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> "FindRequest":
        """What the backend is asked for."""
        raise NotImplementedError

    def _add_question(self) -> None:
        self._add_place(
            tr(
                "The part to look at, in any coordinate system; what lies outside the raster is left out. Not set:"
                " the whole raster. A service needs it."
            )
        )
        self.add(
            QgsProcessingParameterString(self.PHRASES, tr("Phrases")),
            tr(
                "What to look for: classes such as “buildings, roads”, with commas between them, or one thing such as “the"
                " lake in the north”. With semicolons between them where a phrase has a comma in it."
            ),
        )

    def _add_results(self, title: str) -> None:
        self.add(
            QgsProcessingParameterString(self.MODEL, tr("Model"), optional=True),
            tr("The identifier of a model card. Not set: the model that comes along."),
            advanced=True,
        )
        self.addOutput(QgsProcessingOutputString(self.OUTPUT_TEXT, tr("Text")))
        self.addOutput(QgsProcessingOutputNumber(self.COUNT, tr("Number of features")))
        self.addOutput(QgsProcessingOutputNumber(self.AREA, tr("Area in square metres, along the ellipsoid")))
        self.addOutput(QgsProcessingOutputString(self.ABSENT, tr("Phrases of which nothing was found")))
        self.add(
            QgsProcessingParameterFeatureSink(self.OUTPUT, title, QgsProcessing.TypeVectorPolygon),
            tr(
                "A polygon for each thing, in the coordinate system of the raster, with its label, phrase, score (0 to 1),"
                " area in m² and perimeter in m along the ellipsoid, count, source, model, revision, and dates."
            ),
        )

    def _check(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> None:
        if not split_phrases(self.parameterAsString(parameters, self.PHRASES, context)):
            raise RsvlmError(
                "bad_request", tr("There is no phrase to look for."), tr("Name something, such as “storage tanks”.")
            )

    def prepareAlgorithm(  # noqa: N802 (QGIS's names, here and below)
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        self._prepare(parameters, context, feedback)
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        from ..client import blocking
        from .kept_layers import KeptLayers
        from .pixels import fetch

        phrases = split_phrases(self.parameterAsString(parameters, self.PHRASES, context))
        try:
            raster = fetch(self._source, feedback)
            answer = blocking.find(self._request(raster, phrases, parameters, context), feedback)
        except RsvlmError as error:
            if error.code == "cancelled":
                return {}
            raise QgsProcessingException(sentence(error)) from error
        feedback.pushInfo(answer.text)
        for warning in answer.warnings:
            feedback.pushWarning(warning)
        record = self._record(answer, self.KIND, phrases)
        record.source = {"href": raster.href}
        told = self._told(record, parameters, context, feedback)
        told.update(self._rasters(record, parameters, context, feedback))
        if feedback.isCanceled():
            KeptLayers(context, partial(_dress, record))
        elif context.willLoadLayerOnCompletion(told[self.OUTPUT]):
            context.layerToLoadOnCompletionDetails(told[self.OUTPUT]).setPostProcessor(_Looks(record))
        return told

    def _rasters(
        self,
        record: "Record",
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Dict[str, Any]:
        """Rasters that are wanted as well, by output; without those that could not be written, of which the user is warned."""
        return {}

    def _told(
        self,
        record: "Record",
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Dict[str, Any]:
        from ..layers import found

        answer = record.answer
        fields = found.fields()
        output = self._write(record, fields, found.features(record, fields), parameters, context, feedback)
        areas = [item.area_m2 for item in answer.evidence]
        return {
            self.OUTPUT: output,
            self.OUTPUT_TEXT: answer.text,
            self.COUNT: sum(item.count for item in answer.evidence),
            self.AREA: None if None in areas else sum(areas),
            self.ABSENT: "" if answer.partial else "; ".join(answer.target_absent),
        }


class _Looks(QgsProcessingLayerPostProcessorInterface):
    """Dresses the layer once QGIS has loaded it, which may be after the algorithm is gone. waiting: kept until then."""

    waiting: ClassVar[Set["_Looks"]] = set()

    def __init__(self, record: "Record") -> None:
        super().__init__()
        self._record = record
        _Looks.waiting.add(self)

    def postProcessLayer(  # noqa: N802
        self, layer: QgsVectorLayer, _context: QgsProcessingContext, _feedback: QgsProcessingFeedback
    ) -> None:
        _dress(self._record, layer)
        _Looks.waiting.discard(self)


def _dress(record: "Record", layer: QgsVectorLayer) -> None:
    from ..layers.found_style import dress
    from ..layers.results import RESULT_PROPERTY

    dress(layer, record)
    layer.setCustomProperty(RESULT_PROPERTY, record.key)
    layer.triggerRepaint()
