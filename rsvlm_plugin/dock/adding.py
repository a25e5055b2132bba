"""A click on what is missing: outlined from the stored probabilities, it joins the layer of masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional

from qgis.core import QgsLayerTreeModelLegendNode, QgsPointXY, QgsVectorLayer
from qgis.gui import QgsLayerTreeView
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, Evidence, Raster, RefineRequest, RsvlmError
from ..client import Backend
from ..layers.editing import add_part
from ..layers.found_group import found_layer, nearest_phrase
from ..layers.record import Record
from ..translation import tr
from .recutting import CUT, kept, threshold


def can_be_added_to(record: Record) -> bool:
    """Whether probabilities were kept."""
    return bool(record.file and kept(record))


def phrase_meant(record: Record, layer: QgsVectorLayer, point: QgsPointXY, label: str) -> str:
    """Of several phrases the one of that label, else that of the nearest feature.

    Raises RsvlmError (bad_request) where there is neither.
    """
    able = [phrase for file in kept(record) for phrase in file["phrases"]]
    if label in able or len(able) == 1:
        return label if label in able else able[0]
    phrase = nearest_phrase(layer, point, able)
    if phrase is None:
        raise RsvlmError(
            "bad_request",
            tr("Several phrases were looked for, and no feature is left to tell which one is meant."),
            tr("Choose one below the layer in the Layers panel, then click again."),
        )
    return phrase


def chosen_label(layer: QgsVectorLayer, tree: QgsLayerTreeView) -> str:
    """Of the symbol below the layer that is chosen in the Layers panel, "" without one."""
    node = tree.currentLegendNode()
    if node is None or node.layerNode().layerId() != layer.id():
        return ""
    key = node.data(QgsLayerTreeModelLegendNode.RuleKeyRole)
    return next((item.label() for item in layer.renderer().legendSymbolItems() if item.ruleKey() == key), "")


class Adding(QObject):
    """Exactly one `ended` comes, with the RsvlmError or None; the layer has the part then. None after `forget`.

    point: in the layer's CRS. Raises RsvlmError (not_found) where the probabilities are gone.
    """

    ended = pyqtSignal(object)

    def __init__(
        self, backend: Backend, record: Record, phrase: str, point: QgsPointXY, parent: Optional[QObject] = None
    ) -> None:
        file = _file_of(record, phrase)
        super().__init__(parent)
        self._record, self._phrase, self._point = record, phrase, point
        self._phrases = file["phrases"]
        before = record.answer.provenance.get("cut") or {}
        cut = {name: before[name] for name in CUT if name in before and name != "smallest_m2"}
        place, model = record.unplaced(point), record.answer.provenance.get("model")
        request = RefineRequest(Raster(file["path"]), phrase, place, model, threshold(record), **cut)
        self._reply = backend.refine(request)
        self._reply.finished.connect(self._add)
        self._reply.failed.connect(self.ended)

    def forget(self) -> None:
        """Want it no more."""
        self._reply.finished.disconnect(self._add)
        self._reply.failed.disconnect(self.ended)
        self._reply.cancel()
        self.deleteLater()

    def _add(self, said: Dict[str, Any]) -> None:
        layer = found_layer(self._record)
        try:
            if layer is not None:  # it may have been removed meanwhile
                self._join(layer, Answer.from_json(said).evidence)
        except RsvlmError as error:
            self.ended.emit(error)
        else:
            self.ended.emit(None)

    def _join(self, layer: QgsVectorLayer, found: List[Evidence]) -> None:
        if not found:
            raise RsvlmError(
                "no_data",
                tr("The model sees nothing of “{phrase}” here.").format(phrase=self._phrase),
                tr("Draw it with QGIS's own tools: the layer can be edited."),
            )
        made = replace(self._record, answer=replace(self._record.answer, evidence=found))
        if not add_part(layer, made, self._point, self._phrases):
            raise RsvlmError("bad_request", tr("“{phrase}” is drawn here already.").format(phrase=self._phrase))


def _file_of(record: Record, phrase: str) -> Dict[str, Any]:
    file = next(file for file in kept(record) if phrase in file["phrases"])
    if not Path(file["path"]).is_file():
        raise RsvlmError(
            "not_found",
            tr("The probabilities of this search are not kept any more."),
            tr("Find it again, then click again."),
        )
    return file
