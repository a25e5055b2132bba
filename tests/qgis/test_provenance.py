"""What is said of how an answer came to be is in words, not in the protocol's keys."""

from __future__ import annotations


def test_stretch_and_stages_are_said_in_words(qgis_app):
    from rsvlm.protocol import Answer
    from rsvlm.rsvlm_plugin.dock.provenance import rows
    from rsvlm.rsvlm_plugin.layers.record import Record

    stretch = {"bands": [4, 2], "lo": [0.0, 120.5], "hi": [255.0, 2310.4], "method": "percentiles 2 to 98"}
    timings = {"read": 0.21, "model": 0.69, "total": 0.9}
    answer = Answer("A field.", [], {"model": "compact", "stretch": stretch}, timings)
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    said = dict(rows(Record("ortho", "brief", {"type": "Polygon", "coordinates": [ring]}, None, False, answer)))
    assert said["Stretch"] == "band 4: 0 to 255, band 2: 120.5 to 2,310.4"
    assert said["CRS"] == "no CRS"
    assert said["Time taken"] == "reading 0.2 s, model 0.7 s, in all 0.9 s"
