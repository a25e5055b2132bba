"""The options page shows, keeps and checks what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

STAND_IN = Path(__file__).with_name("misbehaving_backend.py")


@pytest.fixture
def clean(qgis_app, monkeypatch):
    """No settings, before and after; no variable that stands above them."""
    from qgis.core import QgsSettings

    monkeypatch.delenv("RSVLM_PYTHON", raising=False)
    QgsSettings().remove("rsvlm")
    yield
    QgsSettings().remove("rsvlm")


@pytest.fixture
def page(clean):
    from rsvlm.rsvlm_plugin.settings.options import RsvlmOptionsFactory

    factory = RsvlmOptionsFactory()
    widget = factory.createWidget(None)
    yield widget
    widget.deleteLater()


def test_settings_have_defaults_and_refuse_what_they_do_not_know(clean) -> None:
    from qgis.core import QgsSettings

    from rsvlm.rsvlm_plugin.settings.store import Settings

    settings = Settings()
    assert (settings.python, settings.device, settings.style, settings.wheelhouse) == ("", "auto", "brief", "")
    QgsSettings().setValue("rsvlm/backend/device", "abacus")
    assert settings.device == "auto"


def test_apply_keeps_what_the_page_shows(page) -> None:
    from rsvlm.rsvlm_plugin.settings.store import Settings

    page.environment.python.setFilePath("/opt/python")
    page.environment.device.setCurrentIndex(1)
    page.environment.wheelhouse.setFilePath("/media/wheels")
    assert Settings().python == ""
    page.apply()
    settings = Settings()
    assert (settings.python, settings.device) == ("/opt/python", "cpu")
    assert settings.wheelhouse == "/media/wheels"


def test_check_of_a_python_that_is_not_there_says_so(page) -> None:
    page.environment.python.setFilePath("/nowhere/python")
    page.environment.check_button.click()
    assert "/nowhere/python, which does not exist" in page.environment.note.text()
    assert page.environment.check_button.isEnabled()


def test_page_is_built_and_told_of_a_folder_that_the_system_refuses(page) -> None:
    page.environment.folder.setFilePath(f"/{'x' * 300}/env")
    page.environment.python.setFilePath("~nobody-of-this-name/python")
    page.environment.check_button.click()
    assert "which does not exist" in page.environment.note.text()


def test_check_shows_what_a_broken_backend_said(page, wait, monkeypatch) -> None:
    monkeypatch.setenv("RSVLM_MISBEHAVE", "fails to start")
    monkeypatch.setenv("RSVLM_TEST_PROTOCOL", "1")
    page.environment.python.setFilePath(str(STAND_IN))
    page.environment.check_button.click()
    assert not page.environment.check_button.isEnabled()
    wait(page.environment.check_button.isEnabled)
    assert "not in order" in page.environment.note.text()
    assert "libfoo.so.1" in page.environment.report.toPlainText()


def test_install_is_offered_only_where_it_would_be_used(page) -> None:
    page.environment.python.setFilePath("/opt/python")
    page.environment._set_busy(False, "")
    assert not page.environment.install_button.isEnabled()
    assert "Another Python is in use" in page.environment.install_button.toolTip()


def test_what_will_be_installed_is_told_before_the_start(page, monkeypatch, tmp_path) -> None:
    box = page.environment
    box.folder.setFilePath(str(tmp_path / "env"))
    box.torch.setCurrentIndex(box.torch.findData("cpu"))
    assert box.summary.text().startswith("Downloads about 0.4 GB with ")
    assert "torch for processor (CPU). You chose the processor. Needs 2.5 GB of disk" in box.summary.text()
    box._on_cards(b"NVIDIA RTX A2000, 581.12, 8.6\n")
    box.torch.setCurrentIndex(box.torch.findData("auto"))
    assert "torch for NVIDIA graphics (CUDA 13.0). The graphics card is NVIDIA RTX A2000." in box.summary.text()
    box.wheelhouse.setFilePath(str(tmp_path))
    assert box.summary.text().startswith("Installs what is in the folder with wheels")
    assert "filled as the README says" in box.wheelhouse.toolTip() and "make" not in box.wheelhouse.toolTip()


def test_button_says_what_a_press_would_do(page, monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import BEGUN, MARK

    box = page.environment
    box.folder.setFilePath(str(tmp_path))
    said = [box.install_button.text()]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("")
    for mark in (BEGUN, box.plan().stamp(), "older"):
        (tmp_path / MARK).write_text(mark)
        box._changed()
        said.append(box.install_button.text())
    assert said == ["Set Up Backend", "Go On Setting Up", "Try Backend", "Update Backend"]


def test_nothing_is_set_up_before_the_graphics_card_is_known(clean, wait, monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.settings import environment_box
    from rsvlm.rsvlm_plugin.settings.options import RsvlmOptionsFactory

    monkeypatch.setattr(
        environment_box, "is_installable", lambda _setting: True
    )  # a checkout has an environment already
    answer, program = tmp_path / "answer", tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nwhile [ ! -f '{answer}' ]; do sleep 0.05; done\necho 'Card, 580.10, 9.0'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    factory = RsvlmOptionsFactory()
    page = factory.createWidget(None)
    box = page.environment
    assert not box.install_button.isEnabled() and box.summary.text() == "Looking for a graphics card"
    answer.touch()
    wait(box.install_button.isEnabled)
    assert "The graphics card is Card." in box.summary.text() and "CUDA" in box.summary.text()
    page.deleteLater()


def test_setup_from_the_page_shows_the_log_what_failed_and_copies_it(page, wait, monkeypatch, tmp_path) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    box = page.environment
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "cat.jpg").write_text("meow")
    box.folder.setFilePath(str(tmp_path / "theirs"))
    box.install_button.setEnabled(True)
    box.install_button.click()
    assert box.note.text().startswith(f"The folder {tmp_path / 'theirs'} holds something else. Choose an empty folder")
    assert box.stop_button.isHidden()
    box.report.setPlainText("last words")
    box._changed()
    box.copy_button.click()
    assert QApplication.clipboard().text() == f"{box.note.text()}\n\nlast words"


def test_page_is_no_wider_than_the_options_of_qgis_want(page) -> None:
    page.adjustSize()
    assert page.minimumSizeHint().width() <= 580


def test_setup_ends_with_the_plugin_and_its_log_is_there_when_the_page_is_opened_again(clean, wait, tmp_path) -> None:
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.environment.recipe import Plan
    from rsvlm.rsvlm_plugin.environment.torch_build import choose
    from rsvlm.rsvlm_plugin.settings.options import RsvlmOptionsFactory

    factory = RsvlmOptionsFactory()
    plan = Plan(tmp_path / "env", choose("cpu", None, "linux"), str(tmp_path))
    installation = factory.install(plan)
    installation.start()
    wait(lambda: "— Making the environment" in installation.log, 30)
    assert factory.installation is installation
    factory.dispose()
    assert factory.installation is None and installation.error.code == "cancelled"
    assert [path.name for path in tmp_path.iterdir()] == ["env"]
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    page = factory.createWidget(None)
    assert "— Making the environment" in page.environment.report.toPlainText()
    assert page.environment.note.text() == "The setup was stopped. The next one takes up what is done."
    page.deleteLater()
