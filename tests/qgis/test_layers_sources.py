"""Which pixels the model gets: the layer's file, or what the map draws."""

from __future__ import annotations

import base64
import gzip
import math
import struct
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRasterRange,
    QgsRasterTransparency,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QImage

UTM = QgsCoordinateReferenceSystem("EPSG:32632")
WEST, NORTH, PIXEL, SIDE = 500_000.0, 5_000_000.0, 2.0, 128


def write_raster(path: Path, bands: int = 3, epsg: int = 32632, value: int = 90) -> Path:
    pixels = np.full((bands, SIDE, SIDE), value, np.uint8)
    pixels[0] = np.arange(SIDE, dtype=np.uint8)[None, :]
    file = gdal.GetDriverByName("GTiff").Create(str(path), SIDE, SIDE, bands, gdal.GDT_Byte)
    file.SetGeoTransform((WEST, PIXEL, 0, NORTH, 0, -PIXEL))
    if epsg:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        file.SetProjection(reference.ExportToWkt())
    file.WriteArray(pixels)
    return path


@pytest.fixture
def raster(tmp_path, qgis_new_project) -> QgsRasterLayer:
    return QgsRasterLayer(str(write_raster(tmp_path / "ortho.tif")), "ortho")


@pytest.fixture
def memory_layer(qgis_new_project) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", "fields", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(WEST + 50, NORTH - 150, WEST + 150, NORTH - 50)))
    layer.dataProvider().addFeatures([feature])
    layer.updateExtents()
    return layer


@pytest.fixture
def canvas(qgis_canvas):
    yield qgis_canvas
    qgis_canvas.setRotation(0)
    qgis_canvas.setLayers([])


def show(canvas, layers, extent=None) -> None:
    QgsProject.instance().addMapLayers(layers)
    QgsProject.instance().setCrs(UTM)
    canvas.setDestinationCrs(UTM)
    canvas.setLayers(layers)
    canvas.setExtent(extent or QgsRectangle(WEST + 64, NORTH - 192, WEST + 192, NORTH - 64))


def choose_map(canvas):
    from rsvlm.rsvlm_plugin.layers.place import map_extent
    from rsvlm.rsvlm_plugin.layers.sources import choose

    return choose(map_extent(canvas), canvas.mapSettings())


def fetch(place, canvas, wait):
    from rsvlm.rsvlm_plugin.layers.fetching import Fetching

    got, failed = [], []
    fetching = Fetching(place, canvas.mapSettings())
    fetching.fetched.connect(got.append)
    fetching.failed.connect(failed.append)
    wait(lambda: got or failed)
    assert not failed, failed[0].message
    return got[0]


def picture(raster) -> QImage:
    image = QImage()
    assert image.loadFromData(base64.b64decode(raster.data))
    return image


def test_a_raster_on_top_is_read_from_its_file_within_the_map_extent(raster, canvas):
    show(canvas, [raster])
    source = choose_map(canvas)
    assert source.raster.href == raster.source()
    assert source.raster.bands == (1, 2, 3)
    assert source.raster.crs == "EPSG:32632"
    shown = canvas.extent()
    assert shown.center().x() == pytest.approx(WEST + 128) and shown.height() == pytest.approx(128)
    assert source.raster.extent == pytest.approx([shown.xMinimum(), NORTH - 192, shown.xMaximum(), NORTH - 64])
    assert source.raster.data is None


def test_only_archives_on_this_machine_are_read_natively(raster, tmp_path):
    from rsvlm.rsvlm_plugin.layers.sources import native_href

    path = raster.source()
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "inside.tif")
    squeezed = tmp_path / "inside.tif.gz"
    squeezed.write_bytes(gzip.compress(Path(path).read_bytes()))
    hrefs = [f"/vsizip/{packed}/inside.tif", f"/vsigzip/{squeezed}"]
    layers = [QgsRasterLayer(href, "x") for href in hrefs]
    assert all(layer.isValid() for layer in layers)
    assert [native_href(layer) for layer in layers] == [hrefs[0], None]


