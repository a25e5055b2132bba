"""Who answers is chosen in the dock: models of the real service, servers over a real socket; the profile remembers it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo" / "after.tif"
TEXT = "Ein Hafen mit Booten."
CARD = """
id = "coast"
family = "compact"
title = "Coast 1"
tasks = ["describe"]
licence = "CC-BY-4.0"
terms = ""
memory_bytes = 100_000_000
prompt_template = "{image}<caption>"
box_convention = "none"
trained_on = []
input = { bands = "red, green, blue", pixels = 128, gsd_range_m = [0.3, 8.0], sensors = ["optical"] }
[source]
repository = "someone/coast"
revision = "0123456789abcdef0123456789abcdef01234567"
[[source.files]]
name = "model.safetensors"
sha256 = "ea25cceb14415f63e4008f483e0b5eaefd25ffea17bbe9fc9681c4e9f539fbb3"
size_bytes = 3
"""

_spec = importlib.util.spec_from_file_location("openai_server", Path(__file__).with_name("openai_server.py"))
double = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(double)


@pytest.fixture
def server():
    running = double.OpenAiServer()
    yield running
    running.stop()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The user's folder of models; `models(name)` puts a card into it, as installed where weights are given."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))

    def add(name: str, title: str, tasks: str = '["describe"]', weights: bytes = b"") -> None:
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        card = CARD.replace('"coast"', f'"{name}"').replace("Coast 1", title).replace('["describe"]', tasks)
        (folder / "card.toml").write_text(card)
        if weights:
            (folder / "model.safetensors").write_bytes(weights)

    return add


@pytest.fixture
def backend(qgis_app, tmp_path, monkeypatch):
    """A Backend whose process is the real supervisor; the models behind it are the service tests' double."""
    from qgis.core import QgsSettings

    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    python = os.environ["RSVLM_PYTHON"]
    if not Path(python).is_file():
        pytest.skip("the backend's environment is not there; run make setup")
    start = tmp_path / "python"
    start.write_text(f'#!/bin/sh\nexec "{python}" "{ROOT}/tests/backend/serve_with_double.py"\n')
    start.chmod(0o755)
    monkeypatch.setenv("RSVLM_PYTHON", str(start))
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    QgsSettings().remove("rsvlm")
    shared_process().stop()
    made = Backend()
    yield made
    made.watch(False)
    shared_process().stop()
    QgsSettings().remove("rsvlm")


@pytest.fixture
def choice(backend):
    from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

    from rsvlm.rsvlm_plugin.dock.model_choice import ModelChoice

    dock = QWidget()
    made = ModelChoice(backend)
    QVBoxLayout(dock).addWidget(made)
    made.dock = dock
    yield made
    made.dispose()
    dock.deleteLater()


def start(backend, wait, hear) -> None:
    backend.watch(True)
    told = hear(backend.models())
    wait(lambda: told.over and backend.state.kind == "ready", 30)


def shown(choice) -> list:
    usable = [choice.model().item(index).isEnabled() for index in range(choice.count())]
    return [(choice.itemText(index), usable[index]) for index in range(choice.count()) if choice.itemText(index)]


def pick(choice, text: str) -> None:
    index = next(index for index in range(choice.count()) if choice.itemText(index).startswith(text))
    choice.setCurrentIndex(index)
    choice.activated.emit(index)


def test_there_is_nothing_to_choose_where_there_is_one_model(choice, backend, wait, hear) -> None:
    assert choice.isHidden()
    start(backend, wait, hear)
    wait(lambda: choice.count() and choice.itemText(0) == "compact (bundled)")
    assert choice.isHidden() and choice.current().model == "compact"


def test_models_are_offered_and_those_that_are_not_installed_say_what_to_do(
    models, choice, backend, wait, hear
) -> None:
    from qgis.PyQt.QtCore import Qt

    from rsvlm.rsvlm_plugin.settings.model_store import shared_store

    models("far", "Far 2")
    start(backend, wait, hear)
    wait(lambda: choice.count() == 2)
    assert shown(choice) == [("compact (bundled)", True), ("Far 2", False)]
    assert "download it" in choice.itemData(1, Qt.ItemDataRole.ToolTipRole)
    assert choice.isHidden()  # one can be used
    models("coast", "Coast 1", weights=b"xyz")
    shared_store().changed.emit()
    wait(lambda: choice.count() == 3)
    assert ("Coast 1", True) in shown(choice) and not choice.isHidden()
    pick(choice, "Coast 1")
    assert choice.current().model == "coast"


def test_a_model_that_only_outlines_clicks_is_not_offered(models, choice, backend, wait, hear) -> None:
    models("sam2", "SAM 2", '["refine"]', b"xyz")
    models("coast", "Coast 1", '["segment", "refine"]', b"xyz")
    told = hear(backend.models())
    start(backend, wait, hear)
    wait(lambda: choice.count() == 2 and told.over)
    assert {card["id"]: card["installed"] for card in told.answers[0]["data"]} == {
        "compact": True, "sam2": True, "coast": True
    }  # fmt: skip
    assert shown(choice) == [("compact (bundled)", True), ("Coast 1", True)]


def test_choice_is_remembered_and_given_up_where_it_is_gone(models, choice, backend, server, wait, hear) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.dock.model_choice import ModelChoice

    shared_servers().save([Server("Office", server.url, "plain")])
    assert not choice.isHidden()
    changes = []
    choice.chosen.connect(lambda: changes.append(choice.current().key))
    pick(choice, "Office")
    assert choice.current().server.model == "plain"
    later = ModelChoice(backend)
    assert later.current().key == "server:Office"
    later.dispose()
    shared_servers().save([])
    assert choice.current().key == "compact" and choice.isHidden()
    assert changes == ["server:Office", "compact"]


