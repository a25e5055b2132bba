"""An answer that is put right in the dock becomes a training record, and the card shows the right words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QToolButton

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))
WORDS = " ".join(f"word{number}" for number in range(30))
RIGHT = "A village beside a lake, with a harbour of eleven boats."


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def card(slow_backend, dock, wait):
    click(dock.describe_button)
    wait(lambda: dock.answers.cards and dock.answers.cards[0].record, 30)
    return dock.answers.cards[0]


def edited(card, words: str):
    click(card.findChild(QToolButton, "rsvlm_card_correct"))
    card.editor.words.setPlainText(words)
    return card.editor


def records(folder: Path) -> list:
    path = folder / "corrections.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_corrected_words_are_kept_with_the_file_and_extent_that_was_seen(card, slow_backend, dock, wait, pause):
    editor = edited(card, RIGHT)
    dock._scroll.ensureWidgetVisible(editor)
    pause(200)
    SHOTS.mkdir(parents=True, exist_ok=True)
    assert dock.grab().save(str(SHOTS / "correct-editing.png"))
    assert card.text.isHidden() and editor.words.window().focusWidget() is editor.words
    click(editor.keep_button)
    pause(200)
    assert dock.grab().save(str(SHOTS / "correct-kept.png"))
    (record,) = records(slow_backend / "corrections")
    (image,) = record["images"]
    assert image["href"].endswith("resources/demo/after.tif") and image["crs"] == "EPSG:32632"
    assert image["bands"] == [1, 2, 3] and len(image["extent"]) == 4
    assert record["messages"][1] == {"role": "assistant", "content": RIGHT}
    assert record["meta"]["said"] == WORDS and record["meta"]["model"] == "compact"
    assert abs(record["meta"]["lat"] - 48.0) < 0.1 and abs(record["meta"]["lon"] - 11.07) < 0.1
    assert card.editor is None and not card.text.isHidden() and card.text.text() == RIGHT
    kept = json.loads(QgsProject.instance().readEntry("rsvlm", "/answers", "")[0])[0]
    assert kept["answer"]["text"] == RIGHT and "corrected" in kept["answer"]["provenance"]
    edited(card, "Twelve boats.").words.kept.emit()
    (again,) = records(slow_backend / "corrections")
    assert again["messages"][1]["content"] == "Twelve boats." and again["meta"]["said"] == WORDS


def test_only_other_words_can_be_kept_and_escape_leaves_them(card, slow_backend):
    editor = edited(card, WORDS)
    assert not editor.keep_button.isEnabled()
    editor.words.setPlainText("  ")
    assert not editor.keep_button.isEnabled()
    editor.words.setPlainText("Other words.")
    assert editor.keep_button.isEnabled()
    QTest.keyClick(editor.words, Qt.Key.Key_Escape)
    assert card.editor is None and card.text.text() == WORDS and not card.text.isHidden()
    assert records(slow_backend / "corrections") == []


def test_a_drawn_picture_is_kept_beside_as_long_as_it_is_known(slow_backend, dock, demo, wait, tmp_path, iface):
    top = next(layer for layer in iface.mapCanvas().layers())
    top.renderer().setOpacity(0.9)
    top.triggerRepaint()
    dock.looking.look_anew()
    wait(lambda: dock.looking.seen is not None and dock.looking.seen.drawn, 30)
    click(dock.describe_button)
    wait(lambda: dock.answers.cards and dock.answers.cards[0].record, 30)
    card = dock.answers.cards[0]
    path = str(tmp_path / "mine" / "project.qgz")
    Path(path).parent.mkdir()
    assert QgsProject.instance().write(path)
    click(edited(card, RIGHT).keep_button)
    folder = tmp_path / "mine" / "rsvlm_corrections"
    (record,) = records(folder)
    picture = folder / record["images"][0]["href"]
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.with_suffix(".pgw").is_file()
    dock.answers.restore()
    again = dock.answers.cards[0]
    click(edited(again, "Other words.").keep_button)
    assert dock.report.last_error.code == "not_found" and again.editor is not None
    assert len(records(folder)) == 1
    again.leave_editor()


def test_where_it_cannot_be_written_the_words_are_not_lost(card, slow_backend, dock, tmp_path):
    from rsvlm.rsvlm_plugin.settings.store import Settings

    (tmp_path / "file").write_text("")
    Settings().corrections = str(tmp_path / "file")
    try:
        editor = edited(card, RIGHT)
        click(editor.keep_button)
        assert dock.report.last_error.code == "bad_request"
        assert card.editor is editor and editor.words.toPlainText() == RIGHT
        assert card.record.answer.text == WORDS
    finally:
        Settings().corrections = ""
    assert QApplication.activeModalWidget() is None
