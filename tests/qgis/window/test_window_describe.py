"""From the click to the answer card, in a real window."""

from __future__ import annotations

import html
import json
import os
import signal

from osgeo import ogr
from qgis.core import QgsApplication, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QToolButton

WORDS = " ".join(f"word{number}" for number in range(30))


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def described(dock, wait):
    dock.answers.cards[:] = [card for card in dock.answers.cards if card.record]
    click(dock.describe_button)
    wait(lambda: dock.answers.cards and dock.answers.cards[0].record, 30)
    return dock.answers.cards[0]


def messages(iface) -> list:
    return [item.text() for item in iface.messageBar().items()]


def test_an_answer_streams_into_a_card_with_its_place(slow_backend, dock, wait, heartbeat, iface):
    before = len(dock.answers.cards)
    click(dock.describe_button)
    assert len(dock.answers.cards) == before + 1
    card = dock.answers.cards[0]
    wait(lambda: card.text.text().startswith("word0 word1"))
    assert card.record is None and dock.describe_button.text() == "Stop"
    assert [task.description() for task in QgsApplication.taskManager().activeTasks()] == ["Describe Map extent"]
    wait(lambda: card.record)
    assert card.text.text() == WORDS
    assert dock.describe_button.text() == "Describe Extent"
    assert card.record.name == "Village after"
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert heartbeat() < 250


def test_the_thumbnail_says_what_the_model_will_see(slow_backend, dock):
    assert dock.thumbnail.caption.text().replace("\u00a0", " ").splitlines() == [
        "0.5 m/px · 600 × 600 m",
        "EPSG:32632",
        "Village after",
        "bands 1-2-3, native",
        "9 tiles · about 4.0 s",
    ]
    assert not dock.thumbnail.picture.icon().isNull()


def test_moving_the_map_asks_once_for_the_last_place(slow_backend, dock, iface, wait, pause):
    heard = slow_backend / "heard.txt"
    before = len(heard.read_text().splitlines())
    for step in range(5):
        x = 654_300 + 20 * step
        iface.mapCanvas().setExtent(QgsRectangle(x, 5_318_200, x + 100, 5_318_300))
        pause(60)
    assert dock.looking.seen is None
    wait(lambda: dock.looking.seen is not None)
    asked = [line for line in heard.read_text().splitlines()[before:] if line.startswith("view")]
    assert len(asked) == 1
    x0, _y0, x1, _y1 = json.loads(asked[0][5:])
    assert (x0 + x1) / 2 == 654_430


def test_a_closed_dock_asks_nothing(slow_backend, dock, iface, pause):
    dock.close()
    heard = slow_backend / "heard.txt"
    before = heard.read_text()
    iface.mapCanvas().setExtent(QgsRectangle(654_300, 5_318_200, 654_400, 5_318_300))
    pause(600)
    assert heard.read_text() == before


def test_escape_stops_and_what_was_said_is_kept_as_partial(slow_backend, dock, wait):
    click(dock.describe_button)
    card = dock.answers.cards[0]
    wait(lambda: "word3" in card.text.text())
    dock.describe_button.setFocus()
    QTest.keyClick(dock.describe_button, Qt.Key.Key_Escape)
    wait(lambda: card.record)
    assert card.record.answer.partial and card.record.answer.text.startswith("word0 word1")
    assert len(card.record.answer.text) < len(WORDS)
    wait(lambda: "cancelled" in (slow_backend / "heard.txt").read_text())


def test_the_task_manager_can_stop_it(slow_backend, dock, wait):
    click(dock.describe_button)
    card = dock.answers.cards[0]
    wait(lambda: "word1" in card.text.text() and QgsApplication.taskManager().activeTasks())
    QgsApplication.taskManager().activeTasks()[0].cancel()
    wait(lambda: card.record)
    assert card.record.answer.partial
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)


def test_a_killed_backend_is_said_and_the_next_click_works(slow_backend, dock, wait, iface):
    click(dock.describe_button)
    card = dock.answers.cards[0]
    wait(lambda: "word2" in card.text.text())
    os.kill(int((slow_backend / "pid.txt").read_text()), signal.SIGKILL)
    wait(lambda: dock.report.last_error is not None)
    assert dock.report.last_error.code == "worker_died"
    assert any("stopped in the middle of the answer" in text for text in messages(iface))
    assert card.record.answer.partial
    assert described(dock, wait).text.text() == WORDS
    assert dock.report.last_error is None


def test_details_of_an_error_can_be_copied(slow_backend, dock, iface, wait):
    dock.place_row.kind = "selection"
    click(dock.describe_button)
    click(iface.mainWindow().findChild(QPushButton, "rsvlm_error_details"))
    dialog = iface.mainWindow().findChild(object, "rsvlm_details")
    text = dialog.findChild(QPlainTextEdit).toPlainText()
    assert text.startswith("No polygon is selected in the current layer.") and "Code: bad_extent" in text
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy").click()
    assert QApplication.clipboard().text() == text
    dialog.close()
    dock.place_row.kind = "map"