def test_a_relative_path_is_made_absolute_because_the_backend_works_elsewhere(tmp_path, monkeypatch, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.sources import native_href

    path = write_raster(tmp_path / "here.tif")
    monkeypatch.chdir(tmp_path)
    layer = QgsRasterLayer("here.tif", "here")
    assert layer.isValid() and native_href(layer) == str(path)


def test_the_bands_follow_the_layers_renderer(raster, canvas):
    raster.renderer().setRedBand(3)
    raster.renderer().setBlueBand(1)
    show(canvas, [raster])
    assert choose_map(canvas).raster.bands == (3, 2, 1)


def test_what_the_user_calls_no_data_is_told_or_drawn(raster, canvas):
    from rsvlm.rsvlm_plugin.layers.sources import Rendered

    show(canvas, [raster])
    provider = raster.dataProvider()
    assert choose_map(canvas).raster.nodata is None
    for band in (1, 2, 3):
        provider.setUserNoDataValue(band, [QgsRasterRange(7, 7)])
    assert choose_map(canvas).raster.nodata == [7, 7, 7]
    provider.setUserNoDataValue(2, [])
    assert choose_map(canvas).raster.nodata == [7, None, 7]
    provider.setUserNoDataValue(2, [QgsRasterRange(7, 9)])
    assert isinstance(choose_map(canvas), Rendered)  # the backend takes one value of each band
    for band in (1, 2, 3):
        provider.setUserNoDataValue(band, [])
    raster.renderer().setRasterTransparency(QgsRasterTransparency())
    assert choose_map(canvas).raster.nodata is None
    seen = QgsRasterTransparency.TransparentThreeValuePixel()
    seen.red, seen.green, seen.blue, seen.percentTransparent = 0, 0, 0, 100
    raster.renderer().rasterTransparency().setTransparentThreeValuePixelList([seen])
    assert isinstance(choose_map(canvas), Rendered)


@pytest.mark.parametrize("own", [0.0, math.nan])
def test_a_files_own_no_data_is_left_to_the_backend_unless_it_is_switched_off(own, tmp_path, canvas, qgis_new_project):
    path = write_raster(tmp_path / "own.tif")
    gdal.Translate(str(tmp_path / "real.tif"), str(path), outputType=gdal.GDT_Float32, noData=own)
    layer = QgsRasterLayer(str(tmp_path / "real.tif"), "own")
    show(canvas, [layer])
    assert choose_map(canvas).raster.nodata is None
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    assert choose_map(canvas).raster.nodata == [None, *[None if math.isnan(own) else own] * 2]


def test_the_date_of_the_layer_goes_with_it(raster, canvas):
    from qgis.core import QgsDateTimeRange
    from qgis.PyQt.QtCore import QDate, QDateTime

    day = QDateTime(QDate(2021, 6, 30))
    raster.temporalProperties().setIsActive(True)
    raster.temporalProperties().setFixedTemporalRange(QgsDateTimeRange(day, day))
    show(canvas, [raster])
    assert choose_map(canvas).raster.acquired == "2021-06-30"


def test_a_vector_layer_over_the_raster_makes_it_a_picture_of_both(raster, memory_layer, canvas):
    show(canvas, [memory_layer, raster])
    source = choose_map(canvas)
    assert source.layer_count == 2
    assert [layer.name() for layer in source.settings.layers()] == ["fields", "ortho"]


@pytest.mark.parametrize("features", ["none", "one far away"])
def test_a_vector_layer_with_nothing_in_the_place_leaves_the_raster_to_its_file(features, raster, canvas):
    scratch = QgsVectorLayer("Point?crs=EPSG:4326", "scratch", "memory")
    if features != "none":
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(-70, -30)))
        scratch.dataProvider().addFeatures([feature])
        scratch.updateExtents()
    show(canvas, [scratch, raster])
    assert choose_map(canvas).raster.href == raster.source()


def test_looking_for_layers_in_the_place_never_counts_features(memory_layer, canvas, monkeypatch):
    """A database would read its whole table for the number while QGIS stands still."""
    show(canvas, [memory_layer])
    counted = []
    monkeypatch.setattr(QgsVectorLayer, "featureCount", lambda *_: counted.append(1) or 1)
    assert choose_map(canvas).layer_count == 1
    assert not counted


