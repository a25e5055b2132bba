"""Answers as layers and files, read back with OGR."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from osgeo import ogr
from qgis.core import QgsProject

LONG = " ".join(f"Haus-{number} am See." for number in range(60))
EXTENT = [500_000.0, 4_999_000.0, 500_600.0, 4_999_600.0]


def square(x: float, y: float, side: float):
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def record(text: str = "A village beside a lake.", crs="EPSG:32632", tiles: int = 2):
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.record import Record

    evidence = [
        Evidence(
            "tile", square(EXTENT[0] + 300 * index, EXTENT[1], 300), f"label {index}", 0.5, 90_000.0, text="Trees."
        )
        for index in range(tiles)
    ]
    provenance = {
        "model": "compact", "revision": "r1", "sources": ["ortho"], "extent": EXTENT, "crs": crs, "gsd_m": 0.6,
        "device": "cpu", "created": "2026-11-20T14:02:03+01:00",
    }  # fmt: skip
    answer = Answer(text, evidence, provenance, {"total": 0.9}, ["The image is old."], 0.83)
    return Record("ortho", "detailed", square(EXTENT[0], EXTENT[1], 600), crs, False, answer)


def test_a_geopackage_holds_the_place_and_each_tile_with_all_that_is_known(tmp_path, qgis_app):
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / "answer.gpkg"
    assert save(record(), str(path)) == []
    source = ogr.Open(str(path))
    layer = source.GetLayer(0)
    rows = list(layer)
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "32632"
    assert [row["kind"] for row in rows] == ["place", "tile", "tile"]
    assert rows[0]["text"] == "A village beside a lake."
    assert rows[0].GetGeometryRef().GetEnvelope() == (500_000, 500_600, 4_999_000, 4_999_600)
    assert (rows[0]["model"], rows[0]["gsd_m"], rows[0]["confidence"]) == ("compact", 0.6, 0.83)
    assert (rows[2]["label"], rows[2]["score"], rows[2]["area_m2"]) == ("label 1", 0.5, 90_000)
    assert rows[0]["warnings"] == "The image is old."


def test_geojson_is_in_wgs84(tmp_path, qgis_app):
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / "answer.geojson"
    save(record(), str(path))
    written = json.loads(path.read_text())
    x, y = written["features"][0]["geometry"]["coordinates"][0][0]
    assert (x, y) == pytest.approx((9.0, 45.14), abs=0.02)
    assert "crs" not in written


def test_a_shapefile_keeps_every_word_of_a_long_text(tmp_path, qgis_app):
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / "answer.shp"
    notes = save(record(LONG), str(path))
    source = ogr.Open(str(path))
    layer = source.GetLayer(0)
    names = [layer.GetLayerDefn().GetFieldDefn(i).GetName() for i in range(layer.GetLayerDefn().GetFieldCount())]
    texts = [name for name in names if name.startswith("text")]
    row = layer.GetFeature(0)
    assert " ".join(row[name] for name in texts) == LONG
    assert all(len(row[name].encode()) <= 254 for name in texts)
    assert all(len(name) <= 10 for name in names)
    assert notes == [f"A shapefile holds 254 bytes in a field: “text” continues in {', '.join(texts[1:])}."]
    assert path.with_suffix(".cpg").read_text().strip() == "UTF-8"


def test_pieces_never_cut_a_character(qgis_app):
    from rsvlm.rsvlm_plugin.layers.table import split_text

    pieces = split_text("ä" * 300 + " Öl", 254)
    assert "".join(pieces).replace(" ", "") == "ä" * 300 + "Öl"
    assert all(len(piece.encode()) <= 254 for piece in pieces)


def test_an_existing_file_is_not_replaced_unasked(tmp_path, qgis_app):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / "answer.geojson"
    path.write_text("mine")
    with pytest.raises(RsvlmError) as caught:
        save(record(), str(path))
    assert caught.value.message == f"{path} exists already."
    assert path.read_text() == "mine"
    save(record(), str(path), replace=True)
    assert json.loads(path.read_text())["type"] == "FeatureCollection"
    assert [item.name for item in tmp_path.iterdir()] == ["answer.geojson"]


@pytest.mark.parametrize("suffix", [".fgb", ".shp"])
def test_a_file_that_windows_does_not_let_go_is_told_with_what_to_do(tmp_path, qgis_app, monkeypatch, suffix):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / f"answer{suffix}"
    save(record(), str(path))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def refuse(part, target=path, **_options):
        raise PermissionError(errno.EACCES, "Access is denied", str(part), None, str(target))

    monkeypatch.setattr("os.replace", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(RsvlmError) as caught:
        save(record(), str(path), replace=True)
    assert caught.value.message == f"{path} is open, perhaps as a layer of this project."
    assert caught.value.hint == "Remove it from the project, or choose another name."
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_table_beside_a_new_shapefile_is_not_replaced_unasked(tmp_path, qgis_app):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save, would_replace

    table = tmp_path / "answer.dbf"
    table.write_text("mine")
    assert would_replace(str(tmp_path / "answer.shp"))
    with pytest.raises(RsvlmError):
        save(record(), str(tmp_path / "answer.shp"))
    assert table.read_text() == "mine" and [item.name for item in tmp_path.iterdir()] == ["answer.dbf"]


def test_an_existing_geopackage_gains_a_layer_and_keeps_its_own(tmp_path, qgis_app):
    from rsvlm.rsvlm_plugin.layers.export import save

    path = str(tmp_path / "answers.gpkg")
    save(record("First."), path)
    save(record("Second."), path)
    source = ogr.Open(path)
    layers = [source.GetLayer(index) for index in range(source.GetLayerCount())]
    texts = [layer.GetNextFeature()["text"] for layer in layers if layer.GetName() != "layer_styles"]
    assert sorted(texts) == ["First.", "Second."]


def test_a_table_whose_name_differs_in_capitals_alone_is_kept(houses, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = str(tmp_path / "answers.gpkg")
    for name in ("Boats (masks)", "boats (masks)"):
        houses.setName(name)
        save_layer(houses, path)
    source = ogr.Open(path)
    names = {source.GetLayer(index).GetName() for index in range(source.GetLayerCount())}
    assert names - {"layer_styles"} == {"Boats (masks)", "boats (masks) (2)"}
    assert source.GetLayerByName("Boats (masks)").GetFeatureCount() == 2


def test_a_folder_that_is_not_there_is_one_clear_sentence(tmp_path, qgis_app):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save

    with pytest.raises(RsvlmError) as caught:
        save(record(), str(tmp_path / "missing" / "answer.gpkg"))
    assert "could not be written: No such file or directory" in caught.value.message
    with pytest.raises(RsvlmError) as caught:
        save(record(), str(tmp_path / "answer.txt"))
    assert caught.value.hint == "Choose a name that ends in .gpkg, .geojson, .fgb, .shp, .csv."


def test_without_a_crs_coordinates_stay_and_the_user_is_told(tmp_path, qgis_app):
    from rsvlm.rsvlm_plugin.layers.export import save

    path = tmp_path / "answer.gpkg"
    notes = save(record(crs=None), str(path))
    assert notes == ["The source has no coordinate system: coordinates are the raster's own."]
    source = ogr.Open(str(path))
    assert source.GetLayer(0).GetExtent() == (500_000, 500_600, 4_999_000, 4_999_600)


def test_layers_open_styled_in_one_group_at_the_top(qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.results import add_to_project, is_result

    first = add_to_project(record("First."))
    second = add_to_project(record("Second."))
    root = QgsProject.instance().layerTreeRoot()
    group = root.children()[0]
    assert group.name() == "rsvlm"
    assert [node.layer() for node in group.findLayers()] == [second, first]
    assert is_result(first) and first.isValid() and first.crs().authid() == "EPSG:32632"
    assert first.featureCount() == 3
    labels = [rule.label() for rule in first.renderer().rootRule().children()]
    assert labels == ["Evidence", "Place"]
    assert first.metadata().abstract() == "First."


def test_a_record_survives_the_project_file(qgis_app):
    from rsvlm.rsvlm_plugin.layers.record import Record

    before = record(LONG)
    data = json.loads(json.dumps(before.to_json()))
    data.setdefault("source", {})["of_a_later_version"] = 1
    after = Record.from_json(data)
    assert after == before


def test_the_footprint_is_what_the_area_and_the_raster_share(qgis_app):
    made = record()
    made.outline = square(EXTENT[0] - 300, EXTENT[1], 600)
    assert made.footprint().boundingBox().width() == pytest.approx(300)


def test_style_is_read_from_the_plugin(qgis_app):
    from rsvlm.rsvlm_plugin.layers.results import STYLE

    assert Path(STYLE).is_file()


def test_answers_of_another_version_are_kept_aside_by_the_next_answer(qgis_new_project):
    from rsvlm.rsvlm_plugin.dock.saved import KEY, SCOPE, UNREAD_KEY, SavedAnswers

    project = QgsProject.instance()
    project.writeEntry(SCOPE, KEY, '[{"words": "from the future"}]')
    saved = SavedAnswers()
    assert saved.load() == []
    made = record()
    saved.store([made])
    assert saved.load() == [made]
    assert project.readEntry(SCOPE, UNREAD_KEY, "")[0] == '[{"words": "from the future"}]'
    saved.dispose()


def answer_without_crs(extent):
    """Two tiles, one above the other, as the backend counts them: pixels, y down."""
    from rsvlm.protocol import Answer, Evidence

    left, top, right, bottom = extent
    middle = (top + bottom) / 2
    boxes = [(left, top, right, middle), (left, middle, right, bottom)]
    evidence = [
        Evidence("tile", {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}, name)
        for name, (x0, y0, x1, y1) in zip(("upper", "lower"), boxes)
    ]
    return Answer("A field.", evidence, {"model": "compact", "extent": list(extent), "crs": None})


@pytest.mark.parametrize("driver, suffix", [("PNG", "png"), ("GTiff", "tif")])
def test_without_a_crs_polygons_lie_on_the_picture_the_top_one_on_top(driver, suffix, tmp_path, qgis_new_project):
    import numpy as np
    from osgeo import gdal
    from qgis.core import QgsGeometry, QgsRasterLayer

    from rsvlm.rsvlm_plugin.layers.geometry import to_geojson
    from rsvlm.rsvlm_plugin.layers.record import Record
    from rsvlm.rsvlm_plugin.layers.results import add_to_project

    path = str(tmp_path / f"photo.{suffix}")
    memory = gdal.GetDriverByName("MEM").Create("", 100, 60, 3)
    memory.WriteArray(np.full((3, 60, 100), 90, np.uint8))
    gdal.GetDriverByName(driver).CreateCopy(path, memory).FlushCache()
    picture = QgsRasterLayer(path, "photo").extent()
    outline = to_geojson(QgsGeometry.fromRect(picture))
    made = add_to_project(Record("photo", "detailed", outline, None, False, answer_without_crs((0, 0, 100, 60))))
    where = {row["label"] or "place": row.geometry().boundingBox() for row in made.getFeatures()}
    assert not made.crs().isValid()
    assert where["place"] == picture
    assert (where["upper"].yMaximum(), where["lower"].yMinimum()) == (picture.yMaximum(), picture.yMinimum())
    assert where["upper"].yMinimum() == where["lower"].yMaximum() == picture.center().y()
    assert where["upper"].width() == 100


def test_pixels_of_a_part_are_laid_over_that_part(qgis_app):
    """Pixels 20 to 60 across and 10 to 30 down of a picture that reaches from y = -60 to 0."""
    from rsvlm.rsvlm_plugin.layers.record import Record

    ring = [[20, -30], [60, -30], [60, -10], [20, -10], [20, -30]]
    outline = {"type": "Polygon", "coordinates": [ring]}
    made = Record("photo", "brief", outline, None, False, answer_without_crs((20, 10, 60, 30)))
    upper = made.placed(made.answer.evidence[0].geometry).boundingBox()
    assert [upper.xMinimum(), upper.yMinimum(), upper.xMaximum(), upper.yMaximum()] == [20, -20, 60, -10]


@pytest.fixture
def houses(qgis_new_project, tmp_path):
    """A layer of two masks in a GeoPackage of its own, in the project."""
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.found_group import add_found
    from rsvlm.rsvlm_plugin.layers.record import Record

    evidence = [
        Evidence("mask", square(EXTENT[0] + 100 * n, EXTENT[1], 50), "Häuser", 0.5, 2500.0, perimeter_m=200.0)
        for n in range(2)
    ]
    provenance = {"model": "geopix", "sources": ["ortho"], "extent": EXTENT, "crs": "EPSG:32632"}
    outline = square(EXTENT[0], EXTENT[1], 600)
    answer = Answer("Häuser: 2 found.", evidence, provenance)
    made = Record("ortho", "masks", outline, "EPSG:32632", False, answer, phrases=["Häuser"])
    (tmp_path / "kept").mkdir()
    made.file = write_beside(made, tmp_path / "kept")
    return add_found(made)


def rows_of(path):
    source = ogr.Open(str(path))
    layer = source.GetLayer(0)
    return layer.GetSpatialRef(), [
        (row.items(), row.GetGeometryRef() and row.GetGeometryRef().Clone()) for row in layer
    ]


@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "shp"])
def test_masks_are_written_in_the_layer_s_crs_with_all_their_fields(suffix, houses, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / f"houses.{suffix}"
    notes = save_layer(houses, str(path))
    crs, rows = rows_of(path)
    assert crs.GetAuthorityCode(None) == "32632"
    names = list(rows[0][0])
    perimeter = "perim_m" if suffix == "shp" else "perimeter_m"
    assert names == ["label", "phrase", "kind", "score", "area_m2", perimeter, "count", "source", "model", "revision",
                     "acquired", "created"]  # fmt: skip
    assert (rows[1][0]["label"], rows[1][0][perimeter], rows[1][0]["count"]) == ("Häuser", 200.0, 1)
    assert sorted(geometry.GetEnvelope()[0] for _row, geometry in rows) == [500_000, 500_100]
    mapped = ["A shapefile's field names have ten characters: perimeter_m → perim_m."]
    assert notes == (mapped if suffix == "shp" else [])
    if suffix == "shp":
        assert path.with_suffix(".cpg").read_text().strip() == "UTF-8"


def test_masks_go_into_any_other_crs(houses, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem

    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / "houses.fgb"
    save_layer(houses, str(path), QgsCoordinateReferenceSystem("EPSG:4326"))
    crs, rows = rows_of(path)
    assert crs.GetAuthorityCode(None) == "4326"
    assert rows[0][1].GetEnvelope()[::2] == pytest.approx((9.0, 45.145), abs=0.01)
    notes = save_layer(houses, str(tmp_path / "utm.geojson"), QgsCoordinateReferenceSystem("EPSG:32632"))
    assert notes == ["GeoJSON in another system than WGS 84 is not read by every program."]
    assert rows_of(tmp_path / "utm.geojson")[1][0][1].GetEnvelope()[0] >= 500_000


def test_csv_holds_the_attributes_alone(houses, tmp_path):
    import csv

    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / "houses.csv"
    save_layer(houses, str(path))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["Häuser", "Häuser"]
    assert float(rows[0]["area_m2"]) == 2500 and "WKT" not in rows[0]
    assert not path.with_suffix(".csvt").exists()


def test_a_geopackage_takes_style_and_metadata_along(houses, tmp_path):
    from qgis.core import QgsVectorLayer

    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / "houses.gpkg"
    save_layer(houses, str(path))
    again = QgsVectorLayer(str(path), "again", "ogr")
    assert [item.label() for item in again.renderer().categories()] == ["Häuser", "other"]
    assert "Asked: Häuser" in again.metadata().abstract()


def test_only_the_selected_features_are_written_where_that_is_wished(houses, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    houses.selectByExpression("x_min($geometry) < 500050")
    save_layer(houses, str(tmp_path / "one.fgb"), selected=True)
    assert len(rows_of(tmp_path / "one.fgb")[1]) == 1


def test_a_file_that_is_open_in_the_project_is_left_alone(houses):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    own = houses.source().split("|")[0]
    before = Path(own).read_bytes()
    with pytest.raises(RsvlmError) as caught:
        save_layer(houses, own)
    assert caught.value.message == f"{own} is open as a layer of this project."
    assert Path(own).read_bytes() == before


def test_a_layer_of_mixed_geometries_is_no_shapefile(tmp_path, qgis_app):
    from qgis.core import QgsVectorLayer

    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    path = tmp_path / "mixed.geojson"
    point = {"type": "Point", "coordinates": [9, 45]}
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "GeometryCollection", "geometries": [point]}}
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    layer = QgsVectorLayer(str(path), "mixed", "ogr")
    with pytest.raises(RsvlmError) as caught:
        save_layer(layer, str(tmp_path / "mixed.shp"))
    assert "holds points, lines or polygons" in caught.value.message
    assert not list(tmp_path.glob("mixed.s*"))


def test_short_names_differ_whatever_they_were(qgis_app):
    from rsvlm.rsvlm_plugin.layers.shapefile import short_names

    made = short_names(["population_2001", "population_2002", "POPULATION_x", "ä" * 8, "perimeter_m"])
    assert list(made.values()) == ["population", "populatio2", "POPULATIO3", "ä" * 5, "perim_m"]
