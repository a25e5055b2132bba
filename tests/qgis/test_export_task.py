"""Layers are saved beside QGIS's main thread: as they were when Save was pressed, whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from osgeo import ogr
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeedback,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QUrl

MANY = 20_000
UTM, WGS84 = "EPSG:32632", "EPSG:4326"


def layer_of(count: int, crs: str = UTM, left: float = 500_000.0, bottom: float = 4_999_000.0) -> QgsVectorLayer:
    """Squares of 15 units in rows of 200, each with its number as label."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}&field=label:string", "houses", "memory")
    layer.dataProvider().addFeatures(
        [house(layer, n, left + 20 * (n % 200), bottom + 20 * (n // 200)) for n in range(count)]
    )
    return layer


def house(layer: QgsVectorLayer, label: object, x: float, y: float) -> QgsFeature:
    made = QgsFeature(layer.fields())
    made["label"] = str(label)
    made.setGeometry(QgsGeometry.fromRect(QgsRectangle(x, y, x + 15, y + 15)))
    return made


@pytest.fixture
def bar(qgis_new_project):
    return QgsMessageBar()


def begun(layer: QgsVectorLayer, path: Path, bar: QgsMessageBar, replace: bool = False, crs: str = WGS84):
    from rsvlm.rsvlm_plugin.dock.export_task import ExportTask, save_in_background
    from rsvlm.rsvlm_plugin.layers.export import Export

    save_in_background(Export(layer, str(path), QgsCoordinateReferenceSystem(crs), replace), bar)
    (task,) = ExportTask.running
    return task


def labels(path: Path) -> list:
    source = ogr.Open(str(path))
    return [row["label"] for row in source.GetLayer(0)]


def test_the_end_is_told_with_a_link_to_the_file(bar, wait, tmp_path):
    path = tmp_path / "a & b.gpkg"
    progress = []
    begun(layer_of(500), path, bar).progressChanged.connect(progress.append)
    wait(lambda: bar.items())
    assert labels(path) == [str(n) for n in range(500)]
    url = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    (item,) = bar.items()
    assert item.level() == Qgis.MessageLevel.Success
    assert f'<a href="{url.replace("&", "&amp;")}">{str(path).replace("&", "&amp;")}</a>' in item.text()
    assert progress == sorted(progress) and 100 in progress


@pytest.mark.parametrize("kind", ["memory", "gpkg"])
def test_edits_are_saved_as_they_are_seen_though_they_are_undone_meanwhile(kind, bar, wait, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    layer, path = layer_of(5), tmp_path / "edited.gpkg"
    if kind == "gpkg":
        save_layer(layer, str(tmp_path / "own.gpkg"))
        layer = QgsVectorLayer(str(tmp_path / "own.gpkg"), "houses", "ogr")
    assert layer.startEditing()
    first, second = (feature.id() for feature in list(layer.getFeatures())[:2])
    layer.deleteFeature(first)
    layer.changeAttributeValue(second, layer.fields().indexOf("label"), "barn")
    layer.changeGeometry(second, QgsGeometry.fromRect(QgsRectangle(400_000, 4_999_000, 400_030, 4_999_030)))
    layer.addFeature(house(layer, "new", 500_500, 4_999_000))
    begun(layer, path, bar, crs=UTM)
    layer.rollBack()
    del layer
    wait(lambda: bar.items())
    assert sorted(labels(path)) == ["2", "3", "4", "barn", "new"]
    source = ogr.Open(str(path))
    assert source.GetLayer(0).GetExtent()[0] == 400_000


def test_a_layer_that_is_removed_meanwhile_is_saved_all_the_same(bar, wait, tmp_path):
    layer, path = layer_of(2000), tmp_path / "gone.fgb"
    QgsProject.instance().addMapLayer(layer)
    begun(layer, path, bar)
    QgsProject.instance().removeMapLayer(layer)
    wait(lambda: bar.items())
    assert sorted(labels(path)) == sorted(str(n) for n in range(2000))


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_cancel_leaves_the_previous_file_whole(suffix, bar, wait, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / f"before.{suffix}"
    save_layer(layer_of(3), str(path))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    layer = layer_of(MANY)
    task = begun(layer, path, bar, replace=True)
    wait(lambda: task.progress() > 5)
    task.cancel()
    wait(lambda: bar.items())
    assert bar.items()[0].text() == "Saving “houses” was stopped: no file was written or changed."
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_what_cannot_be_written_is_one_sentence_with_a_way_out(bar, wait, tmp_path):
    """Coordinates that are no degrees."""
    begun(layer_of(3, WGS84), tmp_path / "nowhere.gpkg", bar, crs=UTM)
    wait(lambda: bar.items())
    (item,) = bar.items()
    assert item.level() == Qgis.MessageLevel.Warning
    assert item.text() == "The layer cannot be expressed in EPSG:32632. Choose another coordinate system."
    assert list(tmp_path.iterdir()) == []


def test_two_are_never_written_into_one_file_at_once(bar, wait, tmp_path):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import Export

    path = tmp_path / "both.gpkg"
    task = begun(layer_of(MANY), path, bar)
    wait(lambda: task.progress() > 5)
    with pytest.raises(RsvlmError) as caught:
        Export(layer_of(3), str(path))
    assert caught.value.message == f"{path} is being written."
    task.cancel()
    wait(lambda: bar.items())
    Export(layer_of(3), str(path))  # it is free again


def test_what_another_program_wrote_there_meanwhile_is_kept(bar, wait, tmp_path):
    path = tmp_path / "theirs.geojson"
    task = begun(layer_of(MANY), path, bar)
    wait(lambda: task.progress() > 5)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    wait(lambda: bar.items(), 60)
    assert "was changed by something else while it was being written. Save again." in bar.items()[0].text()
    assert json.loads(path.read_text())["features"] == []
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.geojson"]


def test_a_geopackage_that_another_program_begins_to_write_to_is_left_to_it(tmp_path, qgis_app):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import Export, save_layer

    path = tmp_path / "theirs.gpkg"
    save_layer(layer_of(3), str(path))
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.close()
    export = Export(layer_of(5), str(path))
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE words (word TEXT)")  # into the file with -wal alone
    other.commit()
    with pytest.raises(RsvlmError, match="changed by something else"):
        export.write(QgsFeedback())
    other.execute("INSERT INTO words VALUES ('kept')")
    other.commit()
    other.close()
    again = sqlite3.connect(path)
    assert again.execute("SELECT word FROM words").fetchall() == [("kept",)]
    assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    again.close()


def test_one_that_is_cancelled_before_it_began_is_told_too(bar, wait, tmp_path):
    from rsvlm.rsvlm_plugin.dock.export_task import ExportTask
    from rsvlm.rsvlm_plugin.layers.export import Export

    task = ExportTask(Export(layer_of(3), str(tmp_path / "never.gpkg")), bar)
    task.hold()
    QgsApplication.taskManager().addTask(task)
    task.cancel()
    wait(lambda: bar.items())
    assert "was stopped" in bar.items()[0].text() and list(tmp_path.iterdir()) == []
