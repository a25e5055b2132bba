"""The command line in this process (fast) or as a process of its own (true), and rasters to give to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import rsvlm.geo  # sets GDAL's limits before the fixtures below start it
from rsvlm.cli.main import main

COMMAND = [sys.executable, "-m", "rsvlm.cli.main"]


@dataclass(frozen=True)
class Done:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def rsvlm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """rsvlm("describe", path) -> Done, run in this process through the command's own entry."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["rsvlm", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Done]:
    """The same as a process of its own, in an empty folder."""

    def run(*words: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *map(str, words)], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(pixels (bands, H, W), **profile) -> path of a GeoTIFF, UTM 32N, 1 m, from (500000, 5500000)."""

    def make(pixels: np.ndarray, name: str = "place.tif", **options: Any) -> Path:
        profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 1), "driver": "GTiff", **options}
        count, height, width = pixels.shape
        path = tmp_path / name
        with rasterio.open(path, "w", width=width, height=height, count=count, dtype=pixels.dtype, **profile) as target:
            target.write(pixels)
        return path

    return make


@pytest.fixture
def place(write: Callable[..., Path]) -> Path:
    """A raster of 200 x 200 m: a meadow with a pond."""
    rows, columns = np.mgrid[0:200, 0:200]
    pond = (rows - 90) ** 2 + (columns - 110) ** 2 < 45**2
    colours = np.where(pond[None], np.array([40, 60, 85])[:, None, None], np.array([95, 120, 60])[:, None, None])
    noise = np.random.default_rng(3).integers(-8, 8, (3, 200, 200))
    return write((colours + noise).astype(np.uint8))
