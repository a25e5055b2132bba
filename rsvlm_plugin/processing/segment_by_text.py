"""`rsvlm:segmentbytext`: outlines of what phrases name, as a polygon layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
)

from ...protocol import Raster, SegmentRequest
from ..translation import tr
from .find_by_text import FindByText

if TYPE_CHECKING:
    from ..client.messages import FindRequest


class SegmentByText(FindByText):
    """Asks the backend for masks."""

    THRESHOLD, SMALLEST, TOLERANCE, RIGHT_ANGLES = "THRESHOLD", "SMALLEST_M2", "TOLERANCE_M", "RIGHT_ANGLES"
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
        )

    def _number(self, parameters: Dict[str, Any], name: str, context: QgsProcessingContext) -> Optional[float]:
        if parameters.get(name) in (None, ""):
            return None
        return float(self.parameterAsDouble(parameters, name, context))
