"""The demo's files: four COGs that GDAL reads as such, dated, placed, small, and what the command would write again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from rsvlm.trainer.scenes import demo
from rsvlm.trainer.scenes.classes import CLASSES, COLOURS

SHIPPED = Path(__file__).parents[2] / "resources" / "demo"
PHOTOS = ("before.tif", "after.tif")
CLASS_RASTERS = ("before_classes.tif", "after_classes.tif")
# What ships was written on a processor with AVX-512; elsewhere last digits may differ, and with them what finds room.
WIDE = {"X86_V4", "AVX512_SKX"}  # its names in NumPy
SAME_ROUNDING = not WIDE.isdisjoint(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


@pytest.mark.parametrize("name", (*PHOTOS, *CLASS_RASTERS))
def test_raster_is_a_placed_and_dated_cog(name: str) -> None:
    with rasterio.open(SHIPPED / name) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.crs.to_epsg() == 32632
        assert raster.shape == (1200, 1200)
        assert raster.res == (0.5, 0.5)
        assert raster.bounds == (654_200.0, 5_318_000.0, 654_800.0, 5_318_600.0)
        assert raster.overviews(1) == [2, 4, 8]
        year = "2021" if name.startswith("before") else "2025"
        assert raster.tags()["TIFFTAG_DATETIME"].startswith(f"{year}:")
        assert len(raster.tags()["TIFFTAG_DATETIME"]) == 19


@pytest.mark.parametrize("name", PHOTOS)
def test_photo_names_its_bands(name: str) -> None:
    with rasterio.open(SHIPPED / name) as raster:
        assert raster.descriptions == ("red", "green", "blue")
        assert raster.compression.name == "jpeg"
        assert raster.photometric.name == "ycbcr"


@pytest.mark.parametrize("name", CLASS_RASTERS)
def test_class_raster_carries_its_legend(name: str) -> None:
    with rasterio.open(SHIPPED / name) as raster:
        colours, tags = raster.colormap(1), raster.tags()
        for code, label in enumerate(CLASSES):
            assert colours[code] == (*COLOURS[label], 255)
            assert tags[f"CLASS_{code}"] == label


def test_all_of_the_demo_is_at_most_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 3_000_000


def test_command_writes_what_is_shipped(tmp_path: Path) -> None:
    assert demo.main([str(tmp_path / "new")]) == 0
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert written == sorted((*PHOTOS, *CLASS_RASTERS))
    for name in CLASS_RASTERS:
        with rasterio.open(SHIPPED / name) as old, rasterio.open(tmp_path / "new" / name) as new:
            assert (old.read() == new.read()).mean() >= (1 if SAME_ROUNDING else 0.97), (
                "a few trees may stand elsewhere"
            )
    for name in PHOTOS:
        with rasterio.open(SHIPPED / name) as old, rasterio.open(tmp_path / "new" / name) as new:
            assert np.abs(old.read().astype(int) - new.read()).mean() < (1 if SAME_ROUNDING else 4)


def test_seed_that_is_no_number_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        demo.main([str(tmp_path), "--seed", "ten"])
    assert stop.value.code == 2
    assert "--seed" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