def boxes(name: str, crs: str, *extents: QgsRectangle) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"Polygon?crs={crs}", name, "memory")
    features = [QgsFeature() for _ in extents]
    for feature, extent in zip(features, extents):
        feature.setGeometry(QgsGeometry.fromRect(extent))
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


@pytest.mark.parametrize(("crs", "x", "y"), [("EPSG:32632", 300_000, 5_000_000), ("EPSG:2154", 652_000, 6_862_000)])
def test_a_world_wide_layer_lies_in_every_place(crs, x, y, canvas, qgis_new_project):
    show(canvas, [boxes("world", "EPSG:4326", QgsRectangle(-180, -90, 180, 90))])
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    canvas.setExtent(QgsRectangle(x, y, x + 500, y + 500))
    assert choose_map(canvas).layer_count == 1


def test_a_world_wide_raster_that_only_qgis_knows_the_crs_of_is_read_in_the_place(tmp_path, canvas, qgis_new_project):
    path = write_raster(tmp_path / "world.tif", epsg=0)
    file = gdal.Open(str(path), gdal.GA_Update)
    file.SetGeoTransform((-180, 360 / SIDE, 0, 90, 0, -180 / SIDE))
    del file
    layer = QgsRasterLayer(str(path), "world")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    show(canvas, [layer], QgsRectangle(300_000, 5_000_000, 300_500, 5_000_500))
    transform = QgsCoordinateTransform(UTM, layer.crs(), QgsProject.instance())
    west, south, east, north = choose_map(canvas).raster.extent
    middle = transform.transform(canvas.extent().center())
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((middle.x(), middle.y()), abs=1e-5)
    assert north - south < 0.1


def test_a_single_point_in_the_place_is_drawn_on_the_raster(raster, canvas):
    point = QgsVectorLayer("Point?crs=EPSG:32632", "point", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(WEST + 128, NORTH - 128)))
    point.dataProvider().addFeatures([feature])
    point.updateExtents()
    show(canvas, [point, raster])
    assert choose_map(canvas).layer_count == 2


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3857", "EPSG:4326"])
def test_a_raster_that_only_qgis_knows_the_crs_of_is_read_where_the_map_shows_it(crs, tmp_path, canvas):
    from rsvlm.rsvlm_plugin.layers.geometry import from_geojson

    layer = QgsRasterLayer(str(write_raster(tmp_path / "plain.tif", epsg=0)), "plain")
    assert not layer.dataProvider().crs().isValid()
    layer.setCrs(UTM)
    show(canvas, [layer])
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    canvas.setRotation(30)
    source = choose_map(canvas)
    assert source.raster.crs == source.crs == "EPSG:32632"
    shown = QgsGeometry.fromPolygonXY([[QgsPointXY(corner) for corner in canvas.mapSettings().visiblePolygon()]])
    transform = QgsCoordinateTransform(canvas.mapSettings().destinationCrs(), UTM, QgsProject.instance())
    shown.transform(transform)
    here = QgsGeometry.fromRect(layer.extent())
    area = from_geojson(source.raster.area).intersection(here)
    assert area.symDifference(shown.intersection(here)).area() < 0.001 * area.area()
    assert from_geojson(source.raster.area).boundingBox().intersects(QgsRectangle(*source.raster.extent))
    whole_world = QgsRectangle(-179, -89, 179, 89) if crs == "EPSG:4326" else QgsRectangle(-2e7, -2e7, 2e7, 2e7)
    canvas.setRotation(0)
    canvas.setExtent(whole_world)
    assert QgsRectangle(*choose_map(canvas).raster.extent).contains(layer.extent())


def test_a_raster_that_leaves_part_of_the_map_to_another_is_drawn(raster, tmp_path, canvas):
    below = QgsRasterLayer(str(write_raster(tmp_path / "below.tif")), "below")
    show(canvas, [raster, below], QgsRectangle(WEST - 100, NORTH - 200, WEST + 100, NORTH))
    assert choose_map(canvas).layer_count == 2


