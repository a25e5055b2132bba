"""What a cut is asked for that comes late: after another project was opened, nothing of the one before comes into it."""

from __future__ import annotations

from types import SimpleNamespace

from found_record import record
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal


class Later(QObject):
    """A reply of the backend that comes when the test says so."""

    finished = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = False

    def cancel(self):
        self.cancelled = True


def test_a_cut_that_comes_after_its_project_was_closed_brings_nothing_into_the_next_one(written, qgis_iface):
    from rsvlm.rsvlm_plugin.dock.refining import Refining

    made, layer = written
    replies, problems, told = [], [], []

    def find(_request):
        replies.append(Later())
        return replies[-1]

    report = SimpleNamespace(clear=lambda: None, error=problems.append)
    refining = Refining(qgis_iface, SimpleNamespace(find=find), report)
    refining.recut.connect(told.append)
    card = SimpleNamespace(record=made)
    refining.cut_again(card, 0.3)
    replies[0].finished.emit(record(7).answer)
    assert layer.featureCount() == 8 and told == [card]
    refining.cut_again(card, 0.4)
    QgsProject.instance().clear()
    replies[1].finished.emit(record(5).answer)
    assert replies[1].cancelled and not QgsProject.instance().mapLayers() and (told, problems) == ([card], [])
    refining.dispose()
