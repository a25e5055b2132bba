"""The plugin as QGIS sees it: what `initGui` adds, `unload` takes away. The dock is made when it is first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from qgis.core import QgsApplication, QgsMapLayerType, QgsProcessingProvider, QgsSettings
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction, QMenu

from .translation import Translation, tr

if TYPE_CHECKING:
    from .client import Backend
    from .dock.dock import RsvlmDock
    from .dock.result_actions import ResultActions
    from .dock.saved import Relocating
    from .layers.measuring import ProjectMeasuring
    from .settings.options import RsvlmOptionsFactory

ROOT = Path(__file__).resolve().parents[1]
SHORTCUT = "Ctrl+Alt+W"
VISIBLE = "rsvlm/dock/visible"
DESCRIBABLE = (
    QgsMapLayerType.RasterLayer,
    QgsMapLayerType.VectorLayer,
    QgsMapLayerType.VectorTileLayer,
    QgsMapLayerType.MeshLayer,
    QgsMapLayerType.PointCloudLayer,
)


class RsvlmPlugin(QObject):
    """Toolbar button, menu entries, shortcut, layer action, options page, Processing provider and the dock.

    iface: None under qgis_process, where only `initProcessing` is called.
    """

    def __init__(self, iface: Optional[QgisInterface]) -> None:
        super().__init__()
        self.iface = iface
        self.dock: Optional["RsvlmDock"] = None
        self.backend: Optional["Backend"] = None
        self._translation = Translation()
        self._provider: Optional[QgsProcessingProvider] = None
        self._options: Optional["RsvlmOptionsFactory"] = None
        self._reopening: Optional[QTimer] = None
        self._result_actions: Optional["ResultActions"] = None
        self._measuring: Optional["ProjectMeasuring"] = None
        self._relocating: Optional["Relocating"] = None

    def initGui(self) -> None:  # noqa: N802 (QGIS's name)
        """Add everything to QGIS."""
        self._translation.install()
        self._init_actions()
        self._init_layer_action()
        self._init_measuring()
        self._init_relocating()
        self._init_options()
        self.initProcessing()
        self._init_reopening()

    def unload(self) -> None:
        """Take everything away again, in the opposite order."""
        self._unload_reopening()
        self._unload_dock()
        self._unload_processing()
        self._unload_options()
        self._unload_relocating()
        self._unload_measuring()
        self._unload_layer_action()
        self._unload_actions()
        self._translation.remove()

    def initProcessing(self) -> None:  # noqa: N802 (QGIS's name)
        """Add the algorithms; all there is under qgis_process."""
        from .processing.provider import RsvlmProvider

        self._translation.install()
        self._provider = RsvlmProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def _unload_processing(self) -> None:
        QgsApplication.processingRegistry().removeProvider(self._provider)
        self._provider = None

    def show_dock(self) -> "RsvlmDock":
        """Open the dock and bring it to the front; it is made at the first call."""
        if self.dock is None:
            from .client import Backend
            from .dock.dock import RsvlmDock

            window = self.iface.mainWindow()
            self.backend = Backend(self)
            self.dock = RsvlmDock(self.iface, self.backend, window)
            if not window.restoreDockWidget(self.dock):
                self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.opened.connect(self._dock_opened)
            self.dock.closed.connect(self._dock_closed)
        self.dock.setUserVisible(True)
        self._dock_opened()
        return self.dock

    def _unload_dock(self) -> None:
        if self.dock is None:
            return
        self.dock.opened.disconnect(self._dock_opened)
        self.dock.closed.disconnect(self._dock_closed)
        self.dock.dispose()
        self.iface.removeDockWidget(self.dock)
        self.dock.deleteLater()
        self.dock = None
        self.backend.stop()
        self.backend.deleteLater()
        self.backend = None

    def _dock_opened(self) -> None:
        self.dock_action.setChecked(True)
        QgsSettings().setValue(VISIBLE, True)

    def _dock_closed(self) -> None:
        self.dock_action.setChecked(False)
        QgsSettings().setValue(VISIBLE, False)

    def _toggle(self, wanted: bool) -> None:
        if wanted:
            self.show_dock()
        elif self.dock is not None:
            self.dock.close()

    def _init_actions(self) -> None:
        self.dock_action = self._action("rsvlm_toggle_dock", tr("rsvlm: Describe the Map"), self._toggle)
        self.dock_action.setCheckable(True)
        self.dock_action.setToolTip(tr("Describe what the map shows, in words"))
        self.demo_action = self._action("rsvlm_open_demo", tr("Open Demo Project"), self._open_demo)
        self.help_action = self._action("rsvlm_help", "rsvlm", self._open_help)
        self.iface.addRasterToolBarIcon(self.dock_action)
        self.iface.addPluginToRasterMenu("rsvlm", self.dock_action)
        self.iface.addPluginToRasterMenu("rsvlm", self.demo_action)
        self.iface.pluginHelpMenu().addAction(self.help_action)
        self.iface.registerMainWindowAction(self.dock_action, SHORTCUT)

    def _unload_actions(self) -> None:
        self.iface.unregisterMainWindowAction(self.dock_action)
        self.iface.pluginHelpMenu().removeAction(self.help_action)
        self.iface.removePluginRasterMenu("rsvlm", self.demo_action)
        self.iface.removePluginRasterMenu("rsvlm", self.dock_action)
        for menu in self.iface.mainWindow().findChildren(QMenu, "rsvlm"):  # QGIS only hides an emptied one
            menu.deleteLater()
        self.iface.removeRasterToolBarIcon(self.dock_action)
        for action in (self.help_action, self.demo_action, self.dock_action):
            action.deleteLater()

    def _init_layer_action(self) -> None:
        from .dock.result_actions import ResultActions

        self.layer_action = self._action("rsvlm_describe_layer", tr("Describe this layer"), self._describe_layer)
        for layer_type in DESCRIBABLE:
            self.iface.addCustomActionForLayerType(self.layer_action, "", layer_type, True)
        self._result_actions = ResultActions(self.iface)

    def _unload_layer_action(self) -> None:
        self._result_actions.dispose()
        self._result_actions = None
        # Each call takes the action from one layer type only.
        while self.iface.removeCustomActionForLayerType(self.layer_action):
            continue
        self.layer_action.deleteLater()

    def _init_measuring(self) -> None:
        from .layers.measuring import ProjectMeasuring

        self._measuring = ProjectMeasuring(self)

    def _unload_measuring(self) -> None:
        self._measuring.dispose()
        self._measuring.deleteLater()
        self._measuring = None

    def _init_relocating(self) -> None:
        from .dock.saved import Relocating

        self._relocating = Relocating(self)

    def _unload_relocating(self) -> None:
        self._relocating.dispose()
        self._relocating.deleteLater()
        self._relocating = None

    def _init_options(self) -> None:
        from .settings.options import RsvlmOptionsFactory

        self._options = RsvlmOptionsFactory(self.iface)
        self.iface.registerOptionsWidgetFactory(self._options)

    def _unload_options(self) -> None:
        self.iface.unregisterOptionsWidgetFactory(self._options)
        self._options.dispose()
        self._options = None

    def _init_reopening(self) -> None:
        """Open the dock again where the user left it open, after QGIS has shown its own window."""
        if QgsSettings().value(VISIBLE, False, type=bool):
            self._reopening = QTimer(self)
            self._reopening.setSingleShot(True)
            self._reopening.timeout.connect(self.show_dock)
            self._reopening.start(0)

    def _unload_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.stop()
            self._reopening = None

    def _action(self, name: str, text: str, slot: Callable[..., object]) -> QAction:
        action = QAction(QIcon(str(ROOT / "resources" / "icons" / "rsvlm.svg")), text, self.iface.mainWindow())
        action.setObjectName(name)
        action.triggered.connect(slot)
        return action

    def _describe_layer(self) -> None:
        layer = self.iface.activeLayer()
        if layer is not None:
            self.show_dock().describe_layer(layer)

    def _open_demo(self) -> None:
        # addProject asks whether to keep unsaved changes of the project that is open.
        self.iface.addProject(str(ROOT / "resources" / "demo" / "demo.qgz"))
        self.show_dock()

    def _open_help(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(ROOT / "README.md")))
