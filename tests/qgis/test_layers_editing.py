"""Masks are cut again and rejected in steps that can be undone; the file changes when the user says so."""

from __future__ import annotations

import pytest
from found_record import BOTTOM, LEFT, record
from osgeo import ogr
from qgis.core import QgsPointXY


def count_in(file: str) -> int:
    source = ogr.Open(file)
    return source.GetLayerByName("masks").GetFeatureCount()


def test_another_cut_takes_the_place_of_all_features_in_one_step(written):
    from rsvlm.rsvlm_plugin.layers.editing import replace_features

    made, layer = written
    again = record(7)
    again.file = made.file
    replace_features(layer, again, "Threshold 0.3")
    assert layer.featureCount() == 8 and layer.undoStack().undoText() == "Threshold 0.3"
    assert [item.label() for item in layer.renderer().categories()] == ["buildings", "lake", "other"]
    assert count_in(made.file) == 4
    layer.undoStack().undo()
    assert layer.featureCount() == 4
    layer.undoStack().redo()
    assert layer.commitChanges(), layer.commitErrors()
    assert count_in(made.file) == 8


def test_a_click_rejects_the_smallest_feature_there_and_undo_brings_it_back(written):
    from rsvlm.rsvlm_plugin.layers.editing import reject_at

    _made, layer = written
    inside = QgsPointXY(LEFT + 27, BOTTOM + 7)
    assert reject_at(layer, inside, 0.5)
    assert layer.featureCount() == 3 and layer.undoStack().undoText() == "Reject feature"
    left = sorted(item.geometry().boundingBox().xMinimum() for item in layer.getFeatures("\"label\" = 'buildings'"))
    assert left == [LEFT, LEFT + 40]
    layer.undoStack().undo()
    assert layer.featureCount() == 4
    layer.rollBack()


def test_a_click_beside_everything_changes_nothing(written):
    from rsvlm.rsvlm_plugin.layers.editing import reject_at

    _made, layer = written
    assert not reject_at(layer, QgsPointXY(LEFT + 400, BOTTOM + 400), 0.5)
    assert not layer.isEditable()


def test_a_layer_that_cannot_be_edited_says_so(written):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.editing import reject_at

    _made, layer = written
    layer.setReadOnly(True)
    with pytest.raises(RsvlmError) as caught:
        reject_at(layer, QgsPointXY(LEFT + 7, BOTTOM + 7), 0.5)
    assert "cannot be edited" in caught.value.message and layer.featureCount() == 4
