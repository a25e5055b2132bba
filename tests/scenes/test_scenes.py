"""Generated scenes keep their word: the masks are the layout, the change list is what the masks differ in."""

from __future__ import annotations

from typing import Sequence, Tuple

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes

from rsvlm.trainer.scenes.change import Pair, make_pair
from rsvlm.trainer.scenes.classes import CODES, KINDS
from rsvlm.trainer.scenes.draw import Light, draw
from rsvlm.trainer.scenes.layout import Layout, Strip, Thing
from rsvlm.trainer.scenes.masks import Masks, make_masks
from rsvlm.trainer.scenes.noise import box_blur, noise

PIXELS = 1200
WHOLE = ("building", "boat", "car")  # classes that nothing may hide


@pytest.fixture(scope="module", params=(3, 36))
def pair(request: pytest.FixtureRequest) -> Pair:
    return make_pair(request.param)


@pytest.fixture(scope="module")
def masks(pair: Pair) -> Tuple[Masks, Masks]:
    return make_masks(pair.before, PIXELS), make_masks(pair.after, PIXELS)


def _covered(things: Sequence[Thing]) -> NDArray[np.bool_]:
    """(PIXELS, PIXELS): pixels whose centre lies in one of the outlines, on scenes of the default 600 m."""
    outlines = [(thing.shape, 1) for thing in things]
    return rasterize(outlines, (PIXELS, PIXELS), transform=Affine.scale(600.0 / PIXELS), dtype="uint8").astype(bool)


def test_same_seed_gives_the_same_bytes_and_another_seed_another_village() -> None:
    first, second, other = make_pair(5, 450.0), make_pair(5, 450.0), make_pair(6, 450.0)
    assert first == second
    assert first.before != other.before
    one, two = draw(first.after, 150, Light()), draw(second.after, 150, Light())
    assert one.rgb.tobytes() == two.rgb.tobytes()
    assert one.masks.instances.tobytes() == two.masks.instances.tobytes()
    assert one.gsd_m == 3.0


def test_every_house_boat_and_car_shows_exactly_its_outline(pair: Pair, masks: Tuple[Masks, Masks]) -> None:
    for layout, mask in zip((pair.before, pair.after), masks):
        for thing in layout.of(*WHOLE):
            expected = _covered([thing])
            assert expected.any()
            assert np.array_equal(mask.instances == thing.id, expected), thing


def test_count_in_the_layout_is_the_number_of_connected_regions(pair: Pair, masks: Tuple[Masks, Masks]) -> None:
    for layout, mask in zip((pair.before, pair.after), masks):
        for label in WHOLE:
            regions = shapes(np.where(mask.of(label), mask.instances, 0), mask=mask.of(label), connectivity=8)
            found = sorted(int(value) for _, value in regions)
            assert found == sorted(thing.id for thing in layout.of(label))


def test_village_is_one_that_a_captioner_would_call_dense(pair: Pair) -> None:
    assert 100 <= pair.before.count("building") <= 350
    assert pair.before.count("tree") >= 800
    assert pair.before.count("boat") >= 25
    assert pair.before.count("field") >= 3
    assert pair.before.count("water") == 1


def test_change_list_is_what_the_masks_differ_in(pair: Pair, masks: Tuple[Masks, Masks]) -> None:
    before, after = masks
    assert {change.id for change in pair.changes} == pair.before.ids() ^ pair.after.ids()
    changed = {change.id for change in pair.changes}
    touched = _covered([thing for thing in (*pair.before.things, *pair.after.things) if thing.id in changed])
    assert not (before.instances != after.instances)[~touched].any()
    assert not (before.classes != after.classes)[~touched].any()
    old, new = set(np.unique(before.instances)), set(np.unique(after.instances))
    for change in pair.changes:
        if change.label in (*WHOLE, "road", "field"):
            assert (change.id in old) == (change.action == "removed")
            assert (change.id in new) == (change.action == "added")


def test_what_changes_is_what_a_planner_would_look_for(pair: Pair) -> None:
    tally = {(c.action, c.label) for c in pair.changes}
    assert {("added", "building"), ("added", "road"), ("removed", "field"), ("removed", "tree")} <= tally
    assert {("added", "boat"), ("removed", "boat")} <= tally
    built = sum(c.action == "added" and c.label == "building" for c in pair.changes)
    felled = sum(c.action == "removed" and c.label == "tree" for c in pair.changes)
    assert built >= 8 and felled >= 15


