"""Probabilities that were kept are those of the pixels that a raster shows now, wherever these lie."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio.shutil
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetWriter

from rsvlm.protocol import Raster, SegmentRequest, Watch
from rsvlm.tasks import TASKS, checks, kept
from rsvlm.tasks.segment import NOT_KEPT

SIDE = 80


@pytest.mark.parametrize("outer", ["inner.tif", "mosaic.vrt", "archive.zip", "mosaic of archive.vrt"])
def test_probabilities_of_pixels_that_changed_are_not_taken(
    bright: Any, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outer: str
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    packed = f"/vsizip/{tmp_path}/archive.zip/inner.tif"
    place = packed if outer == "archive.zip" else str(tmp_path / outer)
    if outer.endswith(".vrt"):
        Path(place).write_text(mosaic(packed if "archive" in outer else str(tmp_path / "inner.tif")))

    def found() -> int:
        request = SegmentRequest(Raster(href=place), ["bright"], keep=True)
        return len(TASKS["segment"].run(request, bright, Watch()).evidence)

    pixels = np.full((3, SIDE, SIDE), 30, np.uint8)
    for count in (1, 2):
        pixels[:, 20:50, 40 * count - 30 : 40 * count - 10] = 220
        inner = write(pixels, "inner.tif")
        with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
            archive.write(inner, "inner.tif")
        assert found() == count
    shown = len(bright.predictor.pictures)
    Path(f"{inner}.aux.xml").write_text("<PAMDataset/>")  # statistics, as QGIS writes them
    assert found() == 2 and len(bright.predictor.pictures) == shown


def test_probabilities_of_another_calibration_are_not_taken(
    bright: Any, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    pixels = np.full((3, SIDE, SIDE), 30, np.uint8)
    pixels[:, 20:50, 10:30] = 220
    request = SegmentRequest(Raster(href=write(pixels)), ["bright"], keep=True)
    TASKS["segment"].run(request, bright, Watch())
    shown = len(bright.predictor.pictures)
    calibration = bright.predictor.card.calibration.model_copy(update={"named": (9.0, 9.0)})
    card = bright.predictor.card.model_copy(update={"calibration": calibration})
    monkeypatch.setattr(checks, "able_card", lambda *_words: card)
    for _ in range(2):
        TASKS["segment"].run(request, bright, Watch())
        assert len(bright.predictor.pictures) == 2 * shown, "looked at once more, and then kept"


@pytest.mark.parametrize("place, name", [(DatasetWriter, "write"), (rasterio.shutil, "copy")])
def test_a_full_disk_costs_the_probabilities_and_not_the_features(
    bright: Any, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Any, name: str
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    pixels = np.full((3, SIDE, SIDE), 30, np.uint8)
    pixels[:, 20:50, 10:30] = 220
    request = SegmentRequest(Raster(href=write(pixels)), ["bright", "dark"])

    def full(*_given: Any, **_options: Any) -> None:
        raise RasterioIOError("No space left on device")

    wanted = TASKS["segment"].run(request, bright, Watch())
    monkeypatch.setattr(place, name, full)
    answer = TASKS["segment"].run(replace(request, keep=True), bright, Watch())
    assert [item.geometry for item in answer.evidence] == [item.geometry for item in wanted.evidence] != []
    assert answer.warnings == [*wanted.warnings, NOT_KEPT] and "probabilities" not in answer.structured
    assert list((tmp_path / "home" / "probabilities").iterdir()) == []


def test_room_is_made_for_the_newest_whatever_else_is_removed_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(kept, "MOST_BYTES", 25)
    for age, name in enumerate(("new.tif", "old.tif", "older.tif", "oldest.tif")):
        (tmp_path / name).write_bytes(bytes(10))
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    (tmp_path / "removed.tif").symlink_to(tmp_path / "nowhere.tif")
    kept.make_room(tmp_path / "new.tif")
    assert {file.name for file in tmp_path.iterdir()} == {"new.tif", "old.tif", "removed.tif"}
    kept.make_room(tmp_path / "old.tif")
    monkeypatch.setattr(kept, "MOST_BYTES", 5)
    kept.make_room(tmp_path / "old.tif")
    assert {file.name for file in tmp_path.iterdir()} == {"old.tif", "removed.tif"}


def mosaic(inner: str) -> str:
    """A VRT of one raster, over the map as `write` lays it."""
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename>{inner}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    place = "<SRS>EPSG:32632</SRS><GeoTransform>500000, 1, 0, 5500000, 0, -1</GeoTransform>"
    return f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}">{place}{bands}</VRTDataset>'
