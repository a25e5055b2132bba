"""Masks are kept for training beside QGIS's main thread: as they were at the click, all of them or nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from found_record import square
from qgis.core import Qgis, QgsApplication
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QTimer

SCENE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "after.tif"  # 1200 x 1200 px of 0.5 m
LEFT, TOP = 654_200.0, 5_318_600.0
SIDE = 60  # houses in a row and in a column
OTHER = {"id": "correction/other", "task": "caption", "split": "train", "images": [], "messages": []}


@pytest.fixture
def houses(qgis_new_project, tmp_path):
    """3,600 of 3 m, 10 m apart, found in the demo."""
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.found_group import add_found
    from rsvlm.rsvlm_plugin.layers.record import Record

    places = [square(LEFT + 10 * (n % SIDE) + 1, TOP - 10 * (n // SIDE) - 4, 3) for n in range(SIDE**2)]
    evidence = [Evidence("mask", place, "houses", 0.9, 9.0, phrase="houses") for place in places]
    provenance = {"model": "geopix", "extent": [LEFT, TOP - 600, LEFT + 600, TOP], "crs": "EPSG:32632"}
    made = Record("after", "masks", square(LEFT, TOP - 600, 600), "EPSG:32632", False,
                  Answer("houses: 3,600 found.", evidence, provenance), phrases=["houses"],
                  source={"href": str(SCENE)})  # fmt: skip
    made.file = write_beside(made, tmp_path)
    return made, add_found(made)


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """The corrections, with one of another answer in them."""
    from rsvlm.rsvlm_plugin.layers import mask_records

    monkeypatch.setattr(mask_records, "corrections_folder", lambda: tmp_path / "corrections")
    path = tmp_path / "corrections" / "corrections.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(OTHER) + "\n", encoding="utf-8")
    return path


def begun(made, layer, bar):
    from rsvlm.rsvlm_plugin.dock.keep_task import keep_in_background
    from rsvlm.rsvlm_plugin.dock.writing_task import WritingTask

    keep_in_background(made, layer, bar)
    (task,) = WritingTask.running
    return task


def kept(path: Path) -> list:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_qgis_goes_on_meanwhile_and_edits_that_follow_are_not_kept(houses, file, wait):
    made, layer = houses
    bar, beats, progress = QgsMessageBar(), [time.monotonic()], []
    before = time.thread_time()
    begun(made, layer, bar).progressChanged.connect(progress.append)
    cost_ms = 1000 * (time.thread_time() - before)
    layer.startEditing()
    layer.deleteFeatures(layer.allFeatureIds())
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start(10)
    wait(lambda: bar.items(), 60)
    timer.stop()
    other, *records = kept(file)
    assert other == OTHER and len(records) == 9
    assert sum(len(record["regions"]) for record in records) >= SIDE**2
    assert bar.items()[0].level() == Qgis.MessageLevel.Success
    assert bar.items()[0].text() == f"Kept in {file}, with 10 training records now."
    assert progress == sorted(progress) and len(progress) > 10 and progress[-1] == 100
    pause_ms = 1000 * max(after - earlier for earlier, after in zip(beats[1:], beats[2:]))
    print(f"before the task {cost_ms:.1f} ms, the longest pause of {len(beats)} beats {pause_ms:.0f} ms")
    assert cost_ms < 250 and pause_ms < 250
    layer.rollBack()


def test_while_it_runs_it_does_not_begin_again(houses, file, wait):
    from rsvlm.protocol import RsvlmError

    made, layer = houses
    bar = QgsMessageBar()
    task = begun(made, layer, bar)
    with pytest.raises(RsvlmError) as caught:
        begun(made, layer, bar)
    assert caught.value.code == "busy" and "is being kept for training already" in caught.value.message
    task.cancel()
    wait(lambda: bar.items())
    bar.clearWidgets()
    begun(made, layer, bar).cancel()
    wait(lambda: bar.items())


@pytest.mark.parametrize("stop", ["by the user", "by QGIS, which closes"])
def test_what_is_stopped_leaves_the_file_as_it_was(stop, houses, file, wait):
    made, layer = houses
    bar, before = QgsMessageBar(), file.read_bytes()
    task = begun(made, layer, bar)
    wait(lambda: task.progress() > 5)
    if stop == "by the user":
        task.cancel()
    else:
        QgsApplication.taskManager().cancelAll()
    wait(lambda: bar.items())
    name = layer.name()
    said = f"Keeping “{name}” for training was stopped: no record was written or changed."
    assert bar.items()[0].text() == said and bar.items()[0].level() == Qgis.MessageLevel.Info
    assert file.read_bytes() == before and [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_cannot_be_kept_is_said_with_a_way_out(houses, file, wait):
    made, layer = houses
    made.source = {"href": "/nowhere/after.tif"}
    bar = QgsMessageBar()
    begun(made, layer, bar)
    wait(lambda: bar.items())
    assert bar.items()[0].level() == Qgis.MessageLevel.Warning
    assert "not a file on this computer. Ask about a layer whose file" in bar.items()[0].text()
    assert kept(file) == [OTHER]


def test_a_file_that_cannot_be_written_is_said_with_a_way_out(houses, file, wait):
    made, layer = houses
    file.with_suffix(".part").mkdir()
    bar = QgsMessageBar()
    begun(made, layer, bar)
    wait(lambda: bar.items(), 60)
    assert f"could not be written to {file}" in bar.items()[0].text()
    assert "Choose another folder for corrections" in bar.items()[0].text() and kept(file) == [OTHER]
