"""Rasters of any size, shape and kind become features: whole over tiles, in the right place, of the right size, without overlap.

By a model that goes by brightness alone, so that what is right is known.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from PIL import Image
from pyproj import Geod, Transformer
from rasterio.crs import CRS
from rasterio.transform import from_origin
from shapely.geometry import shape

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import Calibration
from rsvlm.protocol import Answer, Cancelled, GroundRequest, Raster, RsvlmError, SegmentRequest, Watch
from rsvlm.tasks import TASKS, checks
from rsvlm.tasks.layout import Tiles
from rsvlm.tasks.outlines import speck_m2
from rsvlm.tasks.phrases import WIDER
from rsvlm.tasks.searching import Pace, Search
from rsvlm.tasks.sights import seer_of

Write = Callable[..., str]
LIGHT, DARK = 220, 30


def drawn(inside: np.ndarray, count: int = 3, dtype: str = "uint8", scale: float = 1) -> np.ndarray:
    """(count, H, W): light where (H, W) bool `inside`, dark elsewhere, with a little noise."""
    noise = np.random.default_rng(5).integers(0, 12, inside.shape)
    return np.repeat(((np.where(inside, LIGHT, DARK) + noise) * scale).astype(dtype)[None], count, axis=0)


def discs(height: int, width: int, at: int = 0) -> np.ndarray:
    """(height, width) bool: in cells of 40 pixels, of different sizes. at: of the first pixel, along both axes."""
    y, x = np.mgrid[0:height, 0:width] + at + 0.5
    radius = 6 + (x // 40 * 7 + y // 40 * 3) % 11
    return (x % 40 - 20) ** 2 + (y % 40 - 20) ** 2 < radius**2


def segmented(models: Any, path: str, *phrases: str, watch: Watch | None = None, **options: Any) -> Answer:
    place = {name: options.pop(name) for name in ("extent", "crs", "bands", "area") if name in options}
    request = SegmentRequest(Raster(href=path, **place), phrases or ("bright",), **options)
    return TASKS["segment"].run(request, models, watch or Watch())


def shapes(answer: Answer, phrase: str = "") -> np.ndarray:
    own = [shape(item.geometry) for item in answer.evidence if phrase in item.phrase]
    return np.array([*own, None], object)[:-1]


@pytest.mark.parametrize("size", [(1, 1), (1, 150), (63, 64), (64, 65), (100, 30), (112, 113), (150, 209), (201, 64)])
def test_every_pixel_is_covered_exactly_once_whatever_the_size(bright: Any, write: Write, size: tuple[int, int]):
    checked = np.indices(size).sum(axis=0) % 2 == 0
    with Scene.open(Raster(href=write(drawn(checked)))) as scene:
        predictor = bright.predictor
        search = Search(Tiles(scene, 64, 1e-3, 1), seer_of(predictor, "segment"), ["grey"])
        bands = list(search.layout.bands(search.probabilities(Pace(Watch(), search.steps, "Looking"), Watch())))
    whole = np.concatenate(bands, axis=1)
    assert whole.shape == (1, *size)
    np.testing.assert_allclose(whole, 0.6 * 2 / 3, atol=1e-6, rtol=0)  # likely there by 0.6 alone, so that it fades


def test_object_across_edges_and_corners_of_tiles_is_one_feature_with_its_hole(bright: Any, write: Write):
    y, x = np.mgrid[0:200, 0:200] + 0.5
    answer = segmented(bright, write(drawn(abs(np.hypot(x - 100, y - 100) - 70) < 6)))
    assert len(answer.evidence) == 1 and answer.provenance["tiles"]["done"] == 16
    ring = shape(answer.evidence[0].geometry)
    wanted = math.pi * (76**2 - 64**2)
    assert len(ring.interiors) == 1 and ring.area == pytest.approx(wanted, rel=0.02)
    assert answer.evidence[0].perimeter_m == pytest.approx(ring.length, rel=2e-3)
    smooth = segmented(bright, write(drawn(abs(np.hypot(x - 100, y - 100) - 70) < 6)), tolerance_m=2)
    assert smooth.evidence[0].perimeter_m == pytest.approx(2 * math.pi * (76 + 64), rel=0.05)
    assert 0.9 < answer.evidence[0].score <= 0.95


def test_moving_the_origin_of_tiles_moves_no_outline_by_more_than_a_pixel(bright: Any, write: Write):
    one = shapes(segmented(bright, write(drawn(discs(240, 240)), "a.tif")))
    moved = write(drawn(discs(227, 227, 13)), "b.tif", transform=from_origin(500013, 5499987, 1, 1))
    other = shapes(segmented(bright, moved))
    away = shapely.box(500015, 5499764, 500236, 5499985)
    ours, theirs = ([item for item in each if away.contains(item)] for each in (one, other))
    assert len(ours) == len(theirs) > 20
    tree = shapely.STRtree([item.centroid for item in theirs])
    for item in ours:
        same = theirs[tree.nearest(item.centroid)]
        assert shapely.hausdorff_distance(item.exterior, same.exterior, densify=0.1) <= 1


def test_classes_of_one_request_share_their_edges_and_no_area(bright: Any, write: Write):
    inside = discs(230, 250)
    answer = segmented(bright, write(drawn(inside)), "bright", "dark", tolerance_m=2, smallest_m2=0)
    found = shapes(answer)
    assert shapely.is_valid(found).all() and {item.phrase for item in answer.evidence} == {"bright", "dark"}
    one, other = shapely.STRtree(found).query(found, predicate="intersects")
    shared = shapely.area(shapely.intersection(found[one], found[other]))[one != other]
    assert len(shared) > 10 and shared.sum() == 0
    assert shapely.area(found).sum() == pytest.approx(230 * 250, rel=1e-9)
    light = shapely.area(shapes(answer, "bright")).sum()
    assert light == pytest.approx(inside.sum(), rel=0.02)


@pytest.mark.parametrize("code", [32633, 3857, 4326])
def test_areas_are_geodesic_in_any_crs_at_60_north(bright: Any, write: Write, code: int):
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(15.02, 60.0)
    step = {32633: (1, 1), 3857: (2, 2), 4326: (1 / 55_800, 1 / 111_413)}[code]
    path = write(drawn(discs(200, 200)), crs=f"EPSG:{code}", transform=from_origin(x, y, *step))
    answer = segmented(bright, path, smallest_m2=300, tolerance_m=1.5)
    assert 10 < len(answer.evidence) < 25
    equal_area = Transformer.from_crs(code, "+proj=laea +lat_0=60 +lon_0=15 +ellps=WGS84", always_xy=True)
    degrees = Transformer.from_crs(code, 4326, always_xy=True)
    for item in answer.evidence:
        dense = shapely.segmentize(shape(item.geometry), step[0])
        flat = shapely.transform(dense, equal_area.transform, interleaved=False)
        assert item.area_m2 == pytest.approx(flat.area, rel=1e-3) and flat.area > 290
        placed = shapely.transform(dense, degrees.transform, interleaved=False)
        assert item.perimeter_m == pytest.approx(Geod(ellps="WGS84").geometry_length(placed), rel=1e-3)
    report = answer.structured["phrases"][0]
    assert report["area_m2"] == pytest.approx(sum(item.area_m2 for item in answer.evidence))


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0.5, 0, 500000, 0, 0.5, 6650000),  # south up
        Affine.translation(500000, 6650000) @ Affine.rotation(33) @ Affine.scale(0.5, -0.5),
        Affine.translation(500000, 6650000) @ Affine.shear(10, 0) @ Affine.scale(0.5, -0.5),
    ],
)
def test_turned_rasters_put_outlines_where_their_pixels_are(bright: Any, write: Write, transform: Affine):
    inside = np.zeros((90, 130), bool)
    inside[10:60, 20:100] = True
    path = write(drawn(inside), crs="EPSG:32633", transform=transform)
    corners = shapely.Polygon([transform @ corner for corner in ((20, 10), (100, 10), (100, 60), (20, 60))])
    (found,) = shapes(segmented(bright, path))
    assert shapely.symmetric_difference(found, corners).area < 0.01 * corners.area
    request = GroundRequest(Raster(href=path), ["bright"])
    (boxed,) = shapes(TASKS["ground"].run(request, bright, Watch()))
    assert shapely.symmetric_difference(boxed, corners).area < 0.02 * corners.area


@pytest.mark.parametrize(
    ("count", "dtype", "scale"),
    [(1, "uint8", 1), (4, "uint8", 1), (13, "uint16", 40), (3, "float32", 0.004), (1, "int16", 9)],
)
def test_bands_and_types_of_all_kinds(bright: Any, write: Write, count: int, dtype: str, scale: float):
    inside = np.zeros((100, 140), bool)
    inside[20:70, 30:110] = True
    answer = segmented(bright, write(drawn(inside, count, dtype, scale)))
    (found,) = shapes(answer)
    assert found.equals(shapely.box(500030, 5499930, 500110, 5499980))
    assert answer.provenance["bands"] and answer.provenance["cut"]["likely"] == 0.5


def test_alpha_and_nodata_belong_to_nothing(bright: Any, write: Write):
    inside = np.zeros((100, 140), bool)
    inside[20:70, 30:110] = True
    pixels = drawn(inside, 4)
    pixels[3] = 255
    pixels[3, :, 80:] = 0
    half = shapely.box(500030, 5499930, 500080, 5499980)
    (found,) = shapes(segmented(bright, write(pixels, "a.tif", photometric="rgb", alpha="yes")))
    assert found.equals(half)
    floats = drawn(inside, 1, "float32")
    floats[:, :, 80:] = np.nan
    (found,) = shapes(segmented(bright, write(floats, "b.tif")))
    assert found.equals(half)
    marked = drawn(inside, 1, "int16")
    marked[:, :, 80:] = -9999
    answer = segmented(bright, write(marked, "c.tif", nodata=-9999), "bright", "dark", smallest_m2=0)
    assert shapely.union_all(shapes(answer)).bounds == (500000, 5499900, 500080, 5500000)


def test_without_a_crs_everything_is_in_pixels(bright: Any, write: Write):
    inside = np.zeros((100, 140), bool)
    inside[20:70, 30:110] = True
    answer = segmented(bright, write(drawn(inside), crs=None, transform=None), smallest_m2=100)
    (item,) = answer.evidence
    assert shape(item.geometry).equals(shapely.box(30, 20, 110, 70))
    assert (item.area_m2, item.perimeter_m, answer.text) == (None, None, "bright: 1 found.")
    assert answer.structured["phrases"][0]["area_m2"] is None
    assert any("no coordinate system" in warning for warning in answer.warnings)


def test_part_of_a_raster_has_features_in_that_part_and_its_pixels_are_seen_as_in_the_whole(bright: Any, write: Write):
    path = write(drawn(discs(240, 240)))
    whole = shapes(segmented(bright, path, tolerance_m=0))
    extent = (500050, 5499800, 500170, 5499950)
    part = shapes(segmented(bright, path, extent=extent, tolerance_m=0))
    frame = shapely.box(*extent)
    wanted = shapely.intersection(shapely.union_all(whole), frame)
    assert shapely.symmetric_difference(shapely.union_all(part), wanted).area < 1e-6
    corner = shapes(segmented(bright, path, extent=(500000, 5499990, 500010, 5500000), tolerance_m=0, smallest_m2=0))
    assert all(shapely.box(500000, 5499990, 500010, 5500000).contains(item) for item in corner)
    area = {
        "type": "Polygon",
        "coordinates": [[[500050, 5499800], [500170, 5499800], [500050, 5499950], [500050, 5499800]]],
    }
    triangle = shapely.union_all(shapes(segmented(bright, path, area=area, tolerance_m=0)))
    inside = shapely.intersection(shapely.union_all(whole), shape(area))
    assert shapely.symmetric_difference(triangle, inside).area < 0.05 * inside.area


def test_raster_sharper_than_the_model_is_seen_at_the_models_finest(write: Write):
    with Scene.open(Raster(href=write(drawn(discs(200, 200))))) as scene:
        tiles = Tiles(scene, 64, 2.0, 1)
        assert (tiles.grid.width, tiles.grid.height) == (101, 101) and tiles.gsd_m == pytest.approx(2, rel=1e-3)
        assert Tiles(scene, 64, 0.5, 1).grid.width == 200


@pytest.mark.parametrize(("pixel", "steps"), [(0.49, 1), (0.51, 1), (0.45, 0.5 / 0.45)])
def test_pixels_of_nearly_the_size_that_is_wanted_are_taken_as_they_are(write: Write, pixel: float, steps: float):
    pixels = drawn(discs(200, 200))
    with Scene.open(Raster(href=write(pixels, transform=from_origin(500000, 5500000, pixel, pixel)))) as scene:
        tiles = Tiles(scene, 64, 0.5, 1)
        assert tiles.grid.step == pytest.approx(steps, rel=1e-3)
        if steps == 1:
            np.testing.assert_array_equal(tiles.view(0).pixels, pixels[:, :64, :64])


@pytest.mark.parametrize(
    ("pixel", "finest", "seen"),
    [(4, 0.3, 2), (1, 0.3, 0.5), (0.8, 0.3, 0.5), (0.4, 0.3, 0.4), (1, 0.8, 0.8), (1, 2, 2)],
)
def test_masks_of_a_coarser_grid_are_made_of_enlarged_pixels(write: Write, pixel: float, finest: float, seen: float):
    path = write(drawn(discs(200, 200)), transform=from_origin(500000, 5500000, pixel, pixel))
    with Scene.open(Raster(href=path)) as scene:
        tiles = Tiles(scene, 64, finest, 2)
        assert tiles.gsd_m == pytest.approx(seen, rel=0.01)
        assert tiles.grid.width * tiles.grid.step == pytest.approx(200, rel=0.02)
        assert speck_m2(tiles.grid) == pytest.approx(4 * max(pixel, seen) ** 2, rel=0.01)


def test_rendered_picture_is_not_enlarged_again():
    file = io.BytesIO()
    Image.fromarray(drawn(discs(200, 200)).transpose(1, 2, 0)).save(file, "PNG")
    place = {"transform": (2, 0, 500000, 0, -2, 5500000), "crs": "EPSG:32632"}
    with Scene.open(Raster(data=base64.b64encode(file.getvalue()).decode(), **place)) as scene:
        assert Tiles(scene, 64, 0.3, 2).grid.width == 200


def test_right_angles_are_given_to_buildings(bright: Any, write: Write):
    y, x = np.mgrid[0:160, 0:160] - 80.0
    turn = math.radians(25)
    u, v = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    path = write(drawn((abs(u) < 50) & (abs(v) < 30)))
    (rough,) = shapes(segmented(bright, path))
    (square,) = shapes(segmented(bright, path, right_angles=True))
    assert len(square.exterior.coords) == 5 < len(rough.exterior.coords)
    edges = np.diff(shapely.get_coordinates(square), axis=0)
    assert abs((edges[:-1] * edges[1:]).sum(axis=1)).max() < 1e-3 * 60 * 100
    assert shapely.symmetric_difference(square, rough).area < 0.06 * rough.area
    (turned,) = (
        TASKS["ground"].run(GroundRequest(Raster(href=path), ["bright"], oriented=True), bright, Watch()).evidence
    )
    assert (
        turned.kind == "box" and shapely.symmetric_difference(shape(turned.geometry), square).area < 0.1 * square.area
    )
    (upright,) = TASKS["ground"].run(GroundRequest(Raster(href=path), ["bright"]), bright, Watch()).evidence
    assert shape(upright.geometry).equals(shapely.box(*shape(upright.geometry).bounds))
    assert upright.area_m2 > 1.3 * turned.area_m2


def test_what_is_not_there_is_said_and_nothing_is_drawn_for_it(bright: Any, write: Write):
    answer = segmented(bright, write(drawn(discs(100, 100))), "nothing", "bright")
    assert answer.target_absent == ["nothing"] and {item.phrase for item in answer.evidence} == {"bright"}
    first, second = answer.structured["phrases"]
    assert (first["text"], first["count"], first["evidence"], first["score"]) == (
        "nothing: none found.",
        0,
        [0, 0],
        None,
    )
    assert second["evidence"] == [0, len(answer.evidence)] and second["count"] == len(answer.evidence)
    assert answer.text == f"{first['text']} {second['text']}" and f"{second['count']} found, " in second["text"]


def test_answer_is_as_sure_as_what_it_says(bright: Any, write: Write):
    """Of what is surely there but was not outlined it says that there is none, which is unlikely to be true."""
    path = write(drawn(discs(100, 100)))
    found, none = segmented(bright, path), segmented(bright, path, likely=1.0)
    assert found.evidence and not none.evidence and found.provenance["there"] == none.provenance["there"]
    assert found.confidence + none.confidence == pytest.approx(1) and none.confidence < 0.5


def test_class_phrases_are_seen_in_tiles_and_expressions_in_one_view(bright: Any, write: Write):
    path = write(drawn(discs(200, 200)))
    answer = segmented(bright, path, "bright", "the bright one at the top left", "dark")
    assert [report["expression"] for report in answer.structured["phrases"]] == [False, True, False]
    assert [report["phrase"] for report in answer.structured["phrases"]] == [
        "bright",
        "the bright one at the top left",
        "dark",
    ]
    assert len(bright.predictor.pictures) == 16 + 1 and answer.provenance["tiles"]["planned"] == 16
    order = [item.phrase for item in answer.evidence]
    assert order == sorted(order, key=["bright", "the bright one at the top left", "dark"].index)


def test_what_is_meant_is_chosen_among_outlines_of_all_tiles(bright: Any, write: Write):
    """Discs of 40 m cells; the extent is a part of the raster, and its sides count."""
    path, extent = write(drawn(discs(400, 400))), (500040, 5499640, 500360, 5499960)
    every = shapes(segmented(bright, path, extent=extent))
    phrases = ("the largest bright disc", "the rightmost bright disc", "the bright disc at the bottom left", "dark")
    answer = segmented(bright, path, *phrases, extent=extent)
    largest, rightmost, corner = (shapes(answer, phrase) for phrase in phrases[:3])
    assert len(largest) == len(rightmost) == len(corner) == 1 and len(every) == 64
    assert largest[0].area == max(shape.area for shape in every) and any(largest[0].equals(shape) for shape in every)
    assert rightmost[0].centroid.x > max(shape.centroid.x for shape in every) - 1
    assert corner[0].centroid.x < 500040 + 320 / 3 and corner[0].centroid.y < 5499640 + 320 / 3
    reports = {report["phrase"]: report for report in answer.structured["phrases"]}
    assert (
        all(reports[phrase]["expression"] for phrase in phrases[:3])
        and reports["the largest bright disc"]["count"] == 1
    )
    assert answer.provenance["prompt"] == [*["bright disc"] * 3, "dark"] and not answer.target_absent


def test_what_none_of_the_outlines_can_mean_is_absent(bright: Any, write: Write):
    only = np.zeros((200, 200), bool)
    only[10:60, 10:60] = True
    answer = segmented(
        bright, write(drawn(only)), "the bright roof at the bottom right", "the bright roof at the top left"
    )
    assert answer.target_absent == ["the bright roof at the bottom right"]
    assert [item.phrase for item in answer.evidence] == ["the bright roof at the top left"]
    there = answer.provenance["there"]
    assert there["the bright roof at the bottom right"] < 0.1 < 0.9 < there["the bright roof at the top left"]


@pytest.mark.parametrize("phrase", ["the bright roof at the bottom right", "bright roofs in the right half"])
def test_absence_from_a_place_is_as_sure_as_it_was_measured(bright: Any, write: Write, phrase: str):
    """The second is likely there by the model, but the only roof lies just beside."""
    only = np.zeros((200, 200), bool)
    only[10:70, 75:97] = True
    answer = segmented(bright, write(drawn(only)), phrase)
    there = answer.provenance["there"][phrase]
    assert answer.evidence == [] and answer.target_absent == [phrase]
    assert answer.confidence == pytest.approx(max(there, 1 - there), abs=2e-3) and answer.confidence > 0.8


def test_nothing_is_called_absent_from_an_area_between_the_middles_of_pixels(bright: Any, write: Write):
    checked = np.indices((64, 64)).sum(axis=0) % 2 == 0
    path = write(drawn(checked), transform=from_origin(500000, 5500000, 125, 125))
    field = shapely.geometry.mapping(shapely.box(501320, 5498580, 501420, 5498680))
    for phrase in ("bright", "the largest bright field"):
        with pytest.raises(RsvlmError, match="narrower than a pixel of the view") as told:
            segmented(bright, path, phrase, area=field)
        assert told.value.code == "no_data"


def test_what_is_outlined_with_others_of_a_wider_name_is_told(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch
):
    card = bright.predictor.card.model_copy(update={"calibration": Calibration(outlined=("vehicle",))})
    for name in ("get_card", "able_card"):
        monkeypatch.setattr(checks, name, lambda *_words: card)
    path = write(drawn(discs(100, 100)))
    told = WIDER.format("trucks", "vehicles")
    assert segmented(bright, path, "the trucks on the road", "bright", "trucks").warnings.count(told) == 1
    assert told not in segmented(bright, path, "vehicles", "roads with trucks").warnings


def test_threshold_of_a_chosen_thing_moves_without_the_model(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    path, phrase = write(drawn(discs(150, 150))), "the largest bright disc"
    first = segmented(bright, path, phrase, keep=True)
    shown = len(bright.predictor.pictures)
    again = segmented(bright, path, phrase, keep=True, likely=0.6)
    assert len(shapes(first)) == len(shapes(again)) == 1 and len(bright.predictor.pictures) == shown
    assert first.structured["probabilities"][0]["phrases"] == [phrase]


def test_progress_is_told_for_each_tile_and_finished_tiles_are_kept_when_the_user_stops(
    bright: Any, write: Write, listen: Any
):
    path = write(drawn(discs(400, 400)))
    whole = listen()
    everything = segmented(bright, path, watch=whole)
    assert whole.steps[0] == (0, 64) and whole.steps[-1] == (64, 64) and len(whole.steps) == 9
    assert whole.items == everything.evidence and "".join(whole.pieces) == everything.text
    stopped = listen(lambda self: bool(self.steps) and self.steps[-1][0] >= 24)
    answer = segmented(bright, path, watch=stopped)
    assert (
        answer.partial and "Stopped after 24 of 64 tiles; the rest of the extent was not looked at." in answer.warnings
    )
    assert answer.provenance["tiles"] == {"side": 64, "overlap": 16, "done": 24, "planned": 64}
    lowest = min(item.bounds[1] for item in shapes(answer))
    assert 5500000 - 160 <= lowest <= 5500000 - 130 and 0 < len(answer.evidence) < len(everything.evidence)
    for item in shapes(answer):
        if item.bounds[1] > lowest + 1:
            assert any(item.equals(other) for other in shapes(everything))
    with pytest.raises(Cancelled):
        segmented(bright, path, watch=listen(lambda self: bool(self.steps)))


def test_nothing_is_called_absent_where_not_all_was_looked_at(bright: Any, write: Write, listen: Any):
    stops = listen(lambda self: bool(self.steps) and self.steps[-1][0] >= 24)
    answer = segmented(bright, write(drawn(discs(400, 400))), "nothing", watch=stops)
    assert answer.partial and answer.evidence == [] and answer.target_absent == []


def test_strip_that_fills_little_of_its_box_is_looked_at(bright: Any, write: Write):
    """As an orthophoto of a railway, which runs aslant."""
    y, x = np.mgrid[0:600, 0:600]
    pixels = drawn(discs(600, 600))
    pixels[:, abs(x - y) > 12] = 0
    answer = segmented(bright, write(pixels, nodata=0))
    assert len(answer.evidence) > 10 and any("% of the extent holds no data" in said for said in answer.warnings)


def test_time_left_is_told_once_it_can_be_guessed(monkeypatch: pytest.MonkeyPatch):
    from rsvlm.tasks import searching

    now = [0.0]
    monkeypatch.setattr(searching.time, "perf_counter", lambda: now[0])
    notes: list[str] = []

    class Hears(Watch):
        def progress(self, done: int, total: int, note: str) -> None:
            notes.append(f"{done}/{total} {note}")

    pace = Pace(Hears(), 40, "Looking")
    for seconds in (1, 60, 600):
        now[0] = seconds
        pace.step(10)
    now[0] = 700
    pace.step(10)
    assert notes == [
        "0/40 Looking",
        "10/40 Looking",
        "20/40 Looking, about 60 s left",
        "30/40 Looking, about 3 min left",
        "40/40 Looking",
    ]


def test_kept_probabilities_are_cut_again_without_the_model(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    path = write(drawn(discs(150, 150)))
    first = segmented(bright, path, "bright", "dark", keep=True)
    (kept,) = first.structured["probabilities"]
    shown = len(bright.predictor.pictures)
    again = segmented(bright, path, "bright", "dark", keep=True)
    assert [item.geometry for item in again.evidence] == [item.geometry for item in first.evidence]
    assert again.confidence == first.confidence is not None
    assert again.provenance == {**first.provenance, "created": again.provenance["created"]}
    other = segmented(bright, path, "bright", "dark", keep=True, likely=0.96)
    assert other.evidence == [] and other.target_absent == ["bright", "dark"]
    assert len(bright.predictor.pictures) == shown and other.structured["probabilities"] == [kept]
    import rasterio

    with rasterio.open(kept["path"]) as source:
        assert source.descriptions == ("bright", "dark") and source.crs == CRS.from_epsg(32632)
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    segmented(bright, path, "bright", keep=True)
    assert len(bright.predictor.pictures) == 2 * shown


def test_kept_probabilities_of_earlier_versions_are_cut_again(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    path = write(drawn(discs(100, 100)))
    first = segmented(bright, path, keep=True)
    import rasterio

    with rasterio.open(first.structured["probabilities"][0]["path"], "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(RSVLM_TOLD="")
    assert segmented(bright, path, keep=True).evidence == first.evidence


def test_remote_raster_may_be_another_one_by_now(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("rsvlm.tasks.segment.is_remote", lambda _href: True)
    path = write(drawn(discs(100, 100)))
    first = segmented(bright, path, keep=True)
    shown = len(bright.predictor.pictures)
    assert segmented(bright, path, keep=True).evidence == first.evidence and len(bright.predictor.pictures) == 2 * shown
    segmented(bright, path, keep=True, again=True, likely=0.6)
    assert len(bright.predictor.pictures) == 2 * shown


def test_probabilities_are_kept_below_rows_of_tiles_without_data(
    bright: Any, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    pixels = drawn(discs(200, 100))
    pixels[:, :70] = 0
    path = write(pixels, nodata=0)
    plain = segmented(bright, path, "bright", "dark")
    kept = segmented(bright, path, "bright", "dark", keep=True)
    assert [item.geometry for item in kept.evidence] == [item.geometry for item in plain.evidence]
    assert {item.phrase for item in kept.evidence} == {"bright", "dark"} and len(kept.structured["probabilities"]) == 1


def test_what_was_kept_of_a_stopped_search_is_cut_again_and_never_taken_for_all(
    bright: Any, write: Write, listen: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    path = write(drawn(discs(400, 400)))
    answer = segmented(bright, path, keep=True, watch=listen(lambda self: bool(self.steps) and self.steps[-1][0] >= 24))
    assert answer.partial
    (kept,) = answer.structured["probabilities"]
    assert list((tmp_path / "home" / "probabilities").iterdir()) == [Path(kept["path"])]
    shown = len(bright.predictor.pictures)
    again = segmented(bright, path, keep=True, again=True)
    assert len(bright.predictor.pictures) == shown and again.partial and again.warnings == answer.warnings
    assert [item.geometry for item in again.evidence] == [item.geometry for item in answer.evidence]
    assert again.structured == answer.structured and again.provenance["tiles"]["done"] == 24
    assert again.confidence == answer.confidence and again.provenance["there"] == answer.provenance["there"] != {}
    other = segmented(bright, path, keep=True, again=True, likely=0.96)
    assert other.evidence == [] and other.partial and len(bright.predictor.pictures) == shown
    everything = segmented(bright, path, keep=True)
    assert not everything.partial and len(everything.evidence) > len(answer.evidence)
    assert segmented(bright, path, keep=True, again=True).evidence == everything.evidence


@pytest.mark.parametrize("options", [{"likely": 0}, {"likely": 1.5}, {"smallest_m2": -1}, {"tolerance_m": math.inf}])
def test_cuts_that_cannot_be_are_refused(bright: Any, options: dict[str, float]):
    with pytest.raises(RsvlmError) as told:
        segmented(bright, "nowhere.tif", **options)
    assert told.value.code == "bad_request"
