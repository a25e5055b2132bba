"""Land cover measured from bands: known reflectances fall into known classes, in known shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster
from rsvlm.tasks.cover import classes, measure_cover

# blue, green, red, near infrared in ten thousandths
WATER, WOOD, SOIL, STEPPE = (
    (600, 500, 300, 100),
    (300, 500, 400, 3500),
    (1200, 1500, 1900, 2300),
    (700, 900, 1000, 1650),
)
NAMES = ["blue", "green", "red", "nir"]


def stack(*quarters: tuple[int, ...]) -> np.ndarray:
    """(4, 80, 80) uint16: four columns of 20 pixels, each of one ground."""
    return np.concatenate([np.tile(np.array(q, np.uint16)[:, None, None], (1, 80, 20)) for q in quarters], axis=2)


def test_known_grounds_are_measured_in_their_shares(write):
    raster = Raster(href=write(stack(WATER, WOOD, WOOD, SOIL), names=NAMES))
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None
    expected = {"green vegetation": 0.5, "open water": 0.25, "bare or built-up ground": 0.25, "sparse vegetation": 0}
    assert cover.shares == pytest.approx(expected, abs=0.01) and sum(cover.shares.values()) == pytest.approx(1)
    assert next(iter(cover.shares)) == "green vegetation", "the largest first"
    assert cover.evidence[0].label == "green vegetation" and len(cover.evidence) >= 3
    for item in cover.evidence[:3]:
        assert item.area_m2 == pytest.approx(6400 * expected[item.label], rel=0.05)
        assert "NDVI" in item.text and item.kind == "tile"


USGS = "LC08_L2SP_193026_20200601_20200611_02_T1_"
S2_NAME = "S2B_MSIL2A_20220726T100559_N0400_R022_T33UUP_20220726T132233"


@pytest.mark.parametrize("named", ["SR_B", f"{USGS}SR_B", ""])
def test_values_with_an_offset_are_reflectances_first(write, named: str):
    """Landsat's Collection 2 is known by the names of its bands; other files say it."""
    scale, offset = (2.75e-5, -0.2) if named else (1e-4, -0.1)
    counts = ((stack(WATER, WOOD, WOOD, STEPPE) / 1e4 - offset) / scale).round().astype(np.uint16)
    path = write(counts, names=[f"{named}{number}" for number in range(2, 6)] if named else NAMES)
    if not named:
        with rasterio.open(path, "r+") as file:
            file.scales, file.offsets = [scale] * 4, [offset] * 4
    raster = Raster(href=path)
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    expected = {"green vegetation": 0.5, "open water": 0.25, "sparse vegetation": 0.25, "bare or built-up ground": 0}
    assert cover is not None and cover.shares == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("told", "band_told", "name"),
    [
        ({}, {"BOA_ADD_OFFSET": "-1000"}, "stack.tif"),
        ({"BOA_ADD_OFFSET_1": "-1000", "BOA_ADD_OFFSET_2": "-1000"}, {}, "stack.tif"),
        ({"PROCESSING_BASELINE": "05.10"}, {}, "stack.tif"),
        ({"PRODUCT_URI": f"{S2_NAME}.SAFE"}, {}, "stack.tif"),
        ({}, {}, f"{S2_NAME}.tif"),
    ],
)
def test_values_that_sentinel2_has_raised_are_lowered_first(write, told, band_told, name: str):
    raster = Raster(href=sentinel2(write, stack(WATER, WOOD, WOOD, STEPPE) + 1000, told, band_told, name))
    expected = {"green vegetation": 0.5, "open water": 0.25, "sparse vegetation": 0.25, "bare or built-up ground": 0}
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None and cover.shares == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({}, "stack.tif"),
        ({"PROCESSING_BASELINE": "03.01"}, "stack.tif"),
        ({}, "S2B_MSIL2A_20200726T100559_N0214_R022_T33UUP_20200726T132233.tif"),
        ({"BOA_ADD_OFFSET": "0", "PROCESSING_BASELINE": "05.10"}, "stack.tif"),
    ],
)
def test_values_of_older_sentinel2_are_taken_as_they_are(write, told, name: str):
    raster = Raster(href=sentinel2(write, stack(WATER, WOOD, WOOD, STEPPE), told, {}, name))
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None and cover.shares["sparse vegetation"] == pytest.approx(0.25, abs=0.01)


