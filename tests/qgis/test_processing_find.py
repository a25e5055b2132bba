"""rsvlm:segmentbytext and rsvlm:groundbytext with the real backend and small models of random weights: the geometry, the
fields and the files are real, what the masks show is not.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from osgeo import ogr

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo"
LEFT, TOP, PIXEL = 654_200, 5_318_600, 0.5  # of the demo, in EPSG:32632
SIDE = 64  # pixels of a tile of the small models
NAMES = ["label", "phrase", "kind", "score", "area_m2", "perimeter_m", "count", "source", "model", "revision",
         "acquired", "created"]  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory, qgis_app):
    """The backend with the small models of make_small_models.py."""
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("make_small_models.py")
    subprocess.run([os.environ["RSVLM_PYTHON"], str(script), str(folder)], check=True)
    shared_process().stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_MODELS", str(folder))
        yield folder
        shared_process().stop()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """`scene(name, tiles)`: the path of the upper left corner of a demo raster, so many tiles across and down."""
    from osgeo import gdal

    folder = tmp_path_factory.mktemp("scenes")

    def cut(name: str = "after", tiles: int = 1) -> str:
        path = folder / f"{name}_{tiles}.tif"
        gdal.Translate(str(path), str(DEMO / f"{name}.tif"), srcWin=[0, 0, SIDE * tiles, SIDE * tiles])
        return str(path)

    return cut


@pytest.fixture(scope="module")
def provider(qgis_app, qgis_processing):
    """The registry with the algorithms; for all tests, because a provider that leaves ends the backend."""
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.processing.provider import RsvlmProvider

    registry = QgsApplication.processingRegistry()
    made = RsvlmProvider()
    registry.addProvider(made)
    yield registry
    registry.removeProvider(made)


class Told:
    """Everything that a run tells the user."""

    def __init__(self) -> None:
        from qgis.core import QgsProcessingFeedback

        self.feedback = QgsProcessingFeedback()
        self.progress = []
        self.feedback.progressChanged.connect(self.progress.append)


def run(name: str, **parameters):
    import processing
    from qgis.core import QgsProcessingContext, QgsProject

    context, told = QgsProcessingContext(), Told()
    context.setProject(QgsProject.instance())
    return processing.run(f"rsvlm:{name}", parameters, context=context, feedback=told.feedback), told


def refusal(name: str, **parameters) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(name, **parameters)
    return str(caught.value)


def ellipsoidal(layer):
    from qgis.core import QgsDistanceArea, QgsProject

    measure = QgsDistanceArea()
    measure.setSourceCrs(layer.crs(), QgsProject.instance().transformContext())
    measure.setEllipsoid("EPSG:7030")
    return measure


def test_masks_are_measured_polygons_in_the_raster_s_crs(models, scene, provider) -> None:
    results, told = run(
        "segmentbytext", INPUT=scene("after", 2), PHRASES="roofs, the lake", MODEL="geopix", OUTPUT="memory:"
    )
    layer = results["OUTPUT"]
    assert layer.crs().authid() == "EPSG:32632"
    assert [field.name() for field in layer.fields()] == NAMES
    features = list(layer.getFeatures())
    assert features and results["COUNT"] == len(features)
    measure = ellipsoidal(layer)
    for feature in features:
        box = feature.geometry().boundingBox()
        assert feature.geometry().isGeosValid()
        assert box.xMinimum() >= LEFT and box.xMaximum() <= LEFT + 2 * SIDE * PIXEL
        assert box.yMaximum() <= TOP and box.yMinimum() >= TOP - 2 * SIDE * PIXEL
        assert feature["area_m2"] == pytest.approx(measure.measureArea(feature.geometry()), rel=1e-3)
        assert feature["perimeter_m"] == pytest.approx(measure.measurePerimeter(feature.geometry()), rel=1e-3)
        assert (feature["kind"], feature["model"], feature["count"]) == ("mask", "geopix", 1)
        assert feature["phrase"] in ("roofs", "the lake") and 0 <= feature["score"] <= 1
    assert results["AREA_M2"] == pytest.approx(sum(feature["area_m2"] for feature in features))
    assert results["OUTPUT_TEXT"].startswith("roofs: ") and results["OUTPUT_TEXT"] in told.feedback.textLog()
    assert told.progress and told.progress == sorted(told.progress) and 99 < told.progress[-1] <= 100


def test_boxes_go_into_the_file_that_is_named(models, scene, provider, tmp_path) -> None:
    path = str(tmp_path / "boxes.gpkg")
    results, _told = run("groundbytext", INPUT=scene(), PHRASES="boats", MODEL="boxes", OUTPUT=path)
    source = ogr.Open(path)
    layer = source.GetLayer(0)
    rows = list(layer)
    assert results["COUNT"] == len(rows) == 2
    assert {row["kind"] for row in rows} == {"box"} and {row["phrase"] for row in rows} == {"boats"}
    first = sorted(row.GetGeometryRef().GetEnvelope() for row in rows)[0]
    assert first == pytest.approx((LEFT, LEFT + 16, TOP - 8, TOP), abs=0.01)  # 50 % by 25 % of 32 m


def test_boxes_in_a_shapefile_have_the_short_names_that_are_told(models, scene, provider, tmp_path) -> None:
    path = str(tmp_path / "boxes.shp")
    _results, told = run("groundbytext", INPUT=scene(), PHRASES="boats", MODEL="boxes", OUTPUT=path)
    source = ogr.Open(path)
    rows = list(source.GetLayer(0))
    assert [row["perim_m"] for row in rows] == [
        pytest.approx(row.GetGeometryRef().Boundary().Length(), 1e-2) for row in rows
    ]
    assert len(rows) == 2 and "perimeter_m → perim_m" in told.feedback.textLog()


def test_only_the_extent_is_looked_at(models, scene, provider) -> None:
    extent = "654210,654220,5318580,5318590 [EPSG:32632]"
    results, _told = run(
        "segmentbytext", INPUT=scene(), EXTENT=extent, PHRASES="roofs", MODEL="geopix", OUTPUT="memory:"
    )
    box = results["OUTPUT"].extent()
    assert box.xMinimum() >= 654_210 and box.xMaximum() <= 654_220
    assert box.yMinimum() >= 5_318_580 and box.yMaximum() <= 5_318_590


def test_what_is_not_there_is_an_empty_layer_and_said(models, scene, provider) -> None:
    results, told = run("segmentbytext", INPUT=scene(), PHRASES="ships; roofs", MODEL="absent", OUTPUT="memory:")
    assert results["OUTPUT"].featureCount() == 0 and results["COUNT"] == 0
    assert results["ABSENT"] == "ships; roofs"
    assert "ships: none found." in told.feedback.textLog()


def test_a_batch_over_two_rasters_gives_two_files(models, scene, provider, tmp_path) -> None:
    counts = []
    for name in ("before", "after"):
        path = tmp_path / f"{name}.fgb"
        results, _told = run("groundbytext", INPUT=scene(name), PHRASES="boats", MODEL="boxes", OUTPUT=str(path))
        counts.append(results["COUNT"])
        source = ogr.Open(str(path))
        assert source.GetLayer(0).GetNextFeature()["source"] == f"{name}_1"
    assert counts == [2, 2]


def test_a_model_of_the_modeler_feeds_masks_to_the_next_algorithm(models, scene, provider) -> None:
    import processing
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterRasterLayer,
        QgsProject,
    )

    model = QgsProcessingModelAlgorithm("find and buffer")
    model.addModelParameter(QgsProcessingParameterRasterLayer("RASTER"), QgsProcessingModelParameter("RASTER"))
    static = QgsProcessingModelChildParameterSource.fromStaticValue
    find = QgsProcessingModelChildAlgorithm("rsvlm:groundbytext")
    find.setChildId("find")
    find.addParameterSources("INPUT", [QgsProcessingModelChildParameterSource.fromModelParameter("RASTER")])
    find.addParameterSources("PHRASES", [static("boats")])
    find.addParameterSources("MODEL", [static("boxes")])
    model.addChildAlgorithm(find)
    buffer = QgsProcessingModelChildAlgorithm("native:centroids")
    buffer.setChildId("middle")
    buffer.addParameterSources("INPUT", [QgsProcessingModelChildParameterSource.fromChildOutput("find", "OUTPUT")])
    output = QgsProcessingModelOutput("OUT", QgsProcessingModelOutput("OUT").defaultValue())
    output.setChildOutputName("OUTPUT")
    output.setChildId("middle")
    buffer.setModelOutputs({"OUT": output})
    model.addChildAlgorithm(buffer)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    results = processing.run(
        model, {"RASTER": scene(), "middle:OUT": "memory:"}, context=context, feedback=QgsProcessingFeedback()
    )
    points = [feature.geometry().asPoint() for feature in results["middle:OUT"].getFeatures()]
    assert sorted(round(point.x()) for point in points) == [LEFT + 5, LEFT + 8]  # 15 % and 25 % of 32 m


def test_a_mask_raster_and_probabilities_are_written_when_asked_for(models, scene, provider, tmp_path) -> None:
    """On the raster's own pixels, and by what the layer's polygons say."""
    from osgeo import gdal

    mask, likely = str(tmp_path / "mask.tif"), str(tmp_path / "likely.tif")
    results, told = run("segmentbytext", INPUT=scene("after", 2), PHRASES="roofs, water", MODEL="geopix", OUTPUT="memory:",
                        TOLERANCE_M=0, MASK=mask, PROBABILITIES=likely)  # fmt: skip
    assert (results["MASK"], results["PROBABILITIES"]) == (mask, likely) and likely in told.feedback.textLog()
    file = gdal.Open(mask)
    band = file.GetRasterBand(1)
    assert file.GetGeoTransform() == (LEFT, PIXEL, 0, TOP, 0, -PIXEL) and (file.RasterXSize, band.YSize) == (128, 128)
    pixels, areas = band.ReadAsArray(), {}
    for feature in results["OUTPUT"].getFeatures():
        areas[feature["label"]] = areas.get(feature["label"], 0) + feature.geometry().area()
    assert areas
    for number, label in enumerate(areas, 1):
        assert band.GetMetadata()[f"CLASS_{number}"] == label
        assert (pixels == number).sum() * PIXEL**2 == pytest.approx(areas[label], rel=0.02)
    kept = gdal.Open(likely)
    band = kept.GetRasterBand(1)
    assert kept.RasterCount >= 1 and band.GetDescription() and band.GetScale() == pytest.approx(1 / 250)
    assert kept.GetProjection() == file.GetProjection()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["likely.tif", "mask.tif"]


def test_probabilities_of_several_expressions_replace_nothing_else(qgis_app, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.processing.mask_rasters import copy_probabilities

    kept = []
    for number in range(3):
        (tmp_path / f"kept{number}").write_text(str(number))
        kept.append({"path": str(tmp_path / f"kept{number}")})
    town, raster = tmp_path / "town.tif", tmp_path / "town-2.tif"
    town.write_text("what the user has chosen to replace")
    raster.write_text("the raster that was looked at")
    copies = copy_probabilities(kept, str(town))
    assert copies == [str(tmp_path / name) for name in ("town.tif", "town-3.tif", "town-4.tif")]
    assert [Path(path).read_text() for path in copies] == ["0", "1", "2"]
    assert raster.read_text() == "the raster that was looked at"


def test_a_mask_of_a_picture_without_a_place_is_on_its_pixels(models, provider, tmp_path) -> None:
    from osgeo import gdal

    picture, mask = str(tmp_path / "picture.tif"), str(tmp_path / "mask.tif")
    plain = gdal.Open(str(DEMO / "after.tif")).ReadAsArray(0, 0, 90, 70)
    file = gdal.GetDriverByName("GTiff").Create(picture, 90, 70, len(plain), gdal.GDT_Byte)
    file.WriteArray(plain)
    file = None
    results, _told = run("segmentbytext", INPUT=picture, PHRASES="roofs", MODEL="geopix", OUTPUT="memory:",
                         TOLERANCE_M=0, MASK=mask)  # fmt: skip
    pixels = gdal.Open(mask).ReadAsArray()
    boxes = [feature.geometry().boundingBox() for feature in results["OUTPUT"].getFeatures()]
    marked = {(x, y) for y, x in zip(*pixels.nonzero())}
    assert pixels.shape == (70, 90) and marked and boxes
    assert min(x for x, _y in marked) == pytest.approx(min(box.xMinimum() for box in boxes), abs=1)
    assert min(y for _x, y in marked) == pytest.approx(min(-box.yMaximum() for box in boxes), abs=1)
    assert len(marked) == pytest.approx(
        sum(feature.geometry().area() for feature in results["OUTPUT"].getFeatures()), rel=0.02
    )


def test_a_mask_that_cannot_be_written_is_a_warning_beside_the_polygons(models, scene, provider, tmp_path) -> None:
    mask = tmp_path / "mask.tif"
    mask.mkdir()  # a folder of that name is not replaced
    told = Told()
    asked = {"INPUT": scene(), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": "TEMPORARY_OUTPUT"}
    layers = loaded(told.feedback, **asked, MASK=str(mask), PROBABILITIES="TEMPORARY_OUTPUT")
    assert sorted(layers) == ["Masks", "Probabilities"] and layers["Masks"].featureCount() > 0
    assert f"{mask} could not be written" in told.feedback.textLog()


def test_rasters_are_not_written_unless_they_are_asked_for(models, scene, provider, tmp_path) -> None:
    results, _told = run(
        "segmentbytext", INPUT=scene(), PHRASES="roofs", MODEL="geopix", OUTPUT=str(tmp_path / "a.gpkg")
    )
    assert "MASK" not in results and "PROBABILITIES" not in results
    assert [item.name for item in tmp_path.iterdir()] == ["a.gpkg"]


def test_a_mask_that_would_replace_the_raster_or_be_no_geotiff_is_refused(models, scene, provider, tmp_path) -> None:
    asked = {"INPUT": scene(), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": "memory:"}
    assert "is the raster that is looked at" in refusal("segmentbytext", **asked, MASK=scene())
    assert provider.providerById("rsvlm").supportedOutputRasterLayerExtensions() == ["tif", "tiff"]
    assert "would be a GeoTIFF" in refusal("segmentbytext", **asked, PROBABILITIES=str(tmp_path / "a.png"))


@pytest.mark.parametrize("output, mask, likely", [
    ("memory:", "a.tif", "a.tif"), ("memory:", "a.tif", "./a.tif"), ("a.tif", "a.tif", "b.tif"),
])  # fmt: skip
def test_two_outputs_in_one_file_are_refused(scene, provider, tmp_path, output, mask, likely) -> None:
    paths = {"OUTPUT": output, "MASK": mask, "PROBABILITIES": likely}
    paths = {name: path if path == "memory:" else f"{tmp_path}/{path}" for name, path in paths.items()}
    said = refusal("segmentbytext", INPUT=scene(), PHRASES="roofs", MODEL="geopix", **paths)
    assert "“Mask raster” " in said and "would both be" in said and "Choose another name" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name, output", [
    ("segmentbytext", "OUTPUT"), ("segmentbytext", "MASK"), ("segmentbytext", "PROBABILITIES"), ("groundbytext", "OUTPUT"),
    ("describeextent", "OUTPUT"),
])  # fmt: skip
def test_a_folder_that_takes_no_file_is_refused_before_anything_is_asked(
    scene, provider, tmp_path, name, output
) -> None:
    from qgis.core import QgsProcessingContext

    suffix = ".gpkg" if output == "OUTPUT" else ".tif"
    asked = {"INPUT": scene(), "PHRASES": "roofs", "OUTPUT": "memory:"}
    algorithm = provider.algorithmById(f"rsvlm:{name}").create()

    def check(path: str):
        return algorithm.checkParameterValues({**asked, output: path}, QgsProcessingContext())

    table = f"ogr:dbname='{tmp_path}/missing/a.gpkg' table=\"a\" (geom)"
    for path in [f"{tmp_path}/missing/a{suffix}", *([table] if output == "OUTPUT" else [])]:
        accepted, said = check(path)
        assert not accepted
        assert f"no folder {tmp_path}/missing" in said and "Make that folder, or choose another" in said
    accepted, said = check(f"/proc/a{suffix}")
    assert not accepted and f"/proc/a{suffix} could not be written" in said and "Choose a folder" in said
    assert check(f"{tmp_path}/a{suffix}") == (True, "") and not list(tmp_path.iterdir())
    assert check("TEMPORARY_OUTPUT") == (True, "")


def test_a_mask_of_a_file_that_is_drawn_is_refused_with_the_reason(scene, provider, tmp_path) -> None:
    from qgis.core import QgsProcessingContext, QgsRasterLayer, QgsRasterRange

    layer = QgsRasterLayer(scene(), "meadow")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 9)])
    algorithm, told = provider.algorithmById("rsvlm:segmentbytext").create(), Told()
    asked = {"INPUT": layer, "PHRASES": "roofs", "OUTPUT": "memory:", "MASK": str(tmp_path / "mask.tif")}
    assert not algorithm.prepare(asked, QgsProcessingContext(), told.feedback)
    said = told.feedback.textLog()
    assert "“meadow” is drawn, not read, and a drawing has no pixels for a mask raster: it has no data by more" in said
    assert "service" not in said
    assert "Layer Properties ▸ Transparency" in said


def test_no_phrase_and_an_unable_model_are_refused_in_words(models, scene, provider) -> None:
    assert "There is no phrase to look for." in refusal("segmentbytext", INPUT=scene(), PHRASES=" , ", OUTPUT="memory:")
    said = refusal("groundbytext", INPUT=scene(), PHRASES="boats", MODEL="nobody", OUTPUT="memory:")
    assert "nobody" in said and "Traceback" not in said


def test_cancel_ends_it_at_once(models, scene, provider) -> None:
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    feedback = QgsProcessingFeedback()
    feedback.cancel()
    algorithm = provider.algorithmById("rsvlm:segmentbytext").create()
    parameters = {"INPUT": scene(), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": "memory:"}
    results, worked = algorithm.run(parameters, QgsProcessingContext(), feedback)
    assert worked and results == {}


@pytest.mark.parametrize("name, model", [("segmentbytext", "geopix"), ("groundbytext", "boxes")])
def test_cancel_keeps_what_was_found_loads_it_and_says_so(models, scene, provider, name, model) -> None:
    import processing
    from qgis.core import QgsProcessingContext, QgsProject

    told, context = Told(), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    told.feedback.progressChanged.connect(lambda done: told.feedback.cancel() if done > 25 else None)
    before = set(QgsProject.instance().mapLayers())
    parameters = {"INPUT": scene("after", 8), "PHRASES": "roofs", "MODEL": model, "OUTPUT": "TEMPORARY_OUTPUT"}
    results = processing.runAndLoadResults(f"rsvlm:{name}", parameters, told.feedback, context)
    (added,) = set(QgsProject.instance().mapLayers()) - before
    layer = QgsProject.instance().takeMapLayer(QgsProject.instance().mapLayer(added))
    lowest = min(feature.geometry().boundingBox().yMinimum() for feature in layer.getFeatures())
    assert results["COUNT"] == layer.featureCount() > 0 and layer.customProperty("rsvlm/result")
    assert TOP - 8 * SIDE * PIXEL + SIDE * PIXEL < lowest < TOP
    said = told.feedback.textLog()
    assert "what was found is kept" in said and "Stopped after" in said and results["ABSENT"] == ""


def in_toolbox(wait, feedback, name: str, **parameters):
    """As QGIS's dialog runs it: prepared here, carried out in a thread; what the task gives, and the new layers by name."""
    from qgis.core import QgsApplication, QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProject

    project, context, outcomes = QgsProject.instance(), QgsProcessingContext(), []
    context.setProject(project)
    before = set(project.mapLayers())
    for output in ("OUTPUT", "MASK"):
        if output in parameters:
            parameters[output] = to_load(parameters[output])
    algorithm = QgsApplication.processingRegistry().algorithmById(f"rsvlm:{name}")
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    task.executed.connect(lambda well, results: outcomes.append((well, results)))
    QgsApplication.taskManager().addTask(task)
    wait(lambda: outcomes, 60)
    added = [project.takeMapLayer(project.mapLayer(key)) for key in set(project.mapLayers()) - before]
    return outcomes[0], added


