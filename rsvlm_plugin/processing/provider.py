"""The group `rsvlm` of the Processing toolbox. Loading it imports no more than the algorithms themselves."""

from __future__ import annotations

from typing import List

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ...protocol import VERSION
from .build_caption_dataset import BuildCaptionDataset
from .describe_extent import DescribeExtent
from .finetune import Finetune
from .ground_by_text import GroundByText
from .icon import provider_icon
from .segment_by_text import SegmentByText


class RsvlmProvider(QgsProcessingProvider):
    """Everything that rsvlm does to rasters, with or without a window."""

    def id(self) -> str:
        return "rsvlm"

    def name(self) -> str:
        return "rsvlm"

    def longName(self) -> str:  # noqa: N802 (QGIS's name)
        return f"rsvlm {VERSION}"

    def icon(self) -> QIcon:
        return provider_icon()

    def supportedOutputRasterLayerExtensions(self) -> List[str]:  # noqa: N802
        """Rasters are GeoTIFFs, whatever format the user has chosen for those of other algorithms."""
        return ["tif", "tiff"]

    def loadAlgorithms(self) -> None:  # noqa: N802
        self.addAlgorithm(DescribeExtent())
        self.addAlgorithm(SegmentByText())
        self.addAlgorithm(GroundByText())
        self.addAlgorithm(BuildCaptionDataset())
        self.addAlgorithm(Finetune())

    def unload(self) -> None:
        """An algorithm may have started the backend with no dock there to end it."""
        from ..environment.process import shared_process

        shared_process().stop()