def test_server_that_is_renamed_stays_chosen(choice, server) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.settings.servers_box import ServersBox
    from rsvlm.rsvlm_plugin.settings.store import Settings

    shared_servers().save([Server("Home", server.url, "plain"), Server("Office", server.url, "plain")])
    pick(choice, "Office")
    changes = []
    choice.chosen.connect(lambda: changes.append(choice.current().key))
    box = ServersBox()
    box.remove_button.click()
    box._add("Third", server.url)
    for name in ("Head office", "Headquarters"):
        box.list.setCurrentRow(0)
        box.name.setText(name)
        box.name.textEdited.emit(name)
        box.apply()
        assert Settings().model == choice.current().key == f"server:{name}"
    assert changes == ["server:Head office", "server:Headquarters"]
    box.deleteLater()


def test_what_a_choice_cannot_do_is_told_with_the_reason(choice) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.dock.model_choice import Chosen

    with pytest.raises(RsvlmError, match="“Masks 1” cannot do this"):
        Chosen("masks", "Masks 1", ("segment",)).check("describe")
    Chosen("masks", "Masks 1", ("segment",)).check("segment")
    office = Server("Office", "http://127.0.0.1:1/v1", "m")
    Chosen(server=office, tasks=office.tasks).check("describe")
    with pytest.raises(RsvlmError, match="cannot do this"):
        Chosen("m", "Office · m", office.tasks, office).check("segment")
    shared_servers().save([Server("Far", "http://10.0.0.1/v1", "m"), Server("Empty", "http://127.0.0.1:1/v1")])
    assert shown(choice)[1:] == [("Far · m", False), ("Empty", False)]


@pytest.fixture
def place(qgis_new_project, qgis_canvas):
    """All of the demo's raster, and the canvas."""
    from qgis.core import QgsProject, QgsRasterLayer

    from rsvlm.rsvlm_plugin.layers.place import whole_layer

    layer = QgsRasterLayer(str(DEMO), "Village")
    QgsProject.instance().addMapLayer(layer)
    qgis_canvas.setLayers([layer])
    qgis_canvas.setDestinationCrs(layer.crs())
    qgis_canvas.setExtent(layer.extent())
    return whole_layer(layer, qgis_canvas)


def test_thumbnail_is_the_picture_that_the_server_gets(backend, choice, server, place, qgis_canvas, wait) -> None:
    import base64

    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.dock.describing import Describing
    from rsvlm.rsvlm_plugin.dock.looking import Looking

    shared_servers().save([Server("Office", server.url, "plain")])
    pick(choice, "Office")
    looking = Looking(backend, qgis_canvas, lambda: place, choice.current)
    previews, ended = [], []
    looking.looked.connect(lambda seen, preview: previews.append(preview))
    looking.resume()
    wait(lambda: previews)
    assert previews[0]["server"] == "Office" and previews[0]["crs"] == "EPSG:32632"
    run = Describing(backend, choice.current(), place, "brief")
    run.ended.connect(lambda record, error: ended.append((record, error)))
    run.start(looking.seen, qgis_canvas.mapSettings())
    wait(lambda: ended)
    record, error = ended[0]
    assert error is None and record.answer.text == TEXT and record.drawn
    assert record.answer.provenance["server"] == "Office"
    sent = server.bodies[0]["messages"][0]["content"][0]["image_url"]["url"].partition(",")[2]
    assert sent == previews[0]["thumbnail"]
    assert len(base64.b64decode(sent)) > 10_000
    assert previews[0]["gsd_m"] == pytest.approx(record.answer.provenance["gsd_m"])
    assert backend.state.kind == "stopped"  # no backend was needed for any of this
    footprint = record.footprint().boundingBox()
    assert footprint.width() == pytest.approx(place.extent.width(), abs=1)
    looking.pause()


def test_stopped_answer_of_a_server_keeps_its_words_and_its_name(
    backend, choice, server, place, qgis_canvas, wait
) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.dock.describing import Describing

    shared_servers().save([Server("Office", server.url, "slow")])
    pick(choice, "Office")
    run, words, ended = Describing(backend, choice.current(), place, "brief"), [], []
    run.words.connect(words.append)
    run.ended.connect(lambda record, error: ended.append((record, error)))
    run.start(None, qgis_canvas.mapSettings())
    wait(lambda: len(words) > 3)
    run.stop()
    wait(lambda: ended)
    answer, error = ended[0][0].answer, ended[0][1]
    assert error.code == "cancelled" and answer.partial
    assert answer.text.startswith("word0 word1") and answer.warnings[-1] == "Stopped."
    assert (answer.provenance["server"], answer.provenance["model"]) == ("Office", "served-1.0")
    assert answer.evidence[0].area_m2 > 0


def test_server_that_refuses_leaves_no_card_and_says_why(backend, choice, server, place, qgis_canvas, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.dock.describing import Describing

    shared_servers().save([Server("Office", server.url, "loading")])
    pick(choice, "Office")
    run, ended = Describing(backend, choice.current(), place, "brief"), []
    run.ended.connect(lambda record, error: ended.append((record, error)))
    run.start(None, qgis_canvas.mapSettings())
    wait(lambda: ended)
    assert ended[0][0] is None and "is loading its model" in ended[0][1].message
