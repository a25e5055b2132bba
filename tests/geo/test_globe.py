"""Longitude and latitude where a map has neither antimeridian nor pole: what is exported, and what a drawn area selects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.transform import from_origin
from shapely.geometry import Point, box, mapping
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.ground import area_m2
from rsvlm.geo.moving import in_degrees, moved
from rsvlm.geo.scene import Scene
from rsvlm.geo.vector_files import check_degrees, target_crs, write_evidence
from rsvlm.protocol import Evidence, Raster, RsvlmError

WGS84, ARCTIC, ANTARCTIC = CRS.from_epsg(4326), CRS.from_epsg(3413), CRS.from_epsg(3031)
LOCAL = 'LOCAL_CS["site grid",UNIT["metre",1]]'
MARS = (
    'GEOGCS["Mars 2000",DATUM["D_Mars_2000",SPHEROID["Mars_2000",3396190,169.894447]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]]'
)


def placed(shape: BaseGeometry, crs: CRS) -> BaseGeometry:
    (found,) = in_degrees([shape], crs.to_wkt())
    x0, y0, x1, y1 = found.bounds
    assert found.is_valid and x0 >= -180 and y0 >= -90 and x1 <= 180 and y1 <= 90
    return found


DISC, BOX = Point(0, 0).buffer(1e6), box(-9e5, -8e5, 9e5, 1.2e6)


@pytest.mark.parametrize("crs", [ARCTIC, ANTARCTIC])
@pytest.mark.parametrize(
    "shape",
    [
        DISC,
        BOX,
        DISC.difference(Point(0, 0).buffer(2e5)),
        BOX.difference(box(-3e5, -1e5, 1e5, 2e5)).difference(Point(-5e5, 5e5).buffer(5e4)),
        box(0, 0, 1e6, 1e6), box(-1e6, -1e6, 0, 0), box(-1e6, 0, 0, 1e6), box(0, -1e6, 1e6, 1e6), box(-1e6, 0, 1e6, 1e6),
    ],
)  # fmt: skip
def test_shapes_at_a_pole_keep_their_ground(crs: CRS, shape: BaseGeometry):
    found = placed(shape, crs)
    assert area_m2(found, WGS84) == pytest.approx(area_m2(shape, crs), rel=5e-4)
    assert abs(found.bounds[1 if crs is ANTARCTIC else 3]) == 90 or not shape.intersects(Point(0, 0))
    way = Transformer.from_crs(4326, crs.to_wkt(), always_xy=True)
    for lon, lat in np.random.default_rng(0).uniform((-180, 75), (180, 90), (300, 2)):
        lat = -lat if crs is ANTARCTIC else lat
        there = Point(way.transform(lon, lat))
        if shape.boundary.distance(there) > 2e4:
            assert found.contains(Point(lon, lat)) == shape.contains(there)


@pytest.mark.parametrize("code", [4326, 4267, 3857])
def test_shape_of_nearly_the_whole_globe_is_not_turned_inside_out(code: int):
    corners = Transformer.from_crs(4326, code, always_xy=True).transform_bounds(-170, -10, 170, 10)
    found = placed(box(*corners), CRS.from_epsg(code))
    assert found.symmetric_difference(box(-170, -10, 170, 10)).area < 0.1


def test_longitudes_of_a_raster_from_0_to_360_are_brought_back():
    assert placed(box(350, 0, 355, 5), WGS84).equals(box(-10, 0, -5, 5))
    assert placed(box(170, 0, 190, 5), WGS84).equals(box(170, 0, 180, 5) | box(-180, 0, -170, 5))


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".shp", ".geojson"])
def test_feature_over_the_antimeridian_has_a_part_on_each_side_in_every_file(tmp_path: Path, ending: str):
    x, y = Transformer.from_crs(4326, 32760, always_xy=True).transform(179.95, -17)
    crs, path = CRS.from_epsg(32760), tmp_path / f"a{ending}"
    feature = box(x, y, x + 10_000, y + 1000)
    write_evidence(path, [Evidence("mask", mapping(feature), "a")], crs.to_wkt(), {}, target_crs(path, "EPSG:4326"))
    (found,) = geopandas.read_file(path).geometry
    west, east = sorted((part.bounds for part in found.geoms), key=lambda bounds: bounds[0])
    assert west[0] == -180 and west[2] < -179.9 and east[0] == pytest.approx(179.95) and east[2] == 180
    assert area_m2(found, WGS84) == pytest.approx(area_m2(feature, crs), rel=1e-4)


def test_vertices_that_neighbours_share_stay_shared_over_the_antimeridian():
    x, y = Transformer.from_crs(4326, 32760, always_xy=True).transform(179.9999, -17)
    pair = [box(x + left, y, x + left + 40, y + 70) for left in (-40, 0)]
    one, other = moved(pair, CRS.from_epsg(32760).to_wkt(), "EPSG:4326")
    assert len(shapely.get_coordinates(one)) == 5 and len(shapely.get_parts(other)) == 2
    assert one.intersection(other).area < 1e-18
    assert one.distance(other) == 0 and one.union(other).geom_type == "MultiPolygon"


@pytest.mark.parametrize("crs", [LOCAL, MARS])
def test_geojson_of_what_lies_nowhere_on_earth_is_refused(tmp_path: Path, crs: str):
    evidence = [Evidence("mask", mapping(box(1, 1, 2, 2)), "a")]
    with pytest.raises(RsvlmError, match="no way from the raster's coordinate system"):
        check_degrees(tmp_path / "a.geojson", crs)
    with pytest.raises(RsvlmError, match="no way from the raster's coordinate system"):
        write_evidence(tmp_path / "a.geojson", evidence, crs, {})
    check_degrees(tmp_path / "a.gpkg", crs)
    write_evidence(tmp_path / "a.gpkg", evidence, crs, {})
    assert geopandas.read_file(tmp_path / "a.gpkg").geometry[0].bounds == (1, 1, 2, 2)


def test_features_of_another_projection_are_the_same_in_geojson_as_before(tmp_path: Path):
    write_evidence(
        tmp_path / "a.geojson", [Evidence("mask", mapping(box(5e5, 5e6, 500100, 5000100)), "a")], "EPSG:32633", {}
    )
    (feature,) = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    corners = Transformer.from_crs(32633, 4326, always_xy=True).transform([5e5, 500100], [5e6, 5e6])
    ring = feature["geometry"]["coordinates"][0]
    assert len(ring) == 5 and all(any(corner == pytest.approx(xy) for xy in ring) for corner in zip(*corners))


AROUND = from_origin(179.7, -16.68, 0.01, 0.01)  # 64 x 64 pixels: to 180.34 E


def in_turn(code: int, x0: float, x1: float) -> dict[str, Any]:
    """A box in a projected CRS that covers longitudes x0 to x1, which goes on beyond 180."""
    xs, ys = Transformer.from_crs(4326, code, always_xy=True).transform([x0, x1], [-17.2, -16.8])
    if code == 3857:
        xs[1] += 2 * 20037508.342789244
    return mapping(box(xs[0], ys[0], xs[1], ys[1]))


@pytest.mark.parametrize("code", [32760, 3857, 3832])
def test_area_over_the_antimeridian_selects_what_was_drawn(write: Any, code: int):
    path = write(np.full((1, 64, 64), 7, np.uint8), crs="EPSG:4326", transform=AROUND)
    area = in_turn(code, 179.8, -179.83)
    with Scene.open(Raster(href=path, crs=f"EPSG:{code}", area=area)) as scene:
        assert scene.extent == pytest.approx((179.8, -17.2, 180.17, -16.8), abs=0.02)
        assert scene.area.area == pytest.approx(0.37 * 0.4, rel=0.03)


def test_area_in_parts_on_both_sides_of_the_antimeridian_is_seen_whole(write: Any):
    path = write(np.full((1, 64, 64), 7, np.uint8), crs="EPSG:4326", transform=AROUND)
    area = box(179.8, -17.2, 180, -16.8) | box(-180, -17.2, -179.8, -16.8)
    with Scene.open(Raster(href=path, crs="EPSG:4326", area=mapping(area))) as scene:
        assert scene.extent == pytest.approx((179.8, -17.2, 180.2, -16.8)) and scene.area.geom_type == "Polygon"


def test_area_that_ends_at_the_antimeridian_does_not_reach_to_the_other_side(write: Any):
    path = write(np.full((1, 18, 36), 7, np.uint8), crs="EPSG:4326", transform=from_origin(-180, 90, 10, 10))
    with Scene.open(Raster(href=path, crs="EPSG:4326", area=mapping(box(170, 0, 180, 10)))) as scene:
        assert scene.extent == (170, 0, 180, 10)
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [0, 0], [0, 0]]]}
    with pytest.raises(RsvlmError, match="The area is empty"):
        Scene.open(Raster(href=path, crs="EPSG:3857", area=flat))
    with pytest.raises(RsvlmError, match="lies outside the raster"):
        Scene.open(Raster(href=path, crs="EPSG:4326", area=mapping(box(10, 100, 20, 110))))