def test_a_transparent_raster_is_drawn_with_what_is_below(raster, tmp_path, canvas):
    raster.renderer().setOpacity(0.5)
    below = QgsRasterLayer(str(write_raster(tmp_path / "below.tif")), "below")
    show(canvas, [raster, below])
    assert choose_map(canvas).layer_count == 2


def test_classes_in_colours_are_drawn_since_their_numbers_are_no_picture(tmp_path, canvas, qgis_new_project):
    layer = QgsRasterLayer(str(write_raster(tmp_path / "classes.tif", bands=1)), "classes")
    classes = QgsPalettedRasterRenderer.classDataFromRaster(layer.dataProvider(), 1)
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    show(canvas, [layer])
    assert choose_map(canvas).layer_count == 1


def test_results_of_the_plugin_are_never_looked_at(raster, memory_layer, canvas):
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    memory_layer.setCustomProperty(RESULT_PROPERTY, "1")
    show(canvas, [memory_layer, raster])
    assert choose_map(canvas).raster.href == raster.source()


def test_a_map_with_no_layer_in_it_says_so(raster, canvas):
    from rsvlm.protocol import RsvlmError

    show(canvas, [raster], QgsRectangle(WEST + 10_000, NORTH, WEST + 10_100, NORTH + 100))
    with pytest.raises(RsvlmError) as caught:
        choose_map(canvas)
    assert caught.value.code == "no_data"
    assert caught.value.message == "No visible layer lies in this place."


def test_a_whole_raster_is_asked_for_without_an_extent(raster, canvas):
    from rsvlm.rsvlm_plugin.layers.place import whole_layer
    from rsvlm.rsvlm_plugin.layers.sources import choose

    show(canvas, [raster])
    source = choose(whole_layer(raster, canvas), canvas.mapSettings())
    assert source.raster.href == raster.source()
    assert source.raster.extent is None


