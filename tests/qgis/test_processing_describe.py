"""rsvlm:describeextent sends the right pixels and writes what it is told, wherever it is run from."""

from __future__ import annotations

import base64
import json
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

STAND_IN = Path(__file__).with_name("misbehaving_backend.py")
UTM = (500_000.0, 5_000_000.0)  # upper left corner, EPSG:32632: the central meridian, 9° east


@pytest.fixture
def algorithm(qgis_app, qgis_processing):
    """The algorithm as the registry has it."""
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.processing.provider import RsvlmProvider

    registry = QgsApplication.processingRegistry()
    provider = RsvlmProvider()
    registry.addProvider(provider)
    yield registry.algorithmById("rsvlm:describeextent")
    registry.removeProvider(provider)


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """A backend that says "Fünf Boote."; `sent()` is the last chat request it got."""
    from rsvlm.protocol import PROTOCOL
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    monkeypatch.setenv("RSVLM_PYTHON", str(STAND_IN))
    monkeypatch.setenv("RSVLM_TEST_PROTOCOL", str(PROTOCOL))
    monkeypatch.setenv("RSVLM_MISBEHAVE", "one byte at a time")
    shared_process().stop()

    def last() -> dict:
        lines = (tmp_path / "heard.txt").read_text().splitlines()
        return json.loads([line for line in lines if line.startswith("POST ")][-1][5:])

    yield last
    shared_process().stop()


@pytest.fixture
def raster(tmp_path):
    """`raster(crs, bands)` writes a GeoTIFF of 100 x 80 pixels of 10 m and returns its path."""
    from osgeo import gdal, osr

    def write(crs: int = 32632, bands: int = 3) -> str:
        path = str(tmp_path / f"raster_{crs}_{bands}.tif")
        dataset = gdal.GetDriverByName("GTiff").Create(path, 100, 80, bands)
        if crs:
            system = osr.SpatialReference()
            system.ImportFromEPSG(crs)
            dataset.SetProjection(system.ExportToWkt())
            dataset.SetGeoTransform((UTM[0], 10, 0, UTM[1], 0, -10))
        for band in range(bands):
            dataset.GetRasterBand(band + 1).WriteArray(np.full((80, 100), 50 * band + 20, np.uint8))
        dataset.FlushCache()
        return path

    return write


def run(**parameters):
    import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    results = processing.run("rsvlm:describeextent", parameters, context=context, feedback=feedback)
    return results, feedback


def refusal(**parameters) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(**parameters)
    return str(caught.value)


def test_whole_file_goes_by_its_path_and_the_words_come_back(algorithm, sent, raster) -> None:
    path = raster()
    results, feedback = run(INPUT=path, STYLE=1, OUTPUT="memory:")
    assert results["OUTPUT_TEXT"] == "Fünf Boote."
    assert "Fünf Boote." in feedback.textLog() and "Looking" in feedback.textLog()
    request = sent()
    assert request["rsvlm"] == {"task": "describe", "style": "detailed"}
    assert request["model"] == "compact"
    place = request["messages"][0]["content"][1]["raster"]
    assert place == {"href": path, "crs": "EPSG:32632", "name": Path(path).stem}


def test_output_is_the_described_extent_with_text_and_provenance(algorithm, sent, raster) -> None:
    layer = run(INPUT=raster(), EXTENT="500100,500300,4999500,4999900 [EPSG:32632]", OUTPUT="memory:")[0]["OUTPUT"]
    assert layer.crs().authid() == "EPSG:32632"
    feature = next(layer.getFeatures())
    assert feature.geometry().boundingBox().toString(0) == "500100,4999500 : 500300,4999900"
    assert (feature["text"], feature["style"], feature["model"]) == ("Fünf Boote.", "brief", "compact")
    names = {field.name() for field in layer.fields()}
    assert {"text", "style", "model", "revision", "confidence", "source", "acquired"} <= names
    assert {"gsd_m", "created", "warnings", "label", "score"} <= names


