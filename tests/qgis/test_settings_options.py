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


def test_report_of_the_check_is_read_line_by_line_with_problems_first() -> None:
    from rsvlm.rsvlm_plugin.environment.check import readable

    report = (
        '{"python": "3.11", "packages": {"torch": "2.13", "onnx": null}, "models": ["a", "b"], "problems": ["No."]}'
    )
    wanted = ["No.", "python: 3.11", "packages torch: 2.13", "packages onnx: not available", "models: a, b"]
    assert readable(f"loading\n{report}\n").splitlines() == wanted
    assert readable("ImportError: libfoo") == "ImportError: libfoo"


def test_page_is_no_wider_than_the_options_of_qgis_want(page) -> None:
    page.adjustSize()
    assert page.minimumSizeHint().width() <= 580
