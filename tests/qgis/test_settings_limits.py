"""What the backend may take and reach is shown, kept and handed to it as the user set it."""

from __future__ import annotations

import pytest


@pytest.fixture
def box(qgis_app):
    from qgis.core import QgsSettings

    from rsvlm.rsvlm_plugin.settings.limits_box import LimitsBox

    QgsSettings().remove("rsvlm")
    widget = LimitsBox()
    yield widget
    widget.deleteLater()
    QgsSettings().remove("rsvlm")


def test_nothing_set_is_shown_in_words_and_changes_nothing(box) -> None:
    from rsvlm.rsvlm_plugin.settings.store import Settings

    assert (box.keep_alive.text(), box.memory.text(), box.cache.text()) == ("10 min", "As Much as Is Free", "256 MB")
    assert box.apply() is False
    assert Settings().variables() == {}


def test_what_is_set_reaches_the_backend_and_is_shown_again(box) -> None:
    from rsvlm.rsvlm_plugin.settings.limits_box import LimitsBox
    from rsvlm.rsvlm_plugin.settings.store import Settings

    box.keep_alive.setValue(-1)
    box.memory.setValue(1.5)
    box.cache.setValue(0)
    box.hosts.setText("https://data.example.org/x tiles.example.org")
    box.models.setFilePath("/srv/models")
    box.mirror.setText("https://mirror.example.org/")
    assert box.apply() is True
    assert Settings().variables() == {
        "RSVLM_KEEP_ALIVE": "-1",
        "RSVLM_MEMORY": "1610612736",
        "RSVLM_CACHE": "0",
        "RSVLM_ALLOWED_HOSTS": "data.example.org,tiles.example.org",
        "RSVLM_MODELS": "/srv/models",
        "RSVLM_MIRROR": "https://mirror.example.org",
    }
    again = LimitsBox()
    assert (again.keep_alive.text(), again.memory.value()) == ("Until QGIS Is Closed", 1.5)
    assert again.hosts.text() == "data.example.org, tiles.example.org"
    assert again.apply() is False
    again.deleteLater()