def test_a_memory_layer_is_drawn_off_the_main_thread_with_its_place(memory_layer, canvas, wait):
    from rsvlm.rsvlm_plugin.layers.place import whole_layer

    show(canvas, [memory_layer])
    seen = fetch(whole_layer(memory_layer, canvas), canvas, wait)
    assert seen.drawn and seen.raster.crs == "EPSG:32632"
    a, b, c, d, e, f = seen.raster.transform
    image = picture(seen.raster)
    assert (b, d) == (0, 0)
    assert (c, f) == pytest.approx((WEST + 50, NORTH - 50))
    assert (c + a * image.width(), f + e * image.height()) == pytest.approx((WEST + 150, NORTH - 150))
    assert image.pixelColor(image.width() // 2, image.height() // 2).alpha() == 255


def test_tiles_are_drawn_as_a_picture_of_the_map_extent(tmp_path, canvas, wait, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.place import whole_layer

    (tmp_path / "0" / "0").mkdir(parents=True)
    (tmp_path / "0" / "0" / "0.png").write_bytes(solid_png(256, (10, 200, 30)))
    layer = QgsRasterLayer(f"type=xyz&zmin=0&zmax=0&url=file://{tmp_path}/{{z}}/{{x}}/{{y}}.png", "tiles", "wms")
    assert layer.isValid()
    show(canvas, [layer])
    seen = fetch(whole_layer(layer, canvas), canvas, wait)
    image = picture(seen.raster)
    assert seen.drawn and max(image.width(), image.height()) <= 1024
    assert image.pixelColor(image.width() // 2, image.height() // 2).getRgb()[:3] == (10, 200, 30)
    assert seen.raster.transform[2] == pytest.approx(canvas.extent().xMinimum(), abs=1)


def test_a_group_is_drawn_from_its_visible_layers(raster, memory_layer, canvas, wait):
    from rsvlm.rsvlm_plugin.layers.place import whole_group

    project = QgsProject.instance()
    project.addMapLayers([raster, memory_layer], False)
    group = project.layerTreeRoot().addGroup("survey")
    group.addLayer(memory_layer)
    group.addLayer(raster)
    group.findLayer(memory_layer.id()).setItemVisibilityChecked(False)
    project.setCrs(UTM)
    canvas.setDestinationCrs(UTM)
    place = whole_group(group, canvas)
    assert [layer.name() for layer in place.layers] == ["ortho"]
    group.findLayer(memory_layer.id()).setItemVisibilityChecked(True)
    seen = fetch(whole_group(group, canvas), canvas, wait)
    assert seen.drawn and seen.layer_count == 2 and seen.raster.name == "survey"
    assert seen.raster.transform[2] == pytest.approx(WEST)


def test_a_group_is_drawn_in_the_maps_order_without_results(raster, memory_layer, canvas):
    from rsvlm.rsvlm_plugin.layers.place import whole_group
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    project, result = QgsProject.instance(), boxes("found", "EPSG:32632", raster.extent())
    result.setCustomProperty(RESULT_PROPERTY, "1")
    root, layers = project.layerTreeRoot(), [result, raster, memory_layer]
    project.addMapLayers(layers, False)
    group = root.addGroup("survey")
    for layer in layers:
        group.addLayer(layer)
    canvas.setDestinationCrs(UTM)
    assert whole_group(group, canvas).layers == (raster, memory_layer)
    root.setHasCustomLayerOrder(True)
    root.setCustomLayerOrder([memory_layer, result, raster])
    assert whole_group(group, canvas).layers == (memory_layer, raster)
    for layer in (raster, memory_layer):
        root.findLayer(layer.id()).setItemVisibilityChecked(False)
    assert whole_group(group, canvas).layers == (memory_layer, raster), "only the result is checked"


@pytest.mark.parametrize(
    ("crs", "box", "extent"),
    [
        ("EPSG:3857", (-180, -90, 180, 83.6), (-20_037_508, -20_048_966, 20_037_508, 18_394_774)),
        ("EPSG:32632", (-180, -90, 180, 83.6), (166_021, 0, 833_979, 9_284_410)),
        ("EPSG:32632", (5.8, 47.2, 15.1, 55.1), (257_637, 5_227_395, 961_955, 6_122_929)),
    ],
)
def test_a_layer_in_degrees_lies_where_the_maps_crs_reaches(crs, box, extent, canvas, qgis_new_project):
    """The last one, Germany, reaches beyond its UTM zone and stays whole."""
    from rsvlm.rsvlm_plugin.layers.place import whole_layer

    layer = boxes("countries", "EPSG:4326", QgsRectangle(*box))
    show(canvas, [layer])
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    seen = whole_layer(layer, canvas).extent
    assert (seen.xMinimum(), seen.yMinimum(), seen.xMaximum(), seen.yMaximum()) == pytest.approx(extent, abs=2)


def test_a_rotated_map_is_the_tilted_frame_the_user_sees(raster, canvas):
    show(canvas, [raster])
    canvas.setRotation(30)
    source = choose_map(canvas)
    ring = source.raster.area["coordinates"][0]
    frame = canvas.mapSettings().visiblePolygon()
    corners = {(round(point.x(), 3), round(point.y(), 3)) for point in frame}
    assert {(round(x, 3), round(y, 3)) for x, y in ring} == corners
    xs = [x for x, _y in ring]
    assert source.raster.extent[0] == pytest.approx(min(xs)) and source.raster.extent[2] == pytest.approx(max(xs))


def test_a_selected_polygon_in_another_crs_is_the_area_on_the_raster_below(raster, canvas):
    from rsvlm.rsvlm_plugin.layers.place import selection
    from rsvlm.rsvlm_plugin.layers.sources import choose

    plots = QgsVectorLayer("Polygon?crs=EPSG:4326", "plots", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(9.0005, 45.1520, 9.0015, 45.1525)))
    plots.dataProvider().addFeatures([feature])
    plots.updateExtents()
    show(canvas, [plots, raster])
    plots.selectAll()
    source = choose(selection(plots, canvas), canvas.mapSettings())
    assert source.raster.href == raster.source()
    x0, y0, x1, y1 = source.raster.extent
    assert x1 - x0 == pytest.approx(79, abs=1) and y1 - y0 == pytest.approx(56, abs=1)
    assert source.raster.area["type"] == "Polygon"


@pytest.mark.parametrize(("side", "densify", "joined"), [(20, 0, True), (45, 0, False), (40, 5, False)])
def test_a_large_selection_is_its_box_and_never_holds_up_qgis(side, densify, joined, raster, canvas):
    """side²: 400 rectangles are joined; 2,025 are too many, and so are 1,600 of 25 corners each."""
    from rsvlm.rsvlm_plugin.layers.place import selection

    plots = QgsVectorLayer("Polygon?crs=EPSG:32632", "plots", "memory")
    features = []
    for number in range(side * side):
        x, y = WEST + number % side * 5, NORTH - number // side * 5
        features.append(QgsFeature())
        features[-1].setGeometry(QgsGeometry.fromRect(QgsRectangle(x, y - 4, x + 4, y)).densifyByCount(densify))
    plots.dataProvider().addFeatures(features)
    show(canvas, [plots, raster])
    plots.selectByIds([feature.id() for feature in plots.getFeatures()][1:])  # all but one
    started = time.monotonic()
    place = selection(plots, canvas)
    seconds = time.monotonic() - started
    length = side * 5 - 1
    assert (place.extent.width(), place.extent.height()) == (length, length)
    assert place.area.area() == pytest.approx((side * side - 1) * 16 if joined else length**2)
    assert place.note == (
        "" if joined else f"The selection is large: the box around its {side * side - 1} polygons is looked at."
    )
    print(f"{side * side} polygons in {seconds * 1000:.0f} ms")
    assert seconds < 0.25


def test_one_polygon_of_very_many_corners_is_its_box(raster, canvas):
    from rsvlm.rsvlm_plugin.layers.place import selection

    coast = QgsVectorLayer("Polygon?crs=EPSG:32632", "coast", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(WEST, NORTH)).buffer(100, 6000))
    coast.dataProvider().addFeatures([feature])
    show(canvas, [coast, raster])
    coast.selectAll()
    place = selection(coast, canvas)
    assert place.area.area() == pytest.approx(200**2)
    assert place.note == "The selected polygon has very many corners: the box around it is looked at."


@pytest.mark.parametrize(("segments", "bent"), [(1, True), (1000, False)])
def test_only_polygons_of_few_corners_are_bent_edge_by_edge(segments, bent, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.geometry import reprojected

    polygon = QgsGeometry.fromPointXY(QgsPointXY(WEST, NORTH)).buffer(100, segments)
    corners = polygon.constGet().nCoordinates()
    assert corners == 4 * segments + 1
    made = reprojected(polygon, UTM, QgsCoordinateReferenceSystem("EPSG:4326"))
    assert made.constGet().nCoordinates() == (4 * 9 + 1 if bent else corners)


def test_no_selection_says_what_to_do(raster, canvas):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.place import selection

    show(canvas, [raster])
    with pytest.raises(RsvlmError) as caught:
        selection(raster, canvas)
    assert caught.value.hint == "Make a polygon layer current and select one or more of its features."


def test_a_cancelled_picture_is_never_delivered(memory_layer, canvas, wait):
    from rsvlm.rsvlm_plugin.layers.place import whole_layer
    from rsvlm.rsvlm_plugin.layers.rendering import MapPicture
    from rsvlm.rsvlm_plugin.layers.sources import choose

    show(canvas, [memory_layer])
    delivered = []
    picture_job = MapPicture(choose(whole_layer(memory_layer, canvas), canvas.mapSettings()))
    picture_job.finished.connect(delivered.append)
    picture_job.start()
    picture_job.cancel()
    wait(lambda: not MapPicture._retiring)
    assert delivered == []


def limited(layer, scale: float) -> None:
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(scale)
    layer.setMaximumScale(0)


def test_a_picture_smaller_than_the_map_shows_the_layers_that_the_map_shows(memory_layer, canvas):
    from rsvlm.rsvlm_plugin.layers.place import map_extent
    from rsvlm.rsvlm_plugin.layers.sources import choose

    show(canvas, [memory_layer])
    screen = canvas.mapSettings()
    screen.setOutputSize(screen.outputSize() * (2048 / screen.outputSize().width()))
    limited(memory_layer, screen.scale() * 1.2)
    drawn = choose(map_extent(canvas), screen)
    size = drawn.settings.outputSize()
    assert max(size.width(), size.height()) == 1024
    assert drawn.settings.scale() == pytest.approx(screen.scale(), rel=0.01)
    assert drawn.settings.layers() == [memory_layer]


def test_a_rectangle_drawn_in_degrees_is_as_sharp_on_a_map_in_metres(memory_layer, canvas):
    from rsvlm.rsvlm_plugin.layers.geometry import reprojected_box
    from rsvlm.rsvlm_plugin.layers.place import rectangle
    from rsvlm.rsvlm_plugin.layers.sources import choose

    show(canvas, [memory_layer])
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    screen, extent = canvas.mapSettings(), canvas.extent()
    screen.setOutputSize(screen.outputSize() * (900 / max(extent.width(), extent.height()) * screen.mapUnitsPerPixel()))
    drawn = choose(rectangle(reprojected_box(extent, UTM, degrees), degrees, canvas), screen).settings.outputSize()
    assert max(drawn.width(), drawn.height()) == pytest.approx(900, abs=9)


@pytest.mark.parametrize("kind", ["layer", "drawn"])
def test_a_layer_for_larger_scales_is_seen_in_a_place_larger_than_the_map(kind, memory_layer, canvas, wait):
    from rsvlm.rsvlm_plugin.layers.place import rectangle, whole_layer

    show(canvas, [memory_layer], QgsRectangle(WEST + 90, NORTH - 91, WEST + 91, NORTH - 90))
    limited(memory_layer, canvas.mapSettings().scale() * 1.2)
    place = whole_layer(memory_layer, canvas) if kind == "layer" else rectangle(memory_layer.extent(), UTM, canvas)
    image = picture(fetch(place, canvas, wait).raster)
    assert image.pixelColor(image.width() // 2, image.height() // 2).getRgb()[:3] != (255, 255, 255)
    assert memory_layer.hasScaleBasedVisibility()


@pytest.mark.parametrize(
    ("width", "height", "units", "size"),
    [(1000, 500, 1, (1000, 500)), (9000, 4500, 1, (1024, 512)), (10, 5, 1, (256, 128)), (4000, 1, 1, (1024, 1))],
)
def test_pictures_are_as_sharp_as_the_screen_within_the_budget(width, height, units, size):
    from rsvlm.rsvlm_plugin.layers.sources import picture_size

    made = picture_size(QgsRectangle(0, 0, width, height), units)
    assert (made.width(), made.height()) == size


def solid_png(side: int, colour) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_file_that_is_warped_to_its_place_is_drawn(tmp_path, canvas, qgis_new_project):
    """Control points turn it by a quarter. Of each: column, row, metres to the right and down."""
    path = write_raster(tmp_path / "scanned.tif")
    file = gdal.Open(str(path), gdal.GA_Update)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32632)
    side = SIDE * PIXEL
    corners = (
        (0, 0, side, 0),
        (SIDE, 0, side, side),
        (0, SIDE, 0, 0),
        (SIDE, SIDE, 0, side),
    )  # column, row, right, down
    points = [gdal.GCP(WEST + right, NORTH - down, 0, column, row) for column, row, right, down in corners]
    file.SetGeoTransform((0, 1, 0, 0, 0, 1))
    file.SetGCPs(points, reference.ExportToWkt())
    del file
    layer = QgsRasterLayer(str(path), "scanned")
    assert layer.isValid() and layer.crs() == UTM
    from rsvlm.rsvlm_plugin.layers.sources import Rendered, native_href

    assert native_href(layer) is None
    show(canvas, [layer])
    assert isinstance(choose_map(canvas), Rendered)
