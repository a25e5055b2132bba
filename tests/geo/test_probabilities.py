"""Stored probabilities can be cut again, and their file is whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio._err import CPLE_AppDefinedError
from rasterio.crs import CRS
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetWriter

from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.probabilities import names_of, read, stored
from rsvlm.geo.tiling import PixelGrid

GRID = PixelGrid(700, 1100, Affine(2, 0, 500000, 0, -2, 5000000), CRS.from_epsg(32633), 1.0)


def bands() -> Iterator[np.ndarray]:
    x, y = np.meshgrid(np.arange(700), np.arange(1100))
    values = np.stack([np.hypot(x - 300, y - 500) / 900, 1 - np.hypot(x - 300, y - 500) / 900]).clip(0, 1)
    values[:, :, 650:] = np.nan
    return (values[:, y : y + 130].astype(np.float32) for y in range(0, 1100, 130))


def test_stored_probabilities_give_the_same_features(tmp_path: Path):
    path = tmp_path / "sure.tif"
    first = outlined(stored(bands(), GRID, path), GRID, Cut(likely=0.601))
    again = outlined(read(path), GRID, Cut(likely=0.601))
    assert [item.polygon.wkt for item in first] == [item.polygon.wkt for item in again] and len(first) >= 2
    assert [item.score for item in first] == pytest.approx([item.score for item in again], abs=1e-6)
    assert sum(item.polygon.area for item in outlined(read(path), GRID, Cut(likely=0.8))) < sum(
        i.polygon.area for i in first
    )
    with rasterio.open(path) as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and source.overviews(1)
        assert source.crs == GRID.crs and source.transform == GRID.transform and source.nodata == 255


def test_bands_that_end_early_leave_the_rest_without_data(tmp_path: Path):
    path = tmp_path / "sure.tif"
    assert sum(band.shape[1] for band in stored(list(bands())[:2], GRID, path)) == 260
    values = np.concatenate(list(read(path)), axis=1)
    assert np.isfinite(values[:, :260, :650]).all() and np.isnan(values[:, 260:]).all()


def test_rows_without_data_come_before_it_is_known_how_many_classes_there_are(tmp_path: Path):
    path = tmp_path / "sure.tif"
    empty = np.full((1, 130, 700), np.nan, np.float32)
    given = list(stored([empty, *bands()][:8], GRID, path, ["near", "far"]))
    assert [band.shape[:2] for band in given] == [(1, 130), *[(2, 130)] * 7] and names_of(path) == ["near", "far"]
    values = np.concatenate(list(read(path)), axis=1)
    assert np.isnan(values[:, :130]).all() and np.array_equal(values[:, 130:1040], np.hstack(given[1:]), equal_nan=True)
    assert np.isnan(np.hstack(list(stored([empty], GRID, tmp_path / "nothing.tif")))).all()
    assert list(tmp_path.iterdir()) == [path]


def test_failure_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "sure.tif"
    path.write_bytes(b"before")

    def failing() -> Iterator[np.ndarray]:
        yield next(bands())
        raise RuntimeError("model")

    with pytest.raises(RuntimeError):
        list(stored(failing(), GRID, path))
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fails", ["no folder", "rows", "rows unnoticed", "copy", "copy without a reason"])
def test_a_file_that_cannot_be_written_is_given_up_and_the_bands_come_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
):
    write, rows, lost = DatasetWriter.write, [], []

    def full(target: DatasetWriter, values: np.ndarray, **options: object) -> None:
        rows.append(values.shape[1])
        if len(rows) < 3:
            write(target, values, **options)
        elif fails == "rows":
            raise RasterioIOError("No room")

    def copy(*_paths: Path, **_options: str) -> None:
        raise SystemError("Unknown GDAL Error") if fails.endswith("reason") else CPLE_AppDefinedError(3, 1, "No room")

    if fails.startswith("rows"):
        monkeypatch.setattr(DatasetWriter, "write", full)
    if fails.startswith("copy"):
        monkeypatch.setattr(rasterio.shutil, "copy", copy)
    path = tmp_path / "none" / "sure.tif" if fails == "no folder" else tmp_path / "sure.tif"
    given = stored(bands(), GRID, path, lost=lambda: lost.append(path))
    for band, like in zip(given, bands(), strict=True):
        assert np.allclose(band, like, atol=0.5 / 250 + 1e-6, equal_nan=True)
    assert lost == [path] and list(tmp_path.iterdir()) == []
