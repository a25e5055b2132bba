"""A command that another program started tells its progress, and ends with it, keeping what is finished."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

OWNED = [sys.executable, "-m", "rsvlm.cli.owned"]


@pytest.fixture
def dataset(tmp_path: Path) -> list[str]:
    """Words of `rsvlm data osm` that make a record of each of 1,024 windows."""
    raster, features = tmp_path / "ortho.tif", tmp_path / "field.geojson"
    with rasterio.open(
        raster, "w", driver="GTiff", crs="EPSG:32633", dtype="uint8", count=3, width=1024, height=1024,
        transform=Affine(1, 0, 500000, 0, -1, 5000000),
    ) as file:  # fmt: skip
        file.write(np.full((3, 1024, 1024), 90, np.uint8))
    ring = [[500000, 4999000], [501000, 4999000], [501000, 5000000], [500000, 5000000], [500000, 4999000]]
    feature = {
        "type": "Feature",
        "properties": {"class": "field"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    features.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    out = tmp_path / "out.jsonl"
    return ["data", "osm", str(raster), str(features), "--grid", "--side", "32", "-o", str(out), "--json"]


@pytest.fixture
def started(dataset: list[str]) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [*OWNED, *dataset], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield running
    running.kill()
    running.communicate()


def test_progress_is_lines_of_json_and_the_end_one_document(started: subprocess.Popen[str]):
    out, err = _read(started)
    assert started.returncode == 0, err
    steps = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert [step["done"] for step in steps] == list(range(1, 1025)) and {step["total"] for step in steps} == {1024}
    assert json.loads(out)["records"] == 1024


def _read(running: subprocess.Popen[str]) -> tuple[str, str]:
    """All it says, with its standard input left open."""
    err = running.stderr.read() if running.stderr else ""
    out = running.stdout.read() if running.stdout else ""
    running.wait(60)
    return out, err


def test_closing_its_input_is_a_wish_to_stop_and_the_work_goes_on_there(
    started: subprocess.Popen[str], dataset: list[str], tmp_path: Path
):
    line = started.stderr.readline() if started.stderr else ""
    assert json.loads(line)["done"] == 1
    began = time.monotonic()
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130 and out == "" and "rsvlm: Stopped." in err.splitlines()
    assert time.monotonic() - began < 20
    (part,) = tmp_path.glob(".out.jsonl.*.part")
    kept = part.read_text().count("\n")
    assert 1 <= kept < 1024 and not (tmp_path / "out.jsonl").exists()
    done = subprocess.run(
        [*OWNED[:-1], "rsvlm.cli.main", *dataset], capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout)["before"] == kept and json.loads(done.stdout)["records"] == 1024
