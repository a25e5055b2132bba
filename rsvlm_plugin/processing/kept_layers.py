"""Layers of a run that was cancelled, on their way into the project: QGIS itself loads none of them.

The toolbox does not even come to `postProcessAlgorithm` after a cancel, and drops the layers of the run's thread.
"""

from __future__ import annotations

from typing import Callable, ClassVar, Set

from qgis.core import QgsProcessingContext, QgsProcessingUtils, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QMetaObject, QObject, pyqtSlot


class KeptLayers(QObject):
    """Takes from `context`, in the thread of a run, what QGIS would have loaded, and loads it in the main thread.

    There that is done at once, from another thread as soon as QGIS has a turn. dress: gives the vector layer its looks.
    """

    _waiting: ClassVar[Set["KeptLayers"]] = set()  # the algorithm may be gone by then

    def __init__(self, context: QgsProcessingContext, dress: Callable[[QgsVectorLayer], None]) -> None:
        super().__init__()
        self._dress = dress
        self._context = QgsProcessingContext()
        self._context.copyThreadSafeSettings(context)
        self._details = {}
        for output, details in context.layersToLoadOnCompletion().items():
            # A copy: these go with the context's list.
            copied = QgsProcessingContext.LayerDetails(details.name, details.project, details.outputName)
            self._details[output] = copied
            layer = context.takeResultLayer(output)
            if layer is not None:  # in memory; others are opened from their files
                self._context.temporaryLayerStore().addMapLayer(layer)
        context.setLayersToLoadOnCompletion({})
        main = QCoreApplication.instance().thread()
        self._context.pushToThread(main)
        self.moveToThread(main)
        KeptLayers._waiting.add(self)
        QMetaObject.invokeMethod(self, "_load")

    @pyqtSlot()
    def _load(self) -> None:
        for output, details in self._details.items():
            layer = QgsProcessingUtils.mapLayerFromString(output, self._context)
            if layer is None:  # it was not written any more
                continue
            details.setOutputLayerName(layer)
            details.project.addMapLayer(self._context.temporaryLayerStore().takeMapLayer(layer))
            if isinstance(layer, QgsVectorLayer):
                self._dress(layer)
        KeptLayers._waiting.discard(self)
        self.deleteLater()
