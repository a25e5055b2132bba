"""Rasters are cut into windows of pixels or of metres, and features of one's own are named by their columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import RsvlmError, Watch
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.cutting import UNSEEN, cut, grid
from rsvlm.trainer.builders.osm import Windows, osm_records
from rsvlm.trainer.builders.sources import labelled
from rsvlm.trainer.records import Records

LEFT, TOP = 500000.0, 5000000.0


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """320 x 200 pixels of two metres, UTM 33; the right quarter shows nothing."""
    pixels = np.random.default_rng(1).integers(1, 255, (3, 200, 320), np.uint8)
    pixels[:, :, 240:] = 0
    path = tmp_path / "ortho.tif"
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:32633", dtype="uint8", count=3, nodata=0, width=320, height=200,
        transform=Affine(2, 0, LEFT, 0, -2, TOP),
    ) as file:  # fmt: skip
        file.write(pixels)
    return path


def outlines(path: Path, rows: list[tuple[shapely.Geometry, dict[str, object]]]) -> Path:
    """In pixels of the raster; on its map in the file."""
    features = []
    for shape, columns in rows:
        placed = shapely.transform(shape, lambda xy: np.column_stack([LEFT + 2 * xy[:, 0], TOP - 2 * xy[:, 1]]))
        features.append({"type": "Feature", "properties": columns, "geometry": json.loads(shapely.to_geojson(placed))})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return path


def test_windows_lie_side_by_side_and_a_small_raster_is_one():
    assert grid(70, 40, 32) == [(0, 0, 32, 32), (32, 0, 64, 32)]
    assert grid(20, 10, 32) == [(0, 0, 20, 10)]


@pytest.mark.parametrize(("side", "side_m"), [(80, 0.0), (0, 160.0)])
def test_pictures_are_cut_into_windows_that_show_something(raster: Path, side: int, side_m: float):
    job = Job("caption", 0, [raster], {})
    windows = [one.image["window"] for one in cut(labelled(raster, None, job), side, side_m, job)]
    assert windows == [[x, y, x + 80, y + 80] for y in (0, 80) for x in (0, 80, 160)]
    assert job.left_out[UNSEEN] == 2 and job.done == job.total == 8


def test_metres_that_no_raster_has_are_refused(raster: Path, picture: Callable[..., Path], tmp_path: Path):
    job = Job("caption", 0, [raster], {})
    with pytest.raises(RsvlmError, match="only 5 pixels"):
        list(cut(labelled(raster, None, job), 0, 10.0, job))
    plain = picture(tmp_path / "plain.png", np.zeros((80, 80, 3), np.uint8))
    with pytest.raises(RsvlmError, match="has no metres"):
        list(cut(labelled(plain, None, job), 0, 100.0, job))


def test_damaged_pictures_are_left_out_and_the_others_cut(raster: Path, tmp_path: Path):
    folder, out = tmp_path / "sites" / "airport", tmp_path / "made.jsonl"
    folder.mkdir(parents=True)
    raster.rename(folder / "whole.tif")
    (folder / "none.tif").write_bytes(b"II*\x00 and no more")
    words = ["caption", str(tmp_path / "sites"), "-o", str(out), "--side", "80", "--json"]
    result = CliRunner().invoke(data_app, words)
    assert result.exit_code == 0, result.output
    assert [record.images[0]["href"] for record in Records(out)] == [str(folder / "whole.tif")] * 6
    left_out = json.loads(result.stdout)["left_out"]
    assert [count for reason, count in left_out.items() if reason.startswith("none.tif is not a raster")] == [1]


def test_empty_cells_of_a_column_of_numbers_are_no_name(raster: Path, tmp_path: Path):
    rows = [(shapely.box(x, 10, x + 20, 40), {"class": value}) for x, value in ((10, 7), (60, None), (110, 8.5))]
    features = outlines(tmp_path / "own.geojson", rows)
    job = Job("osm", 0, [raster, features], {})
    records = osm_records(raster, [features], Windows(256, True, 1, 0, 4.0, "", 400.0, "greenhouse"), job)
    assert [region["label"] for record in records for region in record.regions] == ["greenhouse"] * 3


def test_features_of_ones_own_are_named_by_a_column_or_by_hand(raster: Path, tmp_path: Path):
    rows = [
        (shapely.box(10, 10, 40, 40), {"Class": "Storage_Tank"}),
        (shapely.box(90, 90, 120, 120), {"class": "7"}),
        (shapely.box(20, 100, 50, 130), {"building": "yes", "label": "ruin"}),
    ]
    features = outlines(tmp_path / "own.geojson", rows)
    labels = {}
    for called in ("", "greenhouse"):
        job = Job("osm", 0, [raster, features], {})
        records = osm_records(raster, [features], Windows(256, True, 1, 0, 4.0, "", 400.0, called), job)
        labels[called] = sorted(region["label"] for record in records for region in record.regions)
        assert job.left_out["the tags of a feature name nothing that is seen from above"] == (0 if called else 1)
    assert labels == {"": ["building", "storage tank"], "greenhouse": ["building", "greenhouse", "storage tank"]}


def test_labels_of_whole_rasters_hold_for_each_window(raster: Path, tmp_path: Path):
    table, out = tmp_path / "labels.csv", tmp_path / "made.jsonl"
    table.write_text(f"filename,label\n{raster},airport\n")
    words = ["caption", str(table), "-o", str(out), "--side-m", "160", "--json"]
    result = CliRunner().invoke(data_app, words)
    assert result.exit_code == 0, result.output
    records = list(Records(out))
    assert len({record.id for record in records}) == 6
    assert all("airport" in text.lower() for record in records for text in record.captions)
    lats = {record.meta["lat"] for record in records}
    assert len(lats) == 2 and all(abs(lat - 45.15) < 0.1 for lat in lats)


def test_records_are_not_cut(tmp_path: Path):
    (tmp_path / "some.jsonl").write_text("")
    out = tmp_path / "made.jsonl"
    with pytest.raises(RsvlmError, match="true of whole pictures"):
        CliRunner().invoke(
            data_app, ["caption", str(tmp_path / "some.jsonl"), "-o", str(out), "--side", "64"], catch_exceptions=False
        )


def test_places_that_were_looked_at_are_told(raster: Path, tmp_path: Path):
    from rsvlm.trainer.builders.building import build

    class Steps(Watch):
        def __init__(self) -> None:
            self.told: list[tuple[int, int]] = []

        def progress(self, done: int, total: int, note: str) -> None:
            self.told.append((done, total))

    features = outlines(tmp_path / "own.geojson", [(shapely.box(0, 0, 240, 200), {"class": "field"})])
    job, steps = Job("osm", 0, [raster, features], {}), Steps()
    records = osm_records(raster, [features], Windows(80, True, 1, 0, 4.0, ""), job)
    build(job, records, tmp_path / "out.jsonl", False, steps)
    assert steps.told == [(1, 8), (2, 8), (3, 8), (5, 8), (6, 8), (7, 8)]
