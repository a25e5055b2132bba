"""Windows with captions from OpenStreetMap: what is said is there, where it is said, and lies where the map has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.osm import Windows, osm_records
from rsvlm.trainer.builders.osm_features import name_of, tags_of
from rsvlm.trainer.builders.wording import article, counted, plural
from rsvlm.trainer.formats.rasters import on_map
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.records import Records

AROUND = Windows(64, False, 16, 0, 4.0, "")
LEFT, TOP = 500000.0, 5000000.0
Rows = list[tuple[shapely.Geometry, dict[str, str]]]


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """400 x 300 pixels of a metre, UTM 33; the right quarter shows nothing."""
    pixels = np.random.default_rng(1).integers(1, 255, (3, 300, 400), np.uint8)
    pixels[:, :, 300:] = 0
    path = tmp_path / "ortho.tif"
    profile: dict[str, Any] = {"driver": "GTiff", "crs": "EPSG:32633", "dtype": "uint8", "count": 3, "nodata": 0}
    with rasterio.open(path, "w", width=400, height=300, transform=Affine(1, 0, LEFT, 0, -1, TOP), **profile) as file:
        file.write(pixels)
        file.update_tags(ACQUISITIONDATETIME="2021-06-01T10:00:00")
    return path


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Three houses, a pitch and a gravel track in pixels of the raster, in degrees in the file; one feature says nothing."""
    shapes: Rows = [
        (shapely.box(95, 95, 105, 110), {"building": "house", "full_id": "w11"}),
        (shapely.box(115, 95, 125, 105), {"building": "house", "full_id": "w12"}),
        (shapely.box(195, 195, 215, 205), {"leisure": "pitch", "sport": "tennis", "osm_id": "13", "osm_type": "way"}),
        (shapely.LineString([(80, 120), (140, 125)]), {"highway": "track", "surface": "gravel", "full_id": "w14"}),
        (shapely.box(40, 40, 60, 60), {"boundary": "administrative"}),
        (shapely.box(340, 140, 360, 160), {"building": "house", "full_id": "w15"}),  # where nothing is seen
        (shapely.box(5, 5, 15, 15), {"building": "house", "full_id": "w16"}),  # at the edge
    ]
    return write_features(tmp_path / "osm.geojson", shapes)


def write_features(path: Path, shapes: Rows) -> Path:
    """shapes: in pixels of the raster."""
    way = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    rows = []
    for shape, tags in shapes:
        placed = shapely.transform(shape, lambda xy: np.column_stack(way.transform(LEFT + xy[:, 0], TOP - xy[:, 1])))
        rows.append({"type": "Feature", "properties": tags, "geometry": json.loads(shapely.to_geojson(placed))})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return path


def made(raster: Path, features: Path, windows: Windows = AROUND, seed: int = 0) -> tuple[dict[str, Record], Job]:
    job = Job("osm", seed, [raster, features], {})
    records = list(osm_records(raster, [features], windows, job))
    return {record.id.split("/", 2)[-1]: record for record in records}, job


def test_the_middle_and_what_is_around_it_are_told_with_tags_place_and_date(raster: Path, features: Path):
    records, job = made(raster, features)
    assert set(records) == {"way/11", "way/12", "way/13", "way/14"}
    house = records["way/11"]
    assert house.meta["center_tags"] == {"building": "house"} and house.meta["osm"] == "way/11"
    assert {frozenset(tags.items()) for tags in house.meta["surrounding_tags"]} == {
        frozenset({("building", "house")}),
        frozenset({("highway", "track"), ("surface", "gravel")}),
    }
    assert "a house" in house.captions[0].lower()
    assert "another house" in house.captions[1] and "a gravel track" in house.captions[1].lower()
    assert "tennis pitch" in records["way/13"].captions[0] and len(records["way/13"].captions) == 1
    assert house.images[0]["date"] == "2021-06-01T10:00:00" and house.meta["gsd_m"] == pytest.approx(1, rel=0.01)
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True).transform(
        house.meta["lon"], house.meta["lat"]
    )
    window = house.images[0]["window"]
    assert abs(x - LEFT - (window[0] + window[2]) / 2) < 1 and abs(TOP - y - (window[1] + window[3]) / 2) < 1
    assert job.left_out == {
        "the tags of a feature name nothing that is seen from above": 1,
        "the raster shows nothing in a part of the window": 1,
        "the window around a feature is not within the raster": 1,
    }


def test_outlines_go_back_to_the_map(raster: Path, features: Path):
    house = made(raster, features)[0]["way/11"]
    assert [region["label"] for region in house.regions] == ["house", "house"]
    placed = on_map(house, house.regions[0])
    there = shapely.box(LEFT + 95, TOP - 110, LEFT + 105, TOP - 95)
    assert placed.symmetric_difference(there).area < 1
    assert house.meta["center_bbox"] == pytest.approx(house.regions[0]["bbox"], abs=0.05)
    assert read_picture(house.images[0]).pixels.shape == (64, 64, 3)