def test_text_alone_needs_no_output_layer(algorithm, sent, raster) -> None:
    results, _ = run(INPUT=raster())
    assert results["OUTPUT_TEXT"] == "Fünf Boote."
    assert "OUTPUT" not in results


def test_extent_in_degrees_is_found_in_the_raster_s_own_coordinates(algorithm, sent, raster) -> None:
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsCoordinateTransformContext,
        QgsPointXY,
    )

    to_utm = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"),
        QgsCoordinateReferenceSystem("EPSG:32632"),
        QgsCoordinateTransformContext(),
    )
    run(INPUT=raster(), EXTENT="9.002,9.006,45.148,45.151 [EPSG:4326]")
    place = sent()["messages"][0]["content"][1]["raster"]
    corner = to_utm.transform(QgsPointXY(9.002, 45.148))
    assert place["crs"] == "EPSG:32632"
    assert place["extent"][0] == pytest.approx(corner.x(), abs=1)
    assert place["extent"][1] == pytest.approx(corner.y(), abs=1)


def test_raster_without_crs_is_asked_for_in_pixels(algorithm, sent, raster) -> None:
    from qgis.core import QgsRasterLayer

    path = raster(crs=0)
    layer = QgsRasterLayer(path, "plain")
    top, left = layer.extent().yMaximum(), layer.extent().xMinimum()
    run(INPUT=path, EXTENT=f"{left + 10},{left + 30},{top - 25},{top - 5}")
    place = sent()["messages"][0]["content"][1]["raster"]
    assert place["extent"] == [10, 5, 30, 25]
    assert "crs" not in place


def test_layer_of_the_project_is_seen_in_the_bands_it_is_shown_with(algorithm, sent, raster, qgis_new_project) -> None:
    from qgis.core import QgsProject, QgsRasterLayer

    layer = QgsRasterLayer(raster(bands=4), "four")
    QgsProject.instance().addMapLayer(layer)
    layer.renderer().setRedBand(4)
    run(INPUT=layer)
    assert sent()["messages"][0]["content"][1]["raster"]["bands"] == [4, 2, 3]


def test_service_is_drawn_and_sent_with_its_place(algorithm, sent, tmp_path) -> None:
    from PIL import Image
    from qgis.core import QgsRasterLayer

    tile = tmp_path / "0" / "0" / "0.png"
    tile.parent.mkdir(parents=True)
    Image.new("RGB", (256, 256), (10, 120, 30)).save(tile)
    layer = QgsRasterLayer(f"type=xyz&url=file://{tmp_path}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=0", "tiles", "wms")
    assert layer.isValid()
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(1000)  # what the map shows of it, and when, means nothing here
    assert "service without an end" in refusal(INPUT=layer)
    run(INPUT=layer, EXTENT="0,2000000,0,1000000 [EPSG:3857]")
    place = sent()["messages"][0]["content"][1]["raster"]
    picture = tmp_path / "sent.png"
    picture.write_bytes(base64.b64decode(place["data"]))
    with Image.open(picture) as image:
        assert image.width == 1024 and image.height == 512
        assert image.convert("RGB").getpixel((500, 250)) == (10, 120, 30)
    assert place["crs"] == "EPSG:3857"
    assert place["transform"] == pytest.approx([2_000_000 / 1024, 0, 0, 0, -1_000_000 / 512, 1_000_000])


def test_file_that_is_drawn_is_said_with_the_size_and_the_reason(algorithm, sent, raster) -> None:
    from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRasterRange

    path = raster()
    assert "drawn" not in run(INPUT=path)[1].textLog()
    layer = QgsRasterLayer(path, "meadow")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 9)])
    said = run(INPUT=layer)[1].textLog()
    assert "“meadow” is drawn, not read: it has no data by more than one value" in said
    assert "256 × 205 pixels of 3.91 m" in said and "Layer Properties ▸ Transparency" in said
    assert "data" in sent()["messages"][0]["content"][1]["raster"]
    layer = QgsRasterLayer(path, "meadow")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    said = run(INPUT=layer)[1].textLog()
    assert "its coordinate system was set to another one" in said and "Choose EPSG:32632 in Layer Properties" in said


