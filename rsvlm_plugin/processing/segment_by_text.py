"""`rsvlm:segmentbytext`: outlines of what phrases name, as a polygon layer; as a raster of classes and as probabilities too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from qgis.core import (
    QgsFeedback,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)
from qgis.PyQt.QtCore import Qt

from ...protocol import Raster, RsvlmError, SegmentRequest
from ..translation import tr
from .algorithm import sentence
from .find_by_text import FindByText

if TYPE_CHECKING:
    from ..client.messages import FindRequest
    from ..layers.record import Record


class SegmentByText(FindByText):
    """Asks the backend for masks."""

    THRESHOLD, SMALLEST, TOLERANCE, RIGHT_ANGLES = "THRESHOLD", "SMALLEST_M2", "TOLERANCE_M", "RIGHT_ANGLES"
    MASK, PROBABILITIES = "MASK", "PROBABILITIES"
    KIND = "masks"

    def name(self) -> str:
        return "segmentbytext"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Segment by text")

    def words(self) -> str:
        return tr("mask,outline,polygon,segmentation,extract,buildings,image,satellite,vision,language,model,ai")

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Outlines of what phrases name, measured on the ground.")

    def intro(self) -> str:
        return tr(
            "Outlines what phrases name in a raster of any size, as polygons with their areas along the ellipsoid. The model"
            " runs on this computer, and no image leaves it. What is not there is said, not invented."
        )

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add_question()
        self._add_number(
            self.THRESHOLD,
            tr("Threshold"),
            tr("The probability, 0 to 1, from which on a pixel belongs to a phrase."),
            0.5,
            1.0,
        )
        self.add(
            QgsProcessingParameterBoolean(self.RIGHT_ANGLES, tr("Right angles"), defaultValue=False),
            tr("Square the outlines where that fits, as buildings are."),
        )
        self._add_number(
            self.SMALLEST,
            tr("Smallest area (m²)"),
            tr(
                "What covers less ground is left out. Not set: four pixels of what the model sees, or of the raster where"
                " these are larger."
            ),
        )
        self._add_number(
            self.TOLERANCE,
            tr("Simplification (m)"),
            tr("How much outlines are simplified. Not set: 1.25 pixels of what the model sees; 0: along the pixels."),
        )
        self._add_results(tr("Masks"))
        self._add_raster(
            self.MASK,
            tr("Mask raster"),
            tr(
                "Not set: none. A GeoTIFF on the pixels of the raster, a number for each class, 0 for none; names and colours"
                " are in the file. Not of a service (XYZ, WMS), which has no pixels of its own."
            ),
        )
        self._add_raster(
            self.PROBABILITIES,
            tr("Probabilities"),
            tr(
                "Not set: none. A GeoTIFF with the probability of each phrase, 0 to 1, in a band of its own; of each phrase that"
                " names one thing in a further file with a number in its name. Of what was looked at to the end."
            ),
        )

    def _add_raster(self, name: str, title: str, help_text: str) -> None:
        self.add(QgsProcessingParameterRasterDestination(name, title, None, True, False), help_text)

    def _check(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> None:
        from .mask_rasters import check_target

        super()._check(parameters, context)
        source = self.parameterAsRasterLayer(parameters, self.INPUT, context).source()
        for name in (self.MASK, self.PROBABILITIES):
            if parameters.get(name):
                check_target(self.parameterAsFileOutput(parameters, name, context), source)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        from ..layers.sources import Rendered
        from .pixels import is_file, why_drawn

        prepared = super().prepareAlgorithm(parameters, context, feedback)
        if parameters.get(self.MASK) and isinstance(self._source, Rendered):
            layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
            if not is_file(layer):
                raise QgsProcessingException(
                    tr("A service has no pixels of its own for a mask raster. Leave that out.")
                )
            raise QgsProcessingException(
                tr("“{name}” is drawn, not read, and a drawing has no pixels for a mask raster: {why}").format(
                    name=layer.name(), why=why_drawn(layer)
                )
            )
        return prepared

    def _rasters(
        self,
        record: "Record",
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Dict[str, Any]:
        from .mask_rasters import copy_probabilities, write_mask

        made: Dict[str, Any] = {}
        kept = (record.answer.structured or {}).get("probabilities") or []

        def copy(path: str) -> None:
            for copied in copy_probabilities(kept, path):
                feedback.pushInfo(tr("Probabilities: {path}").format(path=copied))

        def burn(path: str) -> None:
            writing = QgsFeedback()  # the progress of the run has been told by now
            if not record.answer.partial:  # else it is cancelled already, and what was found is kept
                feedback.canceled.connect(writing.cancel, Qt.ConnectionType.DirectConnection)
            write_mask(record, path, writing)

        if kept and parameters.get(self.PROBABILITIES):
            made.update(self._raster(self.PROBABILITIES, copy, parameters, context, feedback))
        elif parameters.get(self.PROBABILITIES):
            feedback.pushWarning(tr("There are no probabilities: they are kept of what was looked at to the end."))
        if parameters.get(self.MASK):
            made.update(self._raster(self.MASK, burn, parameters, context, feedback))
        return made

    def _raster(
        self,
        name: str,
        write: Callable[[str], None],
        parameters: Dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Dict[str, Any]:
        """The output `name`, once `write` has written its path; else nothing, and a warning: the polygons are there."""
        path = self.parameterAsOutputLayer(parameters, name, context)
        try:
            write(path)
        except RsvlmError as error:
            if error.code != "cancelled":
                feedback.pushWarning(sentence(error))
            loading = context.layersToLoadOnCompletion()
            loading.pop(path, None)
            context.setLayersToLoadOnCompletion(loading)
            return {}
        return {name: path}

    def _add_number(
        self, name: str, title: str, help_text: str, default: Optional[float] = None, most: Optional[float] = None
    ) -> None:
        """A number from 0 on, among the advanced parameters."""
        optional = default is None
        kind = QgsProcessingParameterNumber.Double
        parameter = QgsProcessingParameterNumber(name, title, kind, default, optional, 0.0)
        if most is not None:
            parameter.setMaximum(most)
        self.add(parameter, help_text, advanced=True)

    def _request(
        self, raster: Raster, phrases: List[str], parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> "FindRequest":
        return SegmentRequest(
            raster,
            phrases,
            self._model(parameters, context) or None,
            likely=self.parameterAsDouble(parameters, self.THRESHOLD, context),
            smallest_m2=self._number(parameters, self.SMALLEST, context),
            tolerance_m=self._number(parameters, self.TOLERANCE, context),
            right_angles=self.parameterAsBool(parameters, self.RIGHT_ANGLES, context),
            keep=bool(parameters.get(self.PROBABILITIES)),
        )

    def _number(self, parameters: Dict[str, Any], name: str, context: QgsProcessingContext) -> Optional[float]:
        if parameters.get(name) in (None, ""):
            return None
        return float(self.parameterAsDouble(parameters, name, context))