def test_grid_covers_the_raster_and_empty_windows_are_told(raster: Path, features: Path):
    records, job = made(raster, features, Windows(100, True, 16, 0, 4.0, ""))
    windows = [record.images[0]["window"] for record in records.values()]
    assert [0, 0, 100, 100] in windows and [100, 0, 200, 100] in windows and [200, 100, 300, 200] in windows
    assert job.left_out["no feature lies in the window"] == 9 - len(windows)
    assert job.left_out["the raster shows nothing in a part of the window"] == 3
    assert all(record.meta["center_tags"] == {} and "osm" not in record.meta for record in records.values())


def test_what_reaches_into_a_window_with_a_sliver_is_not_seen_there(raster: Path, tmp_path: Path):
    """An eighth of a house is not; a fortieth of a field, which is a tenth of the window, is, and so is half of a house."""
    features = write_features(
        tmp_path / "osm.geojson",
        [
            (shapely.box(40, 97, 60, 121), {"building": "house"}),
            (shapely.box(90, 190, 110, 199), {"building": "house"}),
            (shapely.box(100, 90, 300, 300), {"landuse": "farmland"}),
        ],
    )
    records, job = made(raster, features, Windows(100, True, 16, 0, 4.0, ""))
    labels = {place: sorted(region["label"] for region in record.regions) for place, record in records.items()}
    assert "0_0" not in labels and job.left_out["no feature lies in the window"] > 0
    assert labels["0_100"] == ["house", "house"] and "two houses" in records["0_100"].captions[0].lower()
    assert labels["100_0"] == ["farmland"] and labels["100_100"] == ["farmland", "house"]


