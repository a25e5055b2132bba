"""Masks are rejected and added in steps that can be undone; the file changes when the user says so."""

from __future__ import annotations

import pytest
from found_record import BOTTOM, LEFT, count_in, record, square
from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle


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


def added(made, layer, phrase: str, x: float, y: float, side: float, at, phrases=("buildings", "the lake")) -> bool:
    """Whether a square of a phrase was added, by a click at `at`; places from (LEFT, BOTTOM)."""
    from dataclasses import replace

    from rsvlm.protocol import Evidence
    from rsvlm.rsvlm_plugin.layers.editing import add_part

    label = {"the lake": "lake"}.get(phrase, phrase)
    found = Evidence(
        "mask", square(LEFT + x, BOTTOM + y, side), label, 0.4, side**2, phrase=phrase, perimeter_m=4 * side
    )
    clicked = replace(made, answer=replace(made.answer, evidence=[found]))
    return add_part(layer, clicked, QgsPointXY(LEFT + at[0], BOTTOM + at[1]), list(phrases))


def rows(layer) -> list:
    """What is in the layer: phrase, geometry, and what is told of it, from the left."""
    items = sorted(layer.getFeatures(), key=lambda item: item.geometry().boundingBox().xMinimum())
    return [
        (item["phrase"], item.geometry().asWkt(2), item["score"], item["area_m2"], item["perimeter_m"])
        for item in items
    ]


def test_a_part_that_touches_nothing_is_a_new_feature_like_the_others(written):
    made, layer = written
    before = rows(layer)
    assert added(made, layer, "buildings", 200, 0, 10, (205, 5))
    assert layer.featureCount() == 5 and layer.undoStack().undoText() == "Add feature"
    (new,) = [item for item in layer.getFeatures() if item["perimeter_m"] < 45]
    assert (new["label"], new["kind"], new["count"], new["model"], new["source"]) == (
        "buildings", "mask", 1, "geopix", "ortho"
    )  # fmt: skip
    assert new["score"] == 0.4 and new["acquired"] == "2024-05-31"
    scale = 0.9996  # of UTM in the middle of a zone
    assert new["area_m2"] == pytest.approx(100 / scale**2, rel=1e-4)
    assert new["perimeter_m"] == pytest.approx(40 / scale, rel=1e-4)
    layer.undoStack().undo()
    assert rows(layer) == before and count_in(made.file) == 4
    layer.undoStack().redo()
    assert layer.commitChanges(), layer.commitErrors()
    assert count_in(made.file) == 5


def test_a_part_joins_all_features_of_its_phrase_that_it_touches(written):
    made, layer = written
    before = rows(layer)
    assert added(made, layer, "buildings", 10, 0, 15, (17, 5))  # from the first building into the second
    assert layer.featureCount() == 3 and layer.undoStack().undoText() == "Grow feature"
    (grown,) = [item for item in layer.getFeatures() if item.geometry().area() > 500 and item["phrase"] == "buildings"]
    assert grown.geometry().area() == pytest.approx(35 * 15) and grown.geometry().boundingBox().width() == 35
    assert grown["area_m2"] == pytest.approx(35 * 15 / 0.9996**2, rel=1e-4)
    assert grown["score"] == pytest.approx((225 * 0.5 + 225 * 0.6 + 75 * 0.4) / 525)
    layer.undoStack().undo()
    assert rows(layer) == before
    layer.rollBack()


def test_who_outlined_what_a_feature_has_grown_by_is_told_with_who_outlined_the_rest(written):
    made, layer = written
    made.answer.provenance |= {"model": "sam2", "revision": "s7"}
    assert added(made, layer, "buildings", 10, 0, 8, (17, 5))
    (grown,) = [item for item in layer.getFeatures() if "sam2" in item["model"]]
    assert (grown["model"], grown["revision"]) == ("geopix, sam2", "r1, s7")
    assert added(made, layer, "buildings", 14, 0, 12, (17, 5))
    (grown,) = [item for item in layer.getFeatures() if "sam2" in item["model"]]
    assert (grown["model"], grown["revision"]) == ("geopix, sam2", "r1, s7")
    layer.rollBack()


