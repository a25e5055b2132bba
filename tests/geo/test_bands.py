"""Which bands are seen, and what kind of instrument is recognised."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from rsvlm.geo.bands import Band, Display, choose_display
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster

S2 = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"]


def noise(count: int, dtype: str = "uint16", high: float = 250) -> np.ndarray:
    return np.random.default_rng(2).uniform(0, high, (count, 24, 24)).astype(dtype)


def scene_of(path: str, **raster) -> Scene:
    with Scene.open(Raster(href=path, **raster)) as scene:
        scene.sensor, scene.false_colour  # noqa: B018 (decided from pixels, so while the file is open)
        return scene


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (S2, (4, 3, 2)),
        ([f"B{n:02}" for n in (2, 3, 4, 8, 11, 12)], (3, 2, 1)),
        (["B08_10m", "B04_10m", "B03_10m", "B02_10m"], (2, 3, 4)),
        (["SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7"], (4, 3, 2)),
        (["SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7"], (3, 2, 1)),
        (["B1", "B2", "B3", "B4", "B5", "B7"], (3, 2, 1)),
        (["sur_refl_b01", "sur_refl_b02", "sur_refl_b03", "sur_refl_b04"], (1, 4, 3)),
        (["Blue", "Green", "Red", "Near Infrared"], (3, 2, 1)),
        (["nir", "red_edge", "red", "green", "blue"], (3, 4, 5)),
        (["B", "G", "R", "N"], (3, 2, 1)),
        (["490 nm", "560 nm", "665 nm", "842 nm"], (3, 2, 1)),
    ],
)
def test_band_names_give_natural_colours(write, names, expected):
    scene = scene_of(write(noise(len(names)), names=names))
    assert scene.rgb_bands == expected
    assert not scene.display.guessed and not scene.false_colour and scene.sensor == "optical"


def test_landsat_numbering_follows_the_satellite_that_the_file_names(write):
    names = ["B1", "B2", "B3", "B4", "B5"]
    assert scene_of(write(noise(5), name="LT05_L1TP.tif", names=names)).rgb_bands == (3, 2, 1)
    assert scene_of(write(noise(5), name="LC08_L1TP.tif", names=names)).rgb_bands == (4, 3, 2)


@pytest.mark.parametrize("count", [4, 5, 6, 7])
def test_numbering_that_several_satellites_share_is_a_guess_and_measures_nothing(write, count: int):
    pixels = noise(count, high=60)
    path = write(pixels, names=[f"B{number}" for number in range(1, count + 1)])
    scene = scene_of(path)
    assert scene.rgb_bands == (4, 3, 2) and scene.display.guessed and not scene.false_colour
    assert scene.band_of("red") == 0 and scene_of(path, bands=[3, 2, 1]).false_colour is False
    pixels[3] += 180
    bright = write(pixels, name="bright.tif", names=[f"B{number}" for number in range(1, count + 1)])
    assert scene_of(bright).false_colour, "infrared of plants, where red was supposed"


def test_bands_of_landsat_5_and_8_that_are_no_colours_have_their_roles(write):
    seven = scene_of(write(noise(7), names=[f"B{number}" for number in range(1, 8)]))
    assert [band.role for band in seven.bands] == ["coastal", "blue", "green", "red", "nir", "swir", "swir"]
    six = scene_of(write(noise(6), name="six.tif", names=[f"B{number}" for number in (1, 2, 3, 4, 5, 7)]))
    assert six.band_of("nir") == 4 and six.bands[5].role == "swir"
    sentinel = scene_of(write(noise(5), name="S2A_part.tif", names=[f"B{number}" for number in range(1, 6)]))
    assert sentinel.bands[4].role == "rededge" and not sentinel.display.guessed


def test_colour_interpretation_counts(write):
    colours = [ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.nir]
    assert scene_of(write(noise(4), colours=colours)).rgb_bands == (3, 2, 1)


def test_hyperspectral_cube_is_seen_at_the_wavelengths_of_the_eye(write):
    names = [f"band {i} ({400 + 10 * i}.0 nm)" for i in range(60)]
    scene = scene_of(write(noise(60), names=names))
    assert scene.rgb_bands == (27, 17, 9) and scene.sensor == "hyperspectral"


def test_without_blue_infrared_makes_plants_green_and_says_so(write):
    scene = scene_of(write(noise(4), names=["swir1", "nir", "red", "green"]))
    assert scene.rgb_bands == (3, 2, 4) and scene.false_colour


@pytest.mark.parametrize(
    ("count", "dtype", "expected"),
    [
        (1, "uint8", (1,)), (2, "uint16", (1,)), (3, "uint8", (1, 2, 3)), (3, "uint16", (1, 2, 3)),
        (4, "uint16", (3, 2, 1)), (6, "uint16", (3, 2, 1)), (8, "uint16", (5, 3, 2)), (12, "uint16", (4, 3, 2)),
        (13, "uint16", (4, 3, 2)), (13, "uint8", (4, 3, 2)),
    ],
)  # fmt: skip
def test_without_metadata_the_customary_order_is_taken(write, count, dtype, expected):
    scene = scene_of(write(noise(count, dtype), photometric="minisblack"))
    assert scene.rgb_bands == expected
    assert scene.display.guessed == (count > 2)


def test_guessed_bands_that_cannot_be_natural_are_called_false_colour(write):
    pixels = noise(4, "uint8", 60)
    pixels[1] = 180 + pixels[1]
    pixels[0] += 20
    scene = scene_of(write(pixels, photometric="minisblack"))
    assert scene.rgb_bands == (1, 2, 3) and scene.display.guessed and scene.false_colour


def test_bands_that_the_user_chose_are_seen(write):
    pixels = noise(13)
    with Scene.open(Raster(href=write(pixels, names=S2), bands=[8, 4, 3])) as scene:
        np.testing.assert_array_equal(scene.view(scene.extent, (24, 24)).pixels, pixels[[7, 3, 2]])
        assert scene.stretch.bands == (8, 4, 3)


@pytest.mark.parametrize(
    ("names", "dtype", "name", "expected"),
    [
        (["VV", "VH"], "float32", "a.tif", "sar"),
        (["Sigma0_VV_db"], "float32", "a.tif", "sar"),
        ([], "float32", "S1A_IW_GRDH_1SDV.tif", "sar"),
        ([], "uint16", "palsar_hh.tif", "sar"),
        (["ST_B10"], "uint16", "a.tif", "thermal"),
        ([], "float32", "land_surface_temperature.tif", "thermal"),
        (["NDVI"], "float32", "a.tif", "index"),
        ([], "float32", "ndvi_2020.tif", "index"),
        ([], "int16", "site_dem.tif", "index"),
        ([], "uint16", "scene.tif", "panchromatic"),
        ([], "uint8", "savannah_hvar.tif", "panchromatic"),
        ([], "float32", "scene.tif", "unknown"),
    ],
)
def test_sensor_of_one_band_follows_names_and_else_stays_cautious(write, names, dtype, name, expected):
    assert scene_of(write(noise(len(names) or 1, dtype), name=name, names=names)).sensor == expected


def test_map_of_classes_is_no_photograph(write):
    assert scene_of(write(noise(1, "uint8", 6))).sensor == "unknown"


def test_colour_picture_is_optical(write):
    assert scene_of(write(noise(3, "uint8"))).sensor == "optical"
    assert scene_of(write(noise(4, "uint8"), photometric="minisblack")).sensor == "optical"


def test_date_comes_from_acquisition_metadata_and_never_from_the_file(write):
    path = write(noise(1), tags={"ACQUISITION_DATE": "2019-04-16", "TIFFTAG_DATETIME": "2024:01:01 00:00:00"})
    assert scene_of(path).acquired == "2019-04-16"
    assert scene_of(write(noise(1), name="b.tif", tags={"TIFFTAG_DATETIME": "2024:01:01 00:00:00"})).acquired is None
    assert scene_of(path, acquired="2001-01-01").acquired == "2001-01-01"


def test_words_in_an_old_code_page_are_passed_over(write):
    path = write(noise(3, "uint8"), names=["CCCC", "red", "green"], tags={"note": "ZZZZ"})
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content.replace(b"CCCC", b"gr\xfcn").replace(b"ZZZZ", b"\xff\xe4\xf6x"))
    scene = scene_of(path)
    assert [band.name for band in scene.bands] == ["", "", ""] and scene.rgb_bands == (1, 2, 3)


@pytest.mark.parametrize(
    ("asked", "false_colour"), [((3, 2, 1), False), ((1, 2, 3), True), ((4, 3, 2), True), ((4,), False)]
)
def test_chosen_bands_that_metadata_call_otherwise_are_false_colours(asked: tuple, false_colour: bool):
    roles = ("blue", "green", "red", "nir")
    bands = tuple(Band(number, role, role, "uint16") for number, role in enumerate(roles, 1))
    assert choose_display(bands, asked) == Display(asked, false_colour=false_colour)