def test_seed_chooses_among_windows_that_are_too_near(raster: Path, features: Path):
    few = Windows(64, False, 64, 1, 4.0, "")
    first = [record.to_json() for record in made(raster, features, few, 0)[0].values()]
    assert first == [record.to_json() for record in made(raster, features, few, 0)[0].values()]
    assert len({tuple(made(raster, features, few, seed)[0]) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    "row, layer, name",
    [
        ({"building": "yes"}, "buildings", "building"),
        ({"building": "apartments", "landuse": "residential"}, "", "apartment building"),
        ({"building": "no", "landuse": "farmland"}, "", "farmland"),
        ({"building": "data_center"}, "", "data center building"),
        ({"highway": "track", "surface": "dirt"}, "", "dirt track"),
        ({"highway": "proposed"}, "", ""),
        ({"amenity": "bench"}, "", ""),
        ({"other_tags": '"leisure"=>"pitch","sport"=>"soccer"'}, "multipolygons", "football pitch"),
        ({"fclass": "residential", "code": "5122"}, "gis_osm_roads_free_1", "residential road"),
        ({"fclass": "building"}, "gis_osm_buildings_a_free_1", "building"),
        ({"building": "demolished"}, "", ""),
        ({"building": "proposed", "landuse": "grass"}, "", "grass"),
        ({"highway": "primary", "tunnel": "yes"}, "", ""),
        ({"highway": "primary", "tunnel": "no"}, "", "main road"),
        ({"fclass": "primary", "tunnel": "F", "bridge": "F", "layer": "0"}, "gis_osm_roads_free_1", "main road"),
        ({"fclass": "primary", "tunnel": "T", "bridge": "F", "layer": "-1"}, "gis_osm_roads_free_1", ""),
        ({"waterway": "stream", "tunnel": "culvert", "layer": "-1"}, "", ""),
        ({"railway": "rail", "layer": "-2"}, "", ""),
        ({"highway": "track", "layer": "-1", "bridge": "yes"}, "", "bridge"),
        ({"highway": "track", "layer": "1"}, "", "track"),
        ({"man_made": "storage_tank", "location": "underground"}, "", ""),
        ({"amenity": "parking", "parking": "underground"}, "", ""),
        ({"amenity": "parking", "parking": "surface"}, "", "car park"),
    ],
)
def test_tags_name_what_is_seen_from_above(row: dict[str, str], layer: str, name: str):
    assert name_of(tags_of(row, layer)) == name


def test_what_lies_underground_has_no_name_of_its_own_either(raster: Path, tmp_path: Path):
    rows: Rows = [
        (shapely.box(95, 95, 105, 105), {"building": "house"}),
        (shapely.LineString([(80, 120), (140, 125)]), {"label": "road", "tunnel": "yes"}),
        (shapely.LineString([(80, 90), (140, 90)]), {"note": "x", "tunnel": "yes"}),
    ]
    features = write_features(tmp_path / "osm.geojson", rows)
    (house,), job = made(raster, features, Windows(64, False, 16, 0, 4.0, "", called="road"))
    record = made(raster, features, Windows(64, False, 16, 0, 4.0, "", called="road"))[0][house]
    assert record.meta["surrounding_tags"] == [] and not any("road" in text for text in record.captions)
    assert job.left_out["the tags of a feature name nothing that is seen from above"] == 2


@pytest.mark.parametrize(
    "name, several, one",
    [
        ("row of garages", "rows of garages", "a row of garages"),
        ("place of worship", "places of worship", "a place of worship"),
        ("allotment gardens", "allotment gardens", "allotment gardens"),
        ("building under construction", "buildings under construction", "a building under construction"),
        ("body of water", "bodies of water", "a body of water"),
        ("water", "areas of water", "a water"),
        ("buildings", "buildings", "buildings"),
        ("glass house", "glass houses", "a glass house"),
        ("overpass", "overpasses", "an overpass"),
        ("bus", "buses", "a bus"),
        ("person", "people", "a person"),
        ("people", "people", "people"),
        ("aircraft", "aircraft", "an aircraft"),
        ("quay", "quays", "a quay"),
    ],
)
def test_head_of_a_name_is_what_is_counted(name: str, several: str, one: str):
    assert (plural(name), article(name)) == (several, one)


def test_numbers_go_with_the_head_of_a_name():
    assert counted(3, "building under construction", "new") == "three new buildings under construction"
    assert counted(1, "building under construction") == "one building under construction"
    assert (counted(1, "cars", "new"), counted(1, "cars", "new", digits=True)) == ("new cars", "1 new cars")


@pytest.mark.parametrize(
    "around, told",
    [
        ([{"landuse": "farmland"}], "around it is farmland."),
        ([{"landuse": "farmland"}, {"landuse": "forest"}], "around it are farmland and forest."),
        ([{"landuse": "allotments"}], "around it are allotment gardens."),
        ([{"building": "garages"}] * 2, "around it are two rows of garages."),
        ([{"amenity": "place_of_worship"}], "around it is a place of worship."),
        ([{"building": "house"}], "around it is another house."),
    ],
)
def test_verb_goes_with_what_is_around(raster: Path, tmp_path: Path, around: list[dict[str, str]], told: str):
    shapes: Rows = [(shapely.box(95, 95, 105, 105), {"building": "house", "full_id": "w1"})]
    shapes += [(shapely.box(110 + 8 * at, 95, 116 + 8 * at, 105), tags) for at, tags in enumerate(around)]
    features = write_features(tmp_path / "osm.geojson", shapes)
    texts = {text for seed in range(12) for text in made(raster, features, AROUND, seed)[0]["way/1"].captions}
    assert f"An aerial view of a house; {told}" in texts


def test_openstreetmaps_own_files_are_read(raster: Path, tmp_path: Path):
    """An .osm of a way with a building, as GDAL's driver reads it and .osm.pbf alike."""
    way = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    corners = [way.transform(LEFT + x, TOP - y) for x, y in ((95, 95), (105, 95), (105, 110), (95, 110))]
    nodes = "".join(f'<node id="{n}" lat="{lat}" lon="{lon}" version="1"/>' for n, (lon, lat) in enumerate(corners, 1))
    refs = "".join(f'<nd ref="{n}"/>' for n in (1, 2, 3, 4, 1))
    tags = '<tag k="building" v="barn"/><tag k="roof:shape" v="gabled"/>'
    path = tmp_path / "map.osm"
    path.write_text(f'<osm version="0.6">{nodes}<way id="77" version="1">{refs}{tags}</way></osm>')
    records, _ = made(raster, path)
    assert list(records) == ["way/77"] and records["way/77"].meta["center_tags"]["roof:shape"] == "gabled"
    assert "a barn" in records["way/77"].captions[0].lower()


def test_what_does_not_fit_is_told_in_words(raster: Path, features: Path, tmp_path: Path, picture: Callable[..., Path]):
    with pytest.raises(RsvlmError, match="is no vector file"):
        made(raster, raster)
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"nothing")
    with pytest.raises(RsvlmError, match="cannot be read"):
        made(raster, broken)
    plain = picture(tmp_path / "plain.png", np.zeros((80, 80, 3), np.uint8))
    with pytest.raises(RsvlmError, match="on no map"):
        made(plain, features)
    elsewhere = tmp_path / "far.geojson"
    elsewhere.write_text(features.read_text().replace("[1", "[-1"))
    with pytest.raises(RsvlmError, match="No feature that is seen"):
        made(raster, elsewhere)


def test_real_orthophoto_by_the_command_line(data_dir: Path, tmp_path: Path):
    folder, out = data_dir / "rasters" / "swellendam_osm", tmp_path / "made.jsonl"
    files = [str(folder / name) for name in ("ortho_2p5m_rgba.tif", "osm_buildings.geojson", "osm_roads.geojson")]
    result = CliRunner().invoke(data_app, ["osm", *files, "-o", str(out), "--side", "128", "--date", "2013", "--json"])
    assert result.exit_code == 0, result.output
    records = list(Records(out))
    assert len(records) > 30 and len({record.id for record in records}) == len(records)
    for record in records:
        houses = sum(region["label"] == "building" for region in record.regions)
        counted = re.search(r"\b(two|three|four|five|six) (other )?buildings", " ".join(record.captions))
        if counted:
            assert ("two", "three", "four", "five", "six").index(counted[1]) + 2 == houses - bool(counted[2])
    print(f"{len(records)} windows, {sum(len(record.regions) for record in records)} outlines")