def test_what_lies_behind_another_phrase_is_not_joined(written):
    made, layer = written
    assert added(made, layer, "buildings", 200, 40, 10, (205, 45))
    river = next(layer.getFeatures("\"phrase\" = 'the lake'"))
    layer.changeGeometry(
        river.id(), QgsGeometry.fromRect(QgsRectangle(LEFT + 190, BOTTOM + 20, LEFT + 270, BOTTOM + 25))
    )
    assert added(made, layer, "buildings", 200, 0, 60, (205, 5))  # on both banks
    assert layer.featureCount() == 6
    new = next(item for item in layer.getFeatures() if item.geometry().contains(QgsPointXY(LEFT + 205, BOTTOM + 5)))
    assert new.geometry().boundingBox() == QgsRectangle(LEFT + 200, BOTTOM, LEFT + 260, BOTTOM + 20)
    layer.rollBack()


def test_what_is_there_already_changes_nothing(written):
    made, layer = written
    assert not added(made, layer, "buildings", 0, 0, 15, (7, 7))
    assert not layer.isEditable()


def test_other_phrases_keep_what_they_hold_unless_the_click_is_in_it(written):
    made, layer = written
    assert added(made, layer, "buildings", 40, 90, 40, (70, 95))  # reaches 30 m up into the lake, 20 m wide
    new = next(item for item in layer.getFeatures() if item.geometry().contains(QgsPointXY(LEFT + 70, BOTTOM + 95)))
    assert new.geometry().area() == pytest.approx(1600 - 600) and new["phrase"] == "buildings"
    lake = next(layer.getFeatures("\"phrase\" = 'the lake'"))
    assert lake.geometry().area() == 3600 and lake.geometry().intersection(new.geometry()).area() == 0
    layer.undoStack().undo()
    assert added(made, layer, "buildings", 40, 90, 40, (50, 110))
    new = next(item for item in layer.getFeatures() if item.geometry().contains(QgsPointXY(LEFT + 50, BOTTOM + 110)))
    lake = next(layer.getFeatures("\"phrase\" = 'the lake'"))
    assert new.geometry().area() == pytest.approx(1600) and new["phrase"] == "buildings"
    assert lake.geometry().area() == pytest.approx(3000)
    assert lake["area_m2"] == pytest.approx(3000 / 0.9996**2, rel=1e-4) and lake["score"] == 0.9
    layer.undoStack().undo()
    assert added(made, layer, "buildings", 40, 90, 40, (50, 110), ["buildings"])  # of a search of its own: may overlap
    assert next(layer.getFeatures("\"phrase\" = 'the lake'")).geometry().area() == 3600
    layer.undoStack().undo()
    layer.rollBack()


def test_a_feature_that_is_all_taken_is_gone(written):
    made, layer = written
    assert added(made, layer, "the lake", 38, -2, 20, (45, 5))
    assert layer.featureCount() == 4
    assert [item["phrase"] for item in layer.getFeatures()].count("buildings") == 2
    layer.undoStack().undo()
    assert [item["phrase"] for item in layer.getFeatures()].count("buildings") == 3
    layer.rollBack()


def test_the_phrase_of_the_nearest_feature_is_meant(written):
    from rsvlm.rsvlm_plugin.layers.found_group import nearest_phrase

    _made, layer = written
    both = ["buildings", "the lake"]
    near = {(5, 30): "buildings", (5, 80): "the lake", (5000, 9000): "the lake", (3000, -200): "buildings"}
    for (x, y), phrase in near.items():
        assert nearest_phrase(layer, QgsPointXY(LEFT + x, BOTTOM + y), both) == phrase
    assert nearest_phrase(layer, QgsPointXY(LEFT + 5, BOTTOM + 30), ["the lake"]) == "the lake"
    assert nearest_phrase(layer, QgsPointXY(LEFT + 5, BOTTOM + 30), ["ships"]) is None
    layer.startEditing()
    layer.deleteFeatures(layer.allFeatureIds())
    assert nearest_phrase(layer, QgsPointXY(LEFT + 5, BOTTOM + 30), both) is None
    layer.rollBack()


def test_a_click_on_a_picture_without_a_place_is_meant_in_its_pixels(qgis_app):
    made = record(crs=None)
    made.answer.provenance["extent"] = [0, 0, 300, 200]  # pixels, laid over an outline of 600 x 600
    geometry = made.placed({"type": "Point", "coordinates": [30, 20]})
    assert geometry.asPoint() == QgsPointXY(LEFT + 60, BOTTOM + 540)
    assert made.unplaced(geometry.asPoint()) == pytest.approx((30, 20))
    assert record().unplaced(QgsPointXY(LEFT + 3, BOTTOM + 4)) == (LEFT + 3, BOTTOM + 4)
