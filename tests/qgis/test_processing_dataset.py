"""rsvlm:buildcaptiondataset makes records of rasters in the backend's process, goes on where it was stopped, and says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

UTM = (500_000.0, 5_000_000.0)  # upper left corner, EPSG:32633


@pytest.fixture
def algorithm(qgis_app, qgis_processing, tmp_path, monkeypatch):
    """The algorithm as the registry has it, with a home of its own."""
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.processing.provider import RsvlmProvider

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    registry = QgsApplication.processingRegistry()
    provider = RsvlmProvider()
    registry.addProvider(provider)
    yield registry.algorithmById("rsvlm:buildcaptiondataset")
    registry.removeProvider(provider)


@pytest.fixture
def raster(tmp_path):
    """raster(name, width) writes a GeoTIFF of `width` x 320 pixels of two metres and returns its path."""
    from osgeo import gdal, osr

    def write(name: str = "ortho.tif", width: int = 320, left: float = UTM[0], system: bool = True) -> str:
        path = str(tmp_path / name)
        dataset = gdal.GetDriverByName("GTiff").Create(path, width, 320, 3)
        if system:
            utm = osr.SpatialReference()
            utm.ImportFromEPSG(32633)
            dataset.SetProjection(utm.ExportToWkt())
        dataset.SetGeoTransform((left, 2, 0, UTM[1], 0, -2))
        noise = np.random.default_rng(7)
        for band in range(3):
            dataset.GetRasterBand(band + 1).WriteArray(noise.integers(1, 255, (320, width)).astype(np.uint8))
        dataset.FlushCache()
        return path

    return write


@pytest.fixture
def fields():
    """A memory layer: a field over all of the raster, and a shed in its corner."""
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string", "land", "memory")
    features = []
    for label, box in (
        ("field", (UTM[0], UTM[1] - 640, UTM[0] + 10_000, UTM[1])),
        ("shed", (UTM[0] + 10, UTM[1] - 50, UTM[0] + 40, UTM[1] - 10)),
    ):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([label])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*box)))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def run(feedback=None, **parameters):
    import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    context, feedback = QgsProcessingContext(), feedback or QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    results = processing.run("rsvlm:buildcaptiondataset", parameters, context=context, feedback=feedback)
    return results, feedback


def refusal(**parameters) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(**parameters)
    return str(caught.value)


def file_of(layer, folder: Path) -> str:
    """The file that the backend reads a vector layer from."""
    from qgis.core import QgsFeedback, QgsProject

    from rsvlm.rsvlm_plugin.processing.vectors import choose, fetch

    return fetch(choose(layer, QgsProject.instance().transformContext()), folder, QgsFeedback())


def rows(folder: Path) -> list:
    return [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]


def test_features_of_a_layer_become_captions_of_windows_in_metres(algorithm, raster, fields, tmp_path) -> None:
    from qgis.core import QgsProcessingFeedback

    folder, path, steps, feedback = tmp_path / "set", raster(), [], QgsProcessingFeedback()
    feedback.progressChanged.connect(steps.append)
    results, _ = run(
        feedback, INPUT=[path], FEATURES=[fields], SIDE=128, UNIT=1, VAL=0.25, TEST=0.0, SEED=3, OUTPUT=str(folder)
    )
    made = rows(folder)
    assert results["COUNT"] == len(made) == 25 and results["OUTPUT_RECORDS"] == str(folder / "records.jsonl")
    assert {row["images"][0]["href"] for row in made} == {path}
    windows = {tuple(row["images"][0]["window"]) for row in made}
    assert windows == {(x, y, x + 64, y + 64) for x in range(0, 320, 64) for y in range(0, 320, 64)}
    (corner,) = [row for row in made if row["images"][0]["window"][:2] == [0, 0]]
    assert "shed" in corner["messages"][1]["content"] and {r["label"] for r in corner["regions"]} == {"field", "shed"}
    splits = [row["split"] for row in made]
    assert set(splits) == {"train", "val"} and 3 <= splits.count("val") <= 10
    assert "25" in (folder / "stats.html").read_text(encoding="utf-8")
    assert steps == sorted(steps) and len(set(steps)) > 10
    assert "25 records: " in feedback.textLog() and not (folder / ".parts").exists()


def test_edits_that_are_not_saved_yet_are_among_the_features(fields, tmp_path, qgis_app) -> None:
    from qgis.core import QgsProcessingContext, QgsVectorFileWriter, QgsVectorLayer

    own, context = str(tmp_path / "own.geojson"), QgsProcessingContext()
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    QgsVectorFileWriter.writeAsVectorFormatV3(fields, own, context.transformContext(), options)
    layer = QgsVectorLayer(own, "own", "ogr")
    assert file_of(layer, tmp_path) == own
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    edited = file_of(layer, tmp_path)
    assert edited != own and len(json.loads(Path(edited).read_text(encoding="utf-8"))["features"]) == 1
    layer.rollBack()


@pytest.mark.parametrize("added", ["crs", "field", "filter"])
def test_what_qgis_adds_to_a_file_is_among_the_features(added, fields, tmp_path, qgis_app) -> None:
    from osgeo import ogr
    from qgis.core import QgsField, QgsProcessingContext, QgsVectorFileWriter, QgsVectorLayer
    from qgis.PyQt.QtCore import QVariant

    own, context = str(tmp_path / "own.shp"), QgsProcessingContext()
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    QgsVectorFileWriter.writeAsVectorFormatV3(fields, own, context.transformContext(), options)
    if added == "crs":
        Path(own).with_suffix(".prj").unlink()
    layer = QgsVectorLayer(own, "own", "ogr")
    assert layer.crs().isValid() == (added != "crs") and file_of(layer, tmp_path) == own
    if added == "crs":
        layer.setCrs(fields.crs())
    elif added == "field":
        layer.addExpressionField("upper(class)", QgsField("label", QVariant.String))
    else:
        layer.setSubsetString("class = 'shed'")
    source = ogr.Open(file_of(layer, tmp_path))
    rows = [row.items() for row in source.GetLayer(0)]
    assert source.GetLayer(0).GetSpatialRef().GetAuthorityCode(None) == "32633"
    assert [row["class"] for row in rows] == (["shed"] if added == "filter" else ["field", "shed"])
    assert [row.get("label") for row in rows] == (["FIELD", "SHED"] if added == "field" else [None] * len(rows))


@pytest.mark.parametrize("code", ["", "ESRI:54009"])
def test_features_in_a_system_without_an_epsg_code_stay_where_they_are(code, fields, tmp_path, qgis_app) -> None:
    from osgeo import ogr
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject

    own = QgsCoordinateReferenceSystem(code or "PROJ:+proj=laea +lat_0=44 +lon_0=14 +datum=WGS84 +units=m")
    assert own.isValid() and own.authid() == code
    layer, move = fields.clone(), QgsCoordinateTransform(fields.crs(), own, QgsProject.instance())
    layer.setCrs(own)
    shapes = {}
    for feature in fields.getFeatures():
        shape = feature.geometry()
        shape.transform(move)
        shapes[feature.id()] = shape
    layer.dataProvider().changeGeometryValues(shapes)
    source = ogr.Open(file_of(layer, tmp_path))
    assert source.GetLayer(0).GetSpatialRef().GetAuthorityCode(None) == "4326"
    (shed,) = [row for row in source.GetLayer(0) if row["class"] == "shed"]
    west, east, south, north = shed.geometry().GetEnvelope()
    degrees = QgsCoordinateTransform(fields.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    corner, other = degrees.transform(UTM[0] + 10, UTM[1] - 50), degrees.transform(UTM[0] + 40, UTM[1] - 10)
    assert (west, south, east, north) == pytest.approx((corner.x(), corner.y(), other.x(), other.y()), abs=1e-6)


def test_features_are_those_that_were_there_when_it_was_asked_for(fields, tmp_path, qgis_app) -> None:
    from qgis.core import QgsCoordinateTransformContext, QgsFeedback

    from rsvlm.rsvlm_plugin.processing.vectors import choose, fetch

    asked = choose(fields, QgsCoordinateTransformContext())
    fields.dataProvider().truncate()
    assert not list(tmp_path.iterdir())
    written = json.loads(Path(fetch(asked, tmp_path, QgsFeedback())).read_text(encoding="utf-8"))
    assert [feature["properties"]["class"] for feature in written["features"]] == ["field", "shed"]


def test_stopped_while_it_writes_features_it_leaves_none(algorithm, raster, fields, tmp_path) -> None:
    from qgis.core import QgsFeature, QgsProcessingFeedback

    shed = list(fields.getFeatures())[1]
    fields.dataProvider().addFeatures([QgsFeature(shed) for _ in range(2000)])
    feedback, steps = QgsProcessingFeedback(), []
    feedback.progressChanged.connect(steps.append)
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent > 10 else None)
    results, _ = run(feedback, INPUT=[raster()], FEATURES=[fields], OUTPUT=str(tmp_path / "set"))
    assert results["COUNT"] == 0 and "Stopped. 0 records are kept" in feedback.textLog()
    assert 10 < max(steps) < 12, "of four steps, the first is the writing"
    assert not list((tmp_path / "set").glob("features*"))


def test_where_a_dataset_is_nothing_is_written(algorithm, raster, fields, tmp_path) -> None:
    path, folder = raster(), tmp_path / "set"
    folder.mkdir()
    (folder / "records.jsonl").write_text("")
    assert f"There is a dataset in {folder} already." in refusal(INPUT=[path], FEATURES=[fields], OUTPUT=str(folder))
    assert [file.name for file in folder.iterdir()] == ["records.jsonl"]


@pytest.mark.parametrize("in_file", [True, False])
def test_a_system_that_only_qgis_knows_is_refused_with_features(in_file, algorithm, raster, fields, tmp_path) -> None:
    from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext, QgsRasterLayer

    path, context = raster(system=in_file), QgsProcessingContext()
    layer = QgsRasterLayer(path, "ortho")
    wanted = {"INPUT": [layer], "FEATURES": [fields], "OUTPUT": str(tmp_path / "set")}
    layer.setCrs(layer.dataProvider().crs())
    assert algorithm.checkParameterValues(wanted, context) == (True, "")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32634"))
    accepted, said = algorithm.checkParameterValues(wanted, context)
    assert not accepted and "“ortho” has another coordinate system in QGIS than in its file" in said
    assert "Assign Projection" in said and "GeoTIFF" in said
    labelled = {"INPUT": [layer], "LABELS": "airport", "OUTPUT": str(tmp_path / "set")}
    assert algorithm.checkParameterValues(labelled, context) == (True, "")


def test_labels_hold_for_every_window_of_every_raster(algorithm, raster, tmp_path, monkeypatch) -> None:
    """Paths are from where the user is, as qgis_process is given them; the backend works in a folder of its own."""
    rasters = [raster("one.tif", 128), raster("two.tif", 128, UTM[0] + 50_000)]
    monkeypatch.chdir(tmp_path)
    results, _ = run(INPUT=["one.tif", "two.tif"], LABELS="airport; river", SIDE=64, VAL=0.2, OUTPUT="set")
    assert results["OUTPUT_RECORDS"] == str(tmp_path / "set" / "records.jsonl")
    made = rows(tmp_path / "set")
    assert results["COUNT"] == len(made) == 20 and len({row["id"] for row in made}) == 20
    assert all("airport" in row["messages"][1]["content"].lower() for row in made)
    assert {row["images"][0]["href"] for row in made} == set(rasters)


def test_stopped_it_keeps_what_is_finished_and_goes_on_there(algorithm, raster, fields, tmp_path) -> None:
    from qgis.core import QgsProcessingFeedback

    rasters = [raster("small.tif", 64), raster("large.tif", 1024)]
    wanted = {"INPUT": rasters, "FEATURES": [fields], "SIDE": 32, "VAL": 0.1, "OUTPUT": str(tmp_path / "set")}
    feedback = QgsProcessingFeedback()
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent > 45 else None)
    results, _ = run(feedback, **wanted)
    kept = results["COUNT"]
    assert 20 <= kept < 340 and "OUTPUT_RECORDS" not in results
    assert f"Stopped. {kept} records are kept" in feedback.textLog()
    assert not (tmp_path / "set" / "records.jsonl").exists()
    assert run(**wanted)[0]["COUNT"] == 340
    whole = tmp_path / "whole"
    run(**{**wanted, "OUTPUT": str(whole)})
    stopped = (tmp_path / "set" / "records.jsonl").read_text().replace(str(tmp_path / "set"), str(whole))
    assert (whole / "records.jsonl").read_text() == stopped


def test_a_raster_without_features_is_told_and_the_others_are_used(algorithm, raster, fields, tmp_path) -> None:
    rasters = [raster("here.tif", 320), raster("far.tif", 64, UTM[0] + 200_000)]
    results, feedback = run(INPUT=rasters, FEATURES=[fields], SIDE=64, OUTPUT=str(tmp_path / "set"))
    assert results["COUNT"] == 25
    assert "far.tif: No feature that is seen from above lies on far.tif." in feedback.textLog()
    assert "No feature that is seen" in refusal(INPUT=rasters[1:], FEATURES=[fields], OUTPUT=str(tmp_path / "none"))


def test_what_does_not_go_is_told_in_words(algorithm, raster, fields, tmp_path) -> None:
    from qgis.core import QgsRasterLayer

    path, folder = raster(), tmp_path / "set"
    assert "Nothing says what the rasters show." in refusal(INPUT=[path], OUTPUT=str(folder))
    assert "Several things say it." in refusal(INPUT=[path], LABELS="a", MODEL="compact", OUTPUT=str(folder))
    tiles = QgsRasterLayer(f"type=xyz&url=file://{tmp_path}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=0", "tiles", "wms")
    said = refusal(INPUT=[tiles], LABELS="a", OUTPUT=str(folder))
    assert "“tiles” is no raster on this computer. Save it as a GeoTIFF first" in said
    assert "only 5 pixels" in refusal(INPUT=[path], LABELS="a", SIDE=10, UNIT=1, OUTPUT=str(folder))
    (folder / "records.jsonl").write_text("")
    assert f"There is a dataset in {folder} already." in refusal(INPUT=[path], LABELS="a", OUTPUT=str(folder))


def test_algorithm_keeps_its_name_and_parameters_forever(algorithm) -> None:
    assert algorithm.id() == "rsvlm:buildcaptiondataset"
    names = [parameter.name() for parameter in algorithm.parameterDefinitions()]
    sources, windows = ["INPUT", "FEATURES", "CALLED", "LABELS", "MODEL"], ["SIDE", "UNIT", "LAYOUT"]
    assert names == [*sources, *windows, "VAL", "TEST", "BLOCK", "SEED", "OUTPUT"]
    outputs = [output.name() for output in algorithm.outputDefinitions()]
    assert outputs == ["OUTPUT", "OUTPUT_RECORDS", "OUTPUT_PAGE", "COUNT"]
    assert algorithm.parameterDefinition("UNIT").options() == ["Pixels", "Metres on the ground"]
    assert algorithm.parameterDefinition("LAYOUT").options() == ["Side by side", "Around features"]