def test_what_stays_keeps_its_id_outline_and_class(pair: Pair) -> None:
    before = {thing.id: thing for thing in pair.before.things}
    stayed = [thing for thing in pair.after.things if thing.id in before]
    assert len(stayed) > 1000
    for thing in stayed:
        assert thing.shape == before[thing.id].shape
        assert KINDS[thing.kind] == KINDS[before[thing.id].kind]


def test_new_street_meets_an_old_one(pair: Pair) -> None:
    new = {change.id for change in pair.changes if (change.action, change.label) == ("added", "road")}
    old_roads = shapely.union_all([thing.shape for thing in pair.before.of("road")])
    streets = [thing for thing in pair.after.of("road") if thing.id in new]
    assert len(streets) == 1
    assert streets[0].shape.intersects(old_roads)


def test_boats_float_and_houses_stand_on_dry_land(pair: Pair) -> None:
    water = shapely.union_all([thing.shape for thing in pair.after.of("water")])
    reeds = shapely.union_all([thing.shape for thing in pair.after.things if thing.style == "reed"])
    lake = water.union(reeds.buffer(0.1))
    assert all(thing.shape.difference(lake).area < 0.2 * thing.shape.area for thing in pair.after.of("boat"))
    assert not any(thing.shape.intersects(water) for thing in pair.after.of("building", "car", "field"))


def test_boxes_enclose_the_instances(pair: Pair, masks: Tuple[Masks, Masks]) -> None:
    boxes = masks[0].boxes("boat")
    assert sorted(boxes) == sorted(thing.id for thing in pair.before.of("boat"))
    for number, (x0, y0, x1, y1) in boxes.items():
        rows, cols = np.nonzero(masks[0].instances == number)
        assert (x0, y0, x1, y1) == (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)
    assert masks[0].boxes("unlabelled") == {}


def _one_house() -> Layout:
    strip = Strip(shapely.LineString([(25, 30), (35, 30)]), 10.0)
    house = Thing(7, "building", shapely.box(25, 25, 35, 35), "clay-gable", (strip,), 6.0)
    return Layout(60.0, 1, ()).with_things([house])


def test_shadow_falls_away_from_the_sun() -> None:
    morning = draw(_one_house(), 120, Light(azimuth=90.0, elevation=45.0, grain=0.0)).rgb.mean(axis=2)
    west, east = morning[52:68, 40:48].mean(), morning[52:68, 72:80].mean()
    assert west < 0.75 * east
    evening = draw(_one_house(), 120, Light(azimuth=270.0, elevation=45.0, grain=0.0)).rgb.mean(axis=2)
    assert evening[52:68, 72:80].mean() < 0.75 * evening[52:68, 40:48].mean()


def test_roof_slope_that_faces_the_sun_is_the_brighter_one() -> None:
    rgb = draw(_one_house(), 120, Light(azimuth=180.0, elevation=45.0, grain=0.0)).rgb.mean(axis=2)
    north, south = rgb[51:58, 52:68].mean(), rgb[62:69, 52:68].mean()
    assert south > 1.3 * north


def test_masks_of_one_house_count_its_square_metres() -> None:
    masks = make_masks(_one_house(), 120)
    assert (masks.instances == 7).sum() * 0.25 == 100.0
    assert masks.classes[60, 60] == CODES["building"]
    assert masks.classes[0, 0] == CODES["grass"]


def test_noise_has_unit_deviation_and_blur_keeps_the_mean() -> None:
    field = noise(np.random.default_rng(0), (200, 300), 40.0)
    assert field.shape == (200, 300)
    assert abs(field.mean()) < 1e-3 and abs(field.std() - 1) < 1e-3
    assert abs(float(np.abs(np.diff(field, axis=0)).mean()) - float(np.abs(np.diff(field, axis=1)).mean())) < 0.02
    ramp = np.tile(np.arange(9, dtype=np.float32), (9, 1))
    assert np.allclose(box_blur(ramp, 1)[4, 1:-1], ramp[4, 1:-1])
