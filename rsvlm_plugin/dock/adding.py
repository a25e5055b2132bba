"""A click on what is missing: outlined by a model that can, else from stored probabilities, it joins the layer of masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from qgis.core import QgsLayerTreeModelLegendNode, QgsPointXY, QgsVectorLayer
from qgis.gui import QgsLayerTreeView
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, Raster, RefineRequest, RsvlmError
from ..client import Backend, Reply
from ..layers.editing import add_part
from ..layers.found_group import found_layer, nearest_phrase
from ..layers.record import Record
from ..translation import tr
from .recutting import kept, right_angles, threshold

TASK = "refine"  # of models that outline what a click means
ORIGIN = ("model", "revision", "created")  # of a feature: who has outlined it, and when


def can_be_added_to(record: Record) -> bool:
    """Whether probabilities were kept, or there are pixels that a model could look at."""
    return bool(record.file and (kept(record) or (record.style == "masks" and _can_be_looked_at(record))))


def phrase_meant(record: Record, layer: QgsVectorLayer, point: QgsPointXY, label: str) -> str:
    """Of several phrases the one of that label, else that of the nearest feature.

    Raises RsvlmError (bad_request) where there is neither.
    """
    able = [phrase for file in kept(record) for phrase in file["phrases"]] or record.phrases
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

    point: in the layer's CRS. The first installed model that outlines what a click means is asked; where there is none, or
    nothing that it could look at, the stored probabilities are cut.
    """

    ended = pyqtSignal(object)

    def __init__(
        self, backend: Backend, record: Record, phrase: str, point: QgsPointXY, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self._backend, self._record, self._phrase, self._point = backend, record, phrase, point
        self._wait(backend.models(), self._ask)

    def forget(self) -> None:
        """Want it no more."""
        self._reply.finished.disconnect(self._next)
        self._reply.failed.disconnect(self.ended)
        self._reply.cancel()
        self.deleteLater()

    def _wait(self, reply: Reply, then: Callable[[Any], None]) -> None:
        self._reply, self._next = reply, then
        reply.finished.connect(then)
        reply.failed.connect(self.ended)

    def _ask(self, told: Dict[str, Any]) -> None:
        able = [
            card["id"] for card in told.get("data") or () if card.get("installed") and TASK in card.get("tasks", ())
        ]
        record = self._record
        cut: Dict[str, Any] = {"right_angles": right_angles(record)}
        try:
            if able and _can_be_looked_at(record):
                raster, model = Raster(**record.source, data=record.picture or None), able[0]
            else:
                raster, model = Raster(_file_of(record, self._phrase)), record.answer.provenance.get("model")
                cut["likely"] = threshold(record)
        except RsvlmError as error:
            self.ended.emit(error)
            return
        place = record.unplaced(self._point)
        self._wait(self._backend.find(RefineRequest(raster, self._phrase, place, model, **cut)), self._add)

    def _add(self, answer: Answer) -> None:
        layer = found_layer(self._record)
        try:
            if layer is not None:  # it may have been removed meanwhile
                self._join(layer, answer)
        except RsvlmError as error:
            self.ended.emit(error)
        else:
            self.ended.emit(None)

    def _join(self, layer: QgsVectorLayer, said: Answer) -> None:
        if not said.evidence:
            raise RsvlmError(
                "no_data",
                tr("The model sees nothing of “{phrase}” here.").format(phrase=self._phrase),
                tr("Draw it with QGIS's own tools: the layer can be edited."),
            )
        # Where it lies is told as the record has it, and who has outlined it as this answer has.
        origin = {name: said.provenance[name] for name in ORIGIN}
        provenance = {**self._record.answer.provenance, **origin}
        made = replace(self._record, answer=replace(said, provenance=provenance))
        files = [file["phrases"] for file in kept(self._record)]
        together = next((phrases for phrases in files if self._phrase in phrases), ())
        if not add_part(layer, made, self._point, together):
            raise RsvlmError("bad_request", tr("“{phrase}” is drawn here already.").format(phrase=self._phrase))


def _can_be_looked_at(record: Record) -> bool:
    """Whether it is still known which pixels were looked at."""
    return bool(record.picture or record.source.get("href"))


def _file_of(record: Record, phrase: str) -> str:
    """Path of the probabilities of a phrase. Raises RsvlmError: bad_request (there were none), not_found."""
    path = next((str(file["path"]) for file in kept(record) if phrase in file["phrases"]), "")
    if not path:
        raise RsvlmError(
            "bad_request",
            tr("None of the models here outlines what a click means."),
            tr("Import a SAM 2 (see the documentation), or draw it with QGIS's own tools."),
        )
    if not Path(path).is_file():
        raise RsvlmError(
            "not_found",
            tr("The probabilities of this search are not kept any more."),
            tr("Find it again, then click again."),
        )
    return path
