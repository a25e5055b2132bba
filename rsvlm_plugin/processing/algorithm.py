"""What rsvlm's algorithms share: their picture, their place in the documentation, and a help text made of their parameters."""

from __future__ import annotations

from typing import List

from qgis.core import QgsProcessingAlgorithm, QgsProcessingParameterDefinition
from qgis.PyQt.QtGui import QIcon

from ...protocol import RsvlmError
from .icon import provider_icon

DOCS = "https://github.com/rsvlm/rsvlm/blob/main/docs/"


class Algorithm(QgsProcessingAlgorithm):
    """intro, words: of a subclass, translated: what it does, and what it is found by. page: of DOCS."""

    page = ""

    def icon(self) -> QIcon:
        return provider_icon()

    def helpUrl(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return DOCS + self.page

    def intro(self) -> str:
        raise NotImplementedError

    def words(self) -> str:
        raise NotImplementedError

    def tags(self) -> List[str]:
        return self.words().split(",")

    def shortHelpString(self) -> str:  # noqa: N802
        told = [f"{parameter.description()}: {parameter.help()}" for parameter in self.parameterDefinitions()]
        return "\n\n".join([self.intro(), *told])

    def add(self, parameter: QgsProcessingParameterDefinition, help_text: str, advanced: bool = False) -> None:
        """A parameter with its help; an advanced one is folded away."""
        parameter.setHelp(help_text)
        if advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self.addParameter(parameter)


def sentence(error: RsvlmError) -> str:
    """What is wrong and what mends it."""
    return f"{error.message} {error.hint}".strip()
