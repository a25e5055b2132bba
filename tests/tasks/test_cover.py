"""Land cover measured from bands: known reflectances fall into known classes, in known shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

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


@pytest.mark.parametrize("named", [True, False])
def test_values_with_an_offset_are_reflectances_first(write, named: bool):
    """Landsat's Collection 2 is known by the names of its bands; other files say it."""
    scale, offset = (2.75e-5, -0.2) if named else (1e-4, -0.1)
    counts = ((stack(WATER, WOOD, WOOD, STEPPE) / 1e4 - offset) / scale).round().astype(np.uint16)
    path = write(counts, names=[f"SR_B{number}" for number in range(2, 6)] if named else NAMES)
    if not named:
        with rasterio.open(path, "r+") as file:
            file.scales, file.offsets = [scale] * 4, [offset] * 4
    raster = Raster(href=path)
    with Scene.open(raster) as scene:
        cover = measure_cover(raster, scene)
    expected = {"green vegetation": 0.5, "open water": 0.25, "sparse vegetation": 0.25, "bare or built-up ground": 0}
    assert cover is not None and cover.shares == pytest.approx(expected, abs=0.01)


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
