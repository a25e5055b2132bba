"""Save…: a file lies where its name says, under the name that was typed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QLineEdit, QMainWindow


@pytest.fixture
def window(qgis_new_project):
    """What the dialog needs of QGIS's own."""
    window, bar = QMainWindow(), QgsMessageBar()
    yield SimpleNamespace(mainWindow=lambda: window, messageBar=lambda: bar)
    window.deleteLater()


@pytest.fixture
def dialog(window):
    """`dialog()`: to save a layer of one house."""
    from rsvlm.rsvlm_plugin.dock.export_dialog import ExportDialog

    layer = QgsVectorLayer("Polygon?crs=EPSG:32632&field=label:string", "houses", "memory")
    house = QgsFeature(layer.fields())
    house.setGeometry(QgsGeometry.fromRect(QgsRectangle(500_000, 4_999_000, 500_015, 4_999_015)))
    layer.dataProvider().addFeatures([house])
    QgsProject.instance().addMapLayer(layer)
    return lambda: ExportDialog(layer, window)


def typed(dialog, name: str):
    QTest.keyClicks(dialog.file.findChild(QLineEdit), name)
    return dialog


@pytest.mark.parametrize("saved", [True, False])
def test_a_bare_name_is_beside_the_project_or_at_home_and_its_link_leads_there(
    dialog, window, wait, tmp_path, monkeypatch, saved
):
    for name in ("working", "home", "project"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "working")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if saved:
        assert QgsProject.instance().write(str(tmp_path / "project" / "mine.qgz"))
    path = tmp_path / ("project" if saved else "home") / "lakes v1.2.gpkg"
    made = typed(dialog(), "lakes v1.2")
    QTest.mouseClick(made.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
    wait(lambda: window.messageBar().items())
    assert path.is_file() and not list((tmp_path / "working").iterdir())
    link = bytes(QUrl.fromLocalFile(str(path)).toEncoded()).decode("ascii")
    assert link in window.messageBar().items()[0].text()


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("lakes", "lakes.geojson"),
        ("lakes.gpkg", "lakes.geojson"),
        ("lakes.GPKG", "lakes.geojson"),
        ("lakes v1.2", "lakes v1.2.geojson"),
        ("lakes v1.2.shp", "lakes v1.2.geojson"),
    ],
)
def test_another_format_changes_the_ending_and_no_other_part_of_the_name(dialog, tmp_path, name, then):
    made = typed(dialog(), str(tmp_path / name))
    made.format_choice.setCurrentIndex(made.format_choice.findData(".geojson"))
    assert Path(made.file.filePath()) == tmp_path / then
    made.reject()