def test_product_of_a_virtual_stack_is_told_by_the_files_that_it_is_made_of(write, tmp_path: Path):
    (tmp_path / f"{S2_NAME}.SAFE").mkdir()
    whole = sentinel2(write, stack(WATER, WOOD, WOOD, STEPPE) + 1000, {}, {}, f"{S2_NAME}.SAFE/bands.tif")
    virtual = str(tmp_path / "stack.vrt")
    rasterio.shutil.copy(whole, virtual, driver="VRT")
    with Scene.open(Raster(href=virtual)) as scene:
        cover = measure_cover(Raster(href=virtual), scene)
    assert cover is not None and cover.shares["sparse vegetation"] == pytest.approx(0.25, abs=0.01)


def sentinel2(write, counts: np.ndarray, told: dict[str, str], band_told: dict[str, str], name: str) -> str:
    """Path of a stack of B2, B3, B4 and B8 with these tags, of the file and of each band."""
    path = write(counts, name=name, names=["B2", "B3", "B4", "B8"])
    with rasterio.open(path, "r+") as file:
        file.update_tags(**told)
        for number in file.indexes:
            file.update_tags(number, **band_told)
    return path


def test_steppe_is_between_green_and_bare(write):
    raster = Raster(href=write(stack(STEPPE, STEPPE, STEPPE, STEPPE), names=NAMES))
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None and cover.shares["sparse vegetation"] == pytest.approx(1)


def test_only_valid_ground_counts(write):
    pixels = stack(WATER, WOOD, WOOD, WOOD)
    pixels[:, :, 40:] = 0
    raster = Raster(href=write(pixels, names=NAMES, nodata=0))
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None and cover.shares["open water"] == pytest.approx(0.5, abs=0.02)
    water = next(item for item in cover.evidence if item.label == "open water")
    assert water.area_m2 == pytest.approx(1600, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "names"), [(np.uint8, NAMES), (np.uint16, ["blue", "green", "red", "x"]), (np.uint16, [])]
)
def test_pictures_and_unknown_bands_measure_nothing(write, kind: type, names: list[str]):
    pixels = (stack(WATER, WOOD, WOOD, SOIL) // (20 if kind is np.uint8 else 1)).astype(kind)
    raster = Raster(href=write(pixels, names=names))
    with Scene.open(raster) as scene:
        assert measure_cover(raster, scene) is None


def test_classes_never_overlap_and_leave_no_valid_pixel_out():
    generator = np.random.default_rng(0)
    nir, red, green = generator.uniform(-50, 3000, (3, 60, 60)).astype(np.float32)
    valid = generator.random((60, 60)) > 0.2
    masks = classes(nir, red, green, valid)
    assert (sum(mask.astype(int) for mask in masks.values()) == valid).all()


def test_water_measured_in_a_sentinel_2_scene_is_that_of_the_label_drawn_by_hand(data_dir: Path):
    folder = data_dir / "rasters" / "s2_spain"
    with rasterio.open(folder / "water_label.tif") as source:
        label = source.read(1)
    with rasterio.open(folder / "S2_13band.tif") as source:
        nir, red, green = (source.read(source.descriptions.index(name) + 1) for name in ("B8", "B4", "B3"))
    known = label >= 0  # -1: nobody could tell
    bands = (band.astype(np.float32) for band in (nir, red, green))
    water = classes(*bands, known)["open water"]
    drawn = label == 1
    assert drawn.mean() > 0.2 and (water & drawn).sum() / (water | drawn).sum() > 0.6
    assert (water & drawn).sum() / water.sum() > 0.8, "what is called water is water"


def test_sentinel_2_scene_is_measured_by_the_bands_that_its_descriptions_name(data_dir: Path):
    raster = Raster(href=str(data_dir / "rasters" / "s2_spain" / "S2_13band.tif"))
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    assert cover is not None and sum(cover.shares.values()) == pytest.approx(1)
    assert cover.shares["open water"] == pytest.approx(0.212, abs=0.02)
