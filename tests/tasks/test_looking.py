"""Tiles are pictures of what is there; gaps show no shapes, and the ground is measured."""

from __future__ import annotations

import numpy as np
import pytest

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import get_card
from rsvlm.protocol import Raster, RsvlmError, Watch
from rsvlm.tasks.looking import look, picture, seen, wanted_share
from rsvlm.tasks.plan import make_plan


def test_gaps_are_filled_with_the_mean_colour_of_the_rest(write):
    pixels = np.zeros((3, 128, 128), np.uint8)
    pixels[:, :, :32] = np.array([40, 80, 120])[:, None, None]
    pixels[:, :, 32:64] = np.array([60, 100, 200])[:, None, None]
    with Scene.open(Raster(href=write(pixels, nodata=0))) as scene:
        view = scene.view(scene.extent, (128, 128))
        seen, plain = picture(view), view.rgb()
    assert not view.valid[:, 64:].any() and view.valid[:, :64].all()
    np.testing.assert_array_equal(seen[:, :64], plain[:, :64])
    assert (seen[:, 64:] == seen[0, 127]).all(), "one colour"
    np.testing.assert_allclose(seen[0, 127], plain[:, :64].mean(axis=(0, 1)), atol=0.6)


def test_whole_and_empty_views_are_left_as_they_are(write):
    for value in (0, 90):
        with Scene.open(Raster(href=write(np.full((3, 64, 64), value, np.uint8), f"{value}.tif", nodata=0))) as scene:
            view = scene.view(scene.extent, (64, 64))
            np.testing.assert_array_equal(picture(view), view.rgb())


def test_tiles_that_show_nothing_are_passed_over_and_the_others_know_their_place(write):
    pixels = np.full((3, 300, 300), 90, np.uint8)
    pixels[:, :, 150:] = 0
    with Scene.open(Raster(href=write(pixels, nodata=0))) as scene:
        plan = make_plan(scene, get_card(None), "detailed")
        tiles = list(look(scene, plan))
    assert (plan.columns, plan.rows) == (2, 2)
    assert [tile.index for tile in tiles] == [0, 2], "the western half, row by row"
    assert [tile.view.extent for tile in tiles] == [plan.tiles[0], plan.tiles[2]]
    for tile in tiles:
        assert tile.picture.shape == (128, 128, 3) and tile.picture.dtype == np.uint8
        assert tile.weight == tile.area_m2 == pytest.approx(150 * 150, rel=2e-3)


def test_share_of_an_area_is_what_it_covers_of_its_extent(write):
    path = write(np.full((3, 100, 100), 90, np.uint8))
    triangle = [[500000, 5499900], [500100, 5499900], [500000, 5500000], [500000, 5499900]]
    for area, share in ((None, 1.0), ({"type": "Polygon", "coordinates": [triangle]}, 0.5)):
        with Scene.open(Raster(href=path, area=area)) as scene:
            assert wanted_share(scene) == pytest.approx(share)


def test_narrow_polygon_is_still_looked_at(write):
    """A diagonal strip covers two hundredths of its own extent, but it is all that was asked for."""
    path = write(np.full((3, 400, 400), 90, np.uint8))
    strip = [[500000, 5499600], [500006, 5499600], [500400, 5499994], [500400, 5500000], [500394, 5500000],
             [500000, 5499606], [500000, 5499600]]  # fmt: skip
    with Scene.open(Raster(href=path, area={"type": "Polygon", "coordinates": [strip]})) as scene:
        tiles = list(look(scene, make_plan(scene, get_card(None), "brief")))
    assert len(tiles) == 1 and tiles[0].view.valid_share < 0.1
    assert tiles[0].area_m2 == pytest.approx(400**2 - 394**2, rel=0.3)


def test_area_narrower_than_the_pixels_it_is_seen_in_is_told_as_such(write):
    """Its pixels are all valid: that the rest is nodata would be untrue."""
    path = write(np.full((3, 600, 600), 90, np.uint8))
    line = [[500000, 5499600.3], [500600, 5499600.3], [500600, 5499600.9], [500000, 5499600.9], [500000, 5499600.3]]
    far = [[500300, 5499400], [500300.1, 5499400], [500300.1, 5499400.1], [500300, 5499400.1], [500300, 5499400]]
    narrow = Raster(href=path, area={"type": "MultiPolygon", "coordinates": [[line], [far]]})
    empty = Raster(href=write(np.zeros((3, 60, 60), np.uint8), "empty.tif", nodata=0))
    for raster, doubt, hint in (
        (narrow, ", or the area is narrower than a pixel of the view.", "Choose a wider area"),
        (empty, "the rest is nodata.", "Choose an extent"),
    ):
        with Scene.open(raster) as scene, pytest.raises(RsvlmError) as told:
            seen(scene, make_plan(scene, get_card(None), "brief"), Watch())
        assert told.value.code == "no_data" and told.value.message.endswith(doubt)
        assert (told.value.hint or "").startswith(hint)
