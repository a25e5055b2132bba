"""Lengths and areas on the ground, against an ellipsoid computed here and against known figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from rasterio.crs import CRS
from rasterio.transform import from_origin
from shapely.affinity import translate
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box, mapping

from rsvlm.geo.ground import area_m2, ground_size_m, gsd_m, is_north_up
from rsvlm.geo.measuring import measured

WGS84, MERCATOR, UTM33 = CRS.from_epsg(4326), CRS.from_epsg(3857), CRS.from_epsg(32633)


def cell_m2(lat0: float, lat1: float, degrees: float) -> float:
    """Area of a band of the WGS 84 ellipsoid between two parallels, `degrees` wide (closed formula)."""
    b, e = 6356752.314245179, math.sqrt(0.0066943799901413165)

    def below(lat: float) -> float:
        s = math.sin(math.radians(lat))
        return b * b / 2 * (s / (1 - (e * s) ** 2) + math.atanh(e * s) / e)

    return math.radians(degrees) * (below(lat1) - below(lat0))


@pytest.mark.parametrize("latitude", [0.0, 37.0, 60.0, -75.0])
def test_web_mercator_pixel_is_smaller_on_the_ground_away_from_the_equator(latitude):
    y = 6378137 * math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
    found = gsd_m(from_origin(1_000_000 - 5, y + 5, 1, 1), MERCATOR, 10, 10)
    assert found == pytest.approx(math.cos(math.radians(latitude)), rel=0.004)


def test_degree_pixel_is_measured_in_metres_at_the_centre():
    transform = from_origin(10.0, 60.05, 0.001, 0.001)
    geod = Geod(ellps="WGS84")
    across, down = geod.inv(10.05, 60, 10.051, 60)[2], geod.inv(10.05, 60, 10.05, 60.001)[2]
    assert gsd_m(transform, WGS84, 100, 100) == pytest.approx(math.sqrt(across * down), rel=1e-5)


def test_rotated_and_south_up_pixels_keep_their_size():
    for angle, flip in ((0, 1), (30, -1), (77, 1)):
        turned = Affine.translation(500000, 5000000) @ Affine.rotation(angle) @ Affine.scale(2, 2 * flip)
        assert gsd_m(turned, UTM33, 10, 10) == pytest.approx(2 / 0.9996, rel=1e-5)


def test_feet_are_metres_on_the_ground():
    new_york_feet = CRS.from_epsg(2263)
    assert gsd_m(from_origin(990000, 200000, 1, 1), new_york_feet, 10, 10) == pytest.approx(0.3048, rel=1e-3)


def test_without_a_crs_or_outside_its_domain_nothing_is_measured():
    assert gsd_m(Affine.identity(), None, 10, 10) is None
    assert area_m2(box(0, 0, 1, 1), None) is None and ground_size_m((0, 0, 1, 1), None) is None
    assert gsd_m(from_origin(1e12, 1e12, 1, 1), UTM33, 10, 10) is None


def test_local_grid_without_a_datum_is_not_measured():
    local = CRS.from_wkt('LOCAL_CS["site",UNIT["metre",1]]')
    assert gsd_m(Affine.identity(), local, 10, 10) is None


def test_ground_size_of_a_degree_extent():
    width, height = ground_size_m((10, 59.5, 11, 60.5), WGS84)
    assert width == pytest.approx(55_800, rel=1e-3) and height == pytest.approx(111_413, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.floats(-179, 150), st.floats(-85, 75), st.floats(0.001, 20), st.floats(0.001, 8))
def test_area_of_a_degree_box_is_that_of_the_ellipsoid(lon, lat, width, height):
    found = area_m2(box(lon, lat, lon + width, lat + height), WGS84)
    assert found == pytest.approx(cell_m2(lat, lat + height, width), rel=2e-3)


def test_holes_are_not_counted_whichever_way_rings_run():
    outer, hole = box(0, 0, 1000, 1000), box(200, 200, 700, 700)
    for ring in (hole.exterior.coords, list(hole.exterior.coords)[::-1]):
        polygon = translate(Polygon(outer.exterior.coords, [ring]), 500000, 5000000)
        assert area_m2(mapping(polygon), UTM33) == pytest.approx(750_000 / 0.9996**2, rel=1e-4)


def test_area_of_many_polygons_is_their_sum_and_of_lines_nothing():
    one, two = box(500000, 5e6, 500100, 5000100), box(500300, 5e6, 500400, 5000100)
    both = area_m2(MultiPolygon([one, two]), UTM33)
    assert both == pytest.approx(area_m2(one, UTM33) + area_m2(two, UTM33), rel=1e-9)
    assert area_m2(LineString([(500000, 5e6), (500100, 5e6)]), UTM33) == 0.0


def test_polygon_over_the_antimeridian_is_as_large_as_elsewhere():
    assert area_m2(box(179, 10, 181, 11), WGS84) == pytest.approx(cell_m2(10, 11, 2), rel=1e-3)
    around = box(*Transformer.from_crs(4326, 32760, always_xy=True).transform_bounds(179.8, -17.1, 180.3, -17))
    assert area_m2(around, CRS.from_epsg(32760)) == pytest.approx(around.area, rel=5e-3)


@pytest.mark.parametrize("lat", [10, 80, 90])
@pytest.mark.parametrize("lon", [100, 170, 180])
def test_more_than_half_of_the_globe_is_not_taken_for_the_rest(lon, lat):
    wide = cell_m2(-lat, lat, 2 * lon)
    assert area_m2(box(-lon, -lat, lon, lat), WGS84) == pytest.approx(wide, rel=5e-3)
    if lat < 90:
        for code in (3857, 6933):
            mapped = box(*Transformer.from_crs(4326, code, always_xy=True).transform_bounds(-lon, -lat, lon, lat))
            assert area_m2(mapped, CRS.from_epsg(code)) == pytest.approx(wide, rel=5e-3)


def test_disc_of_more_than_half_of_the_globe_about_a_pole():
    disc = Point(0, 0).buffer(1.1e7, quad_segs=64)
    assert area_m2(disc, CRS.from_epsg(6931)) == pytest.approx(disc.area, rel=1e-3)


@pytest.mark.parametrize("code", [27572, 27562])
def test_grads_are_measured_in_metres(code):
    square, crs = box(600000, 200000, 601000, 201000), CRS.from_epsg(code)
    if code == 27572:
        square = translate(square, 0, 2_000_000)
    assert area_m2(square, crs) == pytest.approx(1e6, rel=3e-3)
    assert gsd_m(from_origin(600000, square.bounds[3], 1, 1), crs, 1000, 1000) == pytest.approx(1, rel=3e-3)
    areas, lengths = measured(np.array([square], object), crs)
    assert areas[0] == pytest.approx(1e6, rel=3e-3) and lengths[0] == pytest.approx(4000, rel=3e-3)
    grads = CRS.from_epsg(4807)
    across = Geod(a=6378249.2, b=6356515).inv(0, 46.8, 0.0009, 46.8)[2]
    down = Geod(a=6378249.2, b=6356515).inv(0, 46.7991, 0, 46.8)[2]
    assert gsd_m(from_origin(0, 52.001, 1e-3, 1e-3), grads, 2, 2) == pytest.approx(math.sqrt(across * down), rel=1e-5)


@pytest.mark.parametrize(
    ("code", "extent", "north_up"),
    [
        (4326, (-180, -90, 180, 90), True),
        (3857, (-2e7, -2e7, 2e7, 2e7), True),
        (32633, (500000, 5000000, 600000, 5100000), True),
        (32760, (500000, 1e6, 600000, 1.1e6), True),
        (3031, (-1000, 1500000, 1000, 1502000), True),
        (3031, (-1000, -1502000, 1000, -1500000), False),
        (3031, (1500000, -1000, 1502000, 1000), False),
        (3031, (-3e6, -3e6, 3e6, 3e6), False),
        (2048, (-1000, 3000000, 1000, 3002000), False),
    ],
)
def test_north_is_up_where_the_azimuth_of_up_says_so(code: int, extent: tuple[float, ...], north_up: bool):
    assert is_north_up(extent, CRS.from_epsg(code)) is north_up


def test_north_is_unknown_without_a_crs_or_outside_its_domain():
    extent = (0, 0, 10, 10)
    assert not is_north_up(extent, None) and not is_north_up((1e12, 1e12, 1.1e12, 1.1e12), UTM33)
    assert not is_north_up(extent, CRS.from_wkt('LOCAL_CS["site",UNIT["metre",1]]'))