def test_a_drawn_rectangle_is_described_and_the_map_tool_comes_back(slow_backend, dock, iface, wait):
    canvas = iface.mapCanvas()
    before = canvas.mapTool()
    click(dock.place_row.findChild(QToolButton, "rsvlm_where_drawn"))
    view = canvas.viewport()
    start, end = QPoint(150, 150), QPoint(350, 300)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(view, QPoint(250, 250))
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert canvas.mapTool() is before
    assert dock.place_row.kind == "drawn"
    drawn = dock.place_row.place().extent
    corner = canvas.getCoordinateTransform().toMapCoordinates(start)
    assert abs(drawn.xMinimum() - corner.x()) < 2 and abs(drawn.yMaximum() - corner.y()) < 2
    card = described(dock, wait)
    assert card.record.answer.provenance["extent"][0] == drawn.xMinimum()
    QgsProject.instance().clear()
    assert dock.place_row.kind == "map", "a rectangle means a place of its project"


def test_zoom_copy_layer_save_and_remove(slow_backend, dock, iface, wait, tmp_path):
    card = described(dock, wait)
    iface.mapCanvas().setExtent(QgsRectangle(0, 0, 10, 10))
    click(card.findChild(QToolButton, "rsvlm_card_zoom"))
    assert iface.mapCanvas().extent().contains(QgsRectangle(654_200, 5_318_000, 654_800, 5_318_600))
    click(card.findChild(QToolButton, "rsvlm_card_copy"))
    assert QApplication.clipboard().text() == WORDS
    click(card.findChild(QToolButton, "rsvlm_card_layer"))
    layer = QgsProject.instance().layerTreeRoot().findGroup("rsvlm").findLayers()[0].layer()
    assert [feature["text"] for feature in layer.getFeatures()] == [WORDS]
    path = str(tmp_path / "answer.shp")
    assert dock.answers.save(card.record, path)
    source = ogr.Open(path)
    assert source.GetLayer(0).GetNextFeature()["text"] == WORDS
    count = len(dock.answers.cards)
    click(card.findChild(QToolButton, "rsvlm_card_remove"))
    assert len(dock.answers.cards) == count - 1


def test_details_show_how_the_answer_came_to_be(slow_backend, dock, wait):
    card = described(dock, wait)
    shown = [label for label in card.findChildren(QLabel) if "Resolution" in label.text()]
    assert not shown[0].isVisible()
    click(card.details_button)
    assert shown[0].isVisible()
    text = html.unescape(shown[0].text())
    for word in ("compact", "CPU", "0.5\u00a0m", "EPSG:32632", "demo/after.tif", "the layer's own file"):
        assert word in text, word


def test_answers_come_back_with_the_project(slow_backend, dock, wait, tmp_path, iface):
    described(dock, wait)
    count = len(dock.answers.cards)
    path = str(tmp_path / "kept.qgz")
    assert QgsProject.instance().isDirty()
    assert QgsProject.instance().write(path)
    QgsProject.instance().clear()
    assert dock.answers.cards == []
    iface.addProject(path)
    assert len(dock.answers.cards) == count
    assert dock.answers.cards[0].text.text() == WORDS
    assert dock.answers.cards[0].record.footprint().boundingBox().xMinimum() == 654_200


def test_another_project_in_the_middle_of_an_answer_is_no_trouble(slow_backend, dock, wait):
    click(dock.describe_button)
    wait(lambda: "word1" in dock.answers.cards[0].text.text())
    QgsProject.instance().clear()
    assert dock.answers.cards == []
    wait(lambda: dock.describe_button.text() == "Describe Extent")
    assert dock.answers.cards == []


def test_a_layer_from_the_layer_tree_is_described(slow_backend, plugin, dock, wait, iface, demo):
    layer = demo.mapLayersByName("Village before")[0]
    iface.setActiveLayer(layer)
    plugin.layer_action.trigger()
    wait(lambda: dock.answers.cards and dock.answers.cards[0].record, 20)
    assert dock.answers.cards[0].record.name == "Village before"
    assert dock.place_row.kind == "layer" and dock.place_row.layer_choice.currentText() == "Village before"
    dock.place_row.kind = "map"


def test_a_second_answer_is_refused_in_words_and_so_is_a_layer_that_shows_nothing(
    slow_backend, dock, wait, iface, demo
):
    click(dock.describe_button)
    wait(lambda: "word1" in dock.answers.cards[0].text.text())
    dock.describe_layer(demo.mapLayersByName("Village before")[0])
    assert dock.report.last_error.code == "busy" and dock.place_row.kind == "map"
    wait(lambda: dock.answers.cards[0].record)
    table, count = QgsVectorLayer("None", "prices", "memory"), len(dock.answers.cards)
    demo.addMapLayer(table)
    for _time in range(3):
        dock.describe_layer(table)
        wait(lambda: len(messages(iface)) == 1)
    assert "prices" in messages(iface)[0] and len(dock.answers.cards) == count
