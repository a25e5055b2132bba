"""The real backend with the bundled model, driven from the window: QGIS never stands still meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QProgressBar

DEMO = Path(__file__).resolve().parents[3] / "resources" / "demo" / "demo.qgz"
FOREVER = 90  # seconds; the machine may be busy


@pytest.fixture(scope="module")
def real_backend():
    """One backend for all of these tests; none is running when the first begins."""
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    shared_process().stop()
    yield
    shared_process().stop()


def worker_of(pid: int) -> int:
    """The process id of a child of `pid`."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def answered(dock, wait):
    QTest.mouseClick(dock.describe_button, Qt.MouseButton.LeftButton)
    wait(lambda: dock.report.last_error or (dock.answers.cards and dock.answers.cards[0].record), FOREVER)
    assert dock.report.last_error is None, dock.report.last_error.message
    return dock.answers.cards[0].record


def test_start_view_and_answer_never_hold_up_the_window(real_backend, dock, wait, heartbeat):
    assert dock.thumbnail.caption.text().replace("\u00a0", " ").splitlines()[0].endswith("600 × 600 m")
    record = answered(dock, wait)
    assert record.answer.text.strip().endswith(".")
    assert record.answer.provenance["model"] == "compact"
    assert record.answer.provenance["extent"] == pytest.approx([654_200, 5_318_000, 654_800, 5_318_600])
    assert record.answer_crs.authid() == "EPSG:32632"
    assert dock.answers.open_layer(record).crs().authid() == "EPSG:32632"
    print(f"longest pause: {heartbeat()} ms")
    assert heartbeat() < 250


def test_stop_keeps_the_tiles_that_the_backend_had_finished(real_backend, dock, wait, demo, tmp_path):
    wide = str(tmp_path / "wide.tif")  # the scene stretched over more ground than one batch of tiles
    gdal.Translate(wide, str(DEMO.with_name("after.tif")), outputBounds=[654_200, 5_320_400, 656_600, 5_318_000])
    layer = QgsRasterLayer(wide, "wide")
    demo.addMapLayer(layer)
    dock.place_row.choose_layer(layer)
    dock.style_choice.setCurrentIndex(1)
    QTest.mouseClick(dock.describe_button, Qt.MouseButton.LeftButton)
    bar = dock.answers.cards[0].findChild(QProgressBar)
    wait(lambda: 0 < bar.value() < bar.maximum(), FOREVER)
    whole = bar.maximum()
    QTest.mouseClick(dock.describe_button, Qt.MouseButton.LeftButton)
    wait(lambda: dock.answers.cards[0].record, FOREVER)
    answer = dock.answers.cards[0].record.answer
    print(f"kept {len(answer.evidence)} of {whole} tiles: {answer.text}")
    assert answer.partial and 0 < len(answer.evidence) < whole
    assert answer.provenance["revision"]  # the backend's own words, not what the dock could gather
    dock.place_row.kind = "map"


def test_a_killed_worker_is_said_and_the_next_click_works(real_backend, dock, wait):
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    dock.style_choice.setCurrentIndex(1)
    QTest.mouseClick(dock.describe_button, Qt.MouseButton.LeftButton)
    pid = shared_process()._endpoint.pid
    bar = dock.answers.cards[0].findChild(QProgressBar)
    wait(lambda: bar.maximum() > 0 and bar.value() > 0, FOREVER)
    os.kill(worker_of(pid), signal.SIGKILL)
    wait(lambda: dock.report.last_error is not None, FOREVER)
    assert dock.report.last_error.code == "worker_died"
    dock.style_choice.setCurrentIndex(0)
    assert answered(dock, wait).answer.text


@pytest.mark.parametrize("name", ["s2_aquileia", "naip_nd", "vhr_korea"])
def test_real_rasters_are_described_through_the_dock(name, real_backend, dock, wait, demo, iface):
    data = Path(os.environ.get("RSVLM_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
    files = sorted((data / "rasters" / name).glob("*.tif"))
    if not files:
        pytest.skip(f"no raster {name} here")
    layer = QgsRasterLayer(str(files[0]), name)
    demo.addMapLayer(layer)
    dock.place_row.choose_layer(layer)
    record = answered(dock, wait)
    print(f"{name}: {record.answer.text}")
    assert record.name == name and not record.drawn
    assert record.footprint().area() > 0