def test_shapefile_keeps_a_long_text_whole_and_says_where(algorithm, sent, raster, tmp_path, monkeypatch) -> None:
    from osgeo import ogr

    from rsvlm.rsvlm_plugin.environment.process import shared_process

    text = " ".join(f"Fünf Boote am {number}. Steg." for number in range(30))
    answer = {"text": text, "evidence": [], "provenance": {"model": "compact"}, "warnings": []}
    event = json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}], "rsvlm": {"answer": answer}})
    (tmp_path / "stream.txt").write_text(f"data: {event}\n\ndata: [DONE]\n\n")
    monkeypatch.setenv("RSVLM_MISBEHAVE", "says what a file holds")
    shared_process().stop()
    path = str(tmp_path / "described.shp")
    results, feedback = run(INPUT=raster(), OUTPUT=path)
    assert results["OUTPUT_TEXT"] == text and len(text.encode()) > 2 * 254
    source = ogr.Open(path)
    row = source.GetLayer(0).GetNextFeature()
    assert " ".join(row[name] for name in ("text", "text2", "text3")) == text
    assert "“text” continues in text2, text3." in feedback.textLog()


def test_a_drawing_that_is_cancelled_is_over_when_the_algorithm_is(algorithm) -> None:
    """The service takes the question for a tile and never answers; nothing of the drawing outlives the thread."""
    from qgis.core import QgsProcessingFeedback, QgsRasterLayer, QgsRectangle

    from rsvlm.protocol import Cancelled
    from rsvlm.rsvlm_plugin.layers.rendering import MapPicture
    from rsvlm.rsvlm_plugin.processing.pixels import choose, fetch

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{{z}}/{{x}}/{{y}}.png"
        layer = QgsRasterLayer(f"type=xyz&url={url}&zmin=0&zmax=3", "tiles", "wms")
        source, feedback, outcome = choose(layer, QgsRectangle(0, 0, 1e6, 1e6)), QgsProcessingFeedback(), []

        def work() -> None:
            try:
                outcome.append(fetch(source, feedback))
            except Cancelled as cancelled:
                outcome.append((cancelled, len(MapPicture._retiring)))

        worker = threading.Thread(target=work)
        threading.Timer(0.2, feedback.cancel).start()
        worker.start()
        worker.join(10)
    assert not worker.is_alive()
    assert isinstance(outcome[0][0], Cancelled) and outcome[0][1] == 0


def test_extent_without_area_is_refused_in_words(algorithm, raster) -> None:
    assert "The extent covers no area." in refusal(INPUT=raster(), EXTENT="500100,500100,4999500,4999500")


def test_missing_backend_is_one_sentence_and_the_next_step(algorithm, raster, monkeypatch) -> None:
    monkeypatch.setenv("RSVLM_PYTHON", "/nowhere/python")
    said = refusal(INPUT=raster())
    assert "RSVLM_PYTHON names /nowhere/python" in said and "Traceback" not in said


def test_help_says_something_about_every_parameter(algorithm) -> None:
    paragraphs = algorithm.shortHelpString().split("\n\n")
    for parameter in algorithm.parameterDefinitions():
        assert parameter.help(), parameter.name()
        told = [text for text in paragraphs if text.startswith(f"{parameter.description()}: ")]
        assert len(told) == 1, parameter.name()
    assert algorithm.helpUrl().startswith("https://")
    assert "caption" in algorithm.tags()
    assert not algorithm.icon().isNull()


def test_algorithm_keeps_its_name_and_parameters_forever(algorithm) -> None:
    assert algorithm.id() == "rsvlm:describeextent"
    names = [parameter.name() for parameter in algorithm.parameterDefinitions()]
    assert names == ["INPUT", "EXTENT", "STYLE", "MODEL", "SERVER", "OUTPUT"]
    assert [output.name() for output in algorithm.outputDefinitions()] == ["OUTPUT_TEXT", "OUTPUT"]
    styles = algorithm.parameterDefinition("STYLE").options()
    assert styles == ["Brief", "Detailed", "Structured"]
