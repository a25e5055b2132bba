"""The list of layers and groups follows the layer tree."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from rsvlm.protocol import RsvlmError


def test_two_groups_of_one_name_are_told_apart(qgis_new_project):
    from rsvlm.rsvlm_plugin.dock.layer_choice import LayerChoice

    root = QgsProject.instance().layerTreeRoot()
    groups = [root.addGroup("2025"), root.addGroup("2025"), root.addGroup("All").addGroup("2025")]
    for number, group in enumerate(groups):
        layer = QgsVectorLayer("Polygon?crs=EPSG:32632", f"fields {number}", "memory")
        QgsProject.instance().addMapLayer(layer, False)
        group.addLayer(layer)
    choice = LayerChoice()
    found = []
    for index in range(choice.count()):
        choice.setCurrentIndex(index)
        node = choice.node()
        found.append(node.name() if isinstance(node, QgsVectorLayer) else [item.name() for item in node.findLayers()])
    assert found == [
        ["fields 0"], "fields 0", ["fields 1"], "fields 1", ["fields 2"], ["fields 2"], "fields 2",
    ]  # fmt: skip
    choice.setCurrentIndex(2)
    choice.refill()
    assert choice.currentIndex() == 2
    choice.dispose()


def test_layer_that_shows_nothing_is_refused_and_the_choice_stays(qgis_new_project):
    from rsvlm.rsvlm_plugin.dock.layer_choice import LayerChoice

    fields, table = (
        QgsVectorLayer("Polygon?crs=EPSG:32632", "fields", "memory"),
        QgsVectorLayer("None", "prices", "memory"),
    )
    QgsProject.instance().addMapLayers([fields, table])
    choice = LayerChoice()
    with pytest.raises(RsvlmError, match="prices"):
        choice.choose_layer(table)
    assert choice.node() is fields
    choice.dispose()
