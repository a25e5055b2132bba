"""The servers' tab keeps what it shows, keeps keys apart, and its Test really asks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("openai_server", Path(__file__).with_name("openai_server.py"))
double = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(double)


@pytest.fixture
def server():
    running = double.OpenAiServer(wants_key=True)
    yield running
    running.stop()


@pytest.fixture
def box(qgis_app):
    from qgis.core import QgsApplication, QgsSettings

    from rsvlm.rsvlm_plugin.settings.servers_box import ServersBox

    if QgsApplication.authManager().isDisabled():
        pytest.skip("this QGIS has no authentication manager")
    QgsApplication.authManager().setMasterPassword("test", True)
    QgsSettings().remove("rsvlm")
    made = ServersBox()
    made.show()
    yield made
    made.deleteLater()
    QgsSettings().remove("rsvlm")


def type_key(box, key: str) -> None:
    box.key.setText(key)
    box.key.textEdited.emit(key)


def test_server_is_kept_with_its_key_in_the_authentication_manager(box, server) -> None:
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.client.server import shared_servers
    from rsvlm.rsvlm_plugin.client.server_key import read_key
    from rsvlm.rsvlm_plugin.settings.servers_box import ServersBox

    box._add("Office", server.url)
    type_key(box, double.KEY)
    box.model.setEditText("plain")
    assert shared_servers().load() == []
    assert box.apply() is False
    kept = shared_servers().load()[0]
    assert (kept.name, kept.url, kept.model) == ("Office", server.url, "plain")
    assert read_key(kept.authcfg, "Office") == double.KEY
    again = ServersBox()
    assert again.key.text() == "" and "Kept" in again.key.placeholderText()
    again.remove_button.click()
    again.apply()
    assert shared_servers().load() == [] and kept.authcfg not in QgsApplication.authManager().configIds()
    again.deleteLater()


def test_key_can_be_forgotten_without_the_server(box, server) -> None:
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.client.server import shared_servers

    box._add("Office", server.url)
    type_key(box, double.KEY)
    box.apply()
    authcfg = shared_servers().load()[0].authcfg
    box._show_server()
    box.forget_button.click()
    box.apply()
    assert shared_servers().load()[0].authcfg == ""
    assert authcfg not in QgsApplication.authManager().configIds()


def test_models_are_asked_for_and_test_sends_a_picture_with_the_typed_key(box, server, wait) -> None:
    box._add("Office", server.url)
    type_key(box, double.KEY)
    box.models_button.click()
    wait(lambda: box.model.count() > 5)
    assert box._server().model == box.model.itemText(0) == "green"
    box.test_button.click()
    wait(lambda: "answered after" in box.note.text())
    assert box.note.text().endswith("Green.")
    assert server.bodies[0]["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    box.model.setEditText("plain")
    box.test_button.click()
    wait(lambda: "does not seem to see" in box.note.text())


def test_test_without_a_model_takes_the_first_one(box, server, wait) -> None:
    box._add("Office", server.url)
    type_key(box, double.KEY)
    box.test_button.click()
    wait(lambda: "“green” answered after" in box.note.text())


def test_refused_key_is_said_and_the_buttons_work_again(box, server, wait) -> None:
    box._add("Office", server.url)
    type_key(box, "sk-wrong")
    box.models_button.click()
    wait(lambda: "does not accept the key" in box.note.text())
    assert box.test_button.isEnabled() and box.stop_button.isHidden()


def test_test_can_be_stopped(box, server, wait) -> None:
    box._add("Office", server.url)
    type_key(box, double.KEY)
    box.model.setEditText("slow")
    box.test_button.click()
    wait(lambda: server.bodies)
    box.stop_button.click()
    assert box.note.text() == "Stopped."
    wait(server.hung_up.is_set)


def test_pictures_for_another_computer_are_allowed_host_by_host(box) -> None:
    from rsvlm.rsvlm_plugin.client.server import shared_servers

    box._add("Far", "http://10.1.2.3:8000/v1")
    assert not box.allow.isHidden() and "10.1.2.3" in box.allow.text() and not box.allow.isChecked()
    assert not box.unencrypted.isHidden()
    box.allow.click()
    box.apply()
    assert shared_servers().load()[0].allowed_host == "10.1.2.3"
    box.url.setText("https://api.example.org")
    box.url.editingFinished.emit()
    assert box.url.text() == "https://api.example.org/v1"
    assert not box.allow.isChecked() and box.unencrypted.isHidden()
    box.url.setText("127.0.0.1:11434")
    box.url.editingFinished.emit()
    assert box.allow.isHidden()


def test_two_servers_never_have_one_name(box) -> None:
    box._add("Ollama", "http://127.0.0.1:11434/v1")
    box._add("Ollama", "http://127.0.0.1:11435/v1")
    assert [server.name for server in box._servers] == ["Ollama", "Ollama 2"]
    box.name.setText("Ollama")
    box.name.textEdited.emit("Ollama")
    assert box._servers[1].name == "Ollama 2"


def test_url_that_was_typed_is_taken_by_a_button_that_leaves_the_focus_in_it(box, server, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import shared_servers

    box._add("Office", "")
    box.url.setText("127.0.0.1:8000")
    box._add("Another", "")
    assert [made.url for made in box._servers] == ["http://127.0.0.1:8000/v1", ""]
    type_key(box, double.KEY)
    box.url.setText(server.url)
    box.models_button.click()
    wait(lambda: box.model.count() > 5)
    box._change(url="")
    box.test_button.click()
    wait(lambda: "answered after" in box.note.text())
    box.url.setText("localhost:1")
    box.apply()
    assert shared_servers().load()[1].url == "http://localhost:1/v1"