def to_load(destination: str):
    from qgis.core import QgsProcessingOutputLayerDefinition, QgsProject

    return QgsProcessingOutputLayerDefinition(destination, QgsProject.instance())


@pytest.mark.parametrize("kept_in", ["memory", "file"])
def test_cancel_in_the_toolbox_keeps_what_was_found(models, scene, provider, wait, tmp_path, kept_in) -> None:
    from qgis.core import QgsApplication

    told, mask = Told(), str(tmp_path / "mask.tif")
    told.feedback.progressChanged.connect(lambda done: told.feedback.cancel() if done > 25 else None)
    output = "TEMPORARY_OUTPUT" if kept_in == "memory" else str(tmp_path / "found.gpkg")
    asked = {"INPUT": scene("after", 8), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": output, "MASK": mask}
    (well, results), added = in_toolbox(wait, told.feedback, "segmentbytext", **asked)
    assert not well and "what was found is kept" in told.feedback.textLog()
    assert sorted(layer.type() for layer in added) == [0, 1]  # neither twice
    masks, raster = sorted(added, key=lambda layer: layer.type())
    assert raster.source() == mask and raster.isValid()
    assert results["COUNT"] == masks.featureCount() > 0 and masks.customProperty("rsvlm/result")
    assert masks.thread() == QgsApplication.instance().thread() == raster.thread()
    lowest = min(feature.geometry().boundingBox().yMinimum() for feature in masks.getFeatures())
    assert TOP - 8 * SIDE * PIXEL + SIDE * PIXEL < lowest < TOP


def loaded(feedback, **parameters) -> dict:
    """What the toolbox puts into the project, taken out of it again: layers by name."""
    import processing
    from qgis.core import QgsProcessingContext, QgsProject

    project, context = QgsProject.instance(), QgsProcessingContext()
    context.setProject(project)
    before = set(project.mapLayers())
    processing.runAndLoadResults("rsvlm:segmentbytext", parameters, feedback, context)
    added = [project.takeMapLayer(project.mapLayer(key)) for key in set(project.mapLayers()) - before]
    return {layer.name(): layer for layer in added}


def test_rasters_are_loaded_beside_the_polygons(models, scene, provider, tmp_path) -> None:
    asked = {"INPUT": scene("after", 2), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": "TEMPORARY_OUTPUT"}
    layers = loaded(Told().feedback, **asked, MASK="TEMPORARY_OUTPUT", PROBABILITIES="TEMPORARY_OUTPUT")
    assert sorted(layers) == ["Mask raster", "Masks", "Probabilities"]
    assert layers["Mask raster"].extent() == layers["Probabilities"].extent()
    assert layers["Mask raster"].renderer().type() == "paletted"
    assert layers["Masks"].customProperty("rsvlm/result") and not layers["Mask raster"].customProperty("rsvlm/result")


def test_cancel_keeps_the_mask_of_what_was_found(models, scene, provider, tmp_path) -> None:
    from osgeo import gdal

    told, mask = Told(), tmp_path / "mask.tif"
    told.feedback.progressChanged.connect(lambda done: told.feedback.cancel() if done > 25 else None)
    asked = {"INPUT": scene("before", 8), "PHRASES": "roofs", "MODEL": "geopix", "OUTPUT": "TEMPORARY_OUTPUT"}
    layers = loaded(told.feedback, **asked, MASK=str(mask), PROBABILITIES=str(tmp_path / "likely.tif"))
    assert {"Masks", "Mask raster"} <= set(layers) and layers["Masks"].featureCount() > 0
    pixels = gdal.Open(str(mask)).ReadAsArray()
    assert pixels[:SIDE].any() and not pixels[-SIDE:].any()


@pytest.mark.parametrize("name", ["segmentbytext", "groundbytext"])
def test_names_and_parameters_stay_and_each_is_explained(name, provider) -> None:
    algorithm = provider.algorithmById(f"rsvlm:{name}")
    own = {"segmentbytext": ["THRESHOLD", "RIGHT_ANGLES", "SMALLEST_M2", "TOLERANCE_M"], "groundbytext": ["ORIENTED"]}
    rasters = {"segmentbytext": ["MASK", "PROBABILITIES"], "groundbytext": []}[name]
    names = [parameter.name() for parameter in algorithm.parameterDefinitions()]
    assert names == ["INPUT", "EXTENT", "PHRASES", *own[name], "MODEL", "OUTPUT", *rasters]
    outputs = [output.name() for output in algorithm.outputDefinitions()]
    assert outputs == ["OUTPUT_TEXT", "COUNT", "AREA_M2", "ABSENT", "OUTPUT", *rasters]
    paragraphs = algorithm.shortHelpString().split("\n\n")
    for parameter in algorithm.parameterDefinitions():
        assert any(text.startswith(f"{parameter.description()}: ") for text in paragraphs), parameter.name()
