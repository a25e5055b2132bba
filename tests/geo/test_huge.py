"""A raster of any size is opened and seen in little time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster


@pytest.fixture(scope="module")
def huge(tmp_path_factory) -> str:
    """100,000 x 100,000 px, no overviews, empty but for a bright square of 2,048 px at column and row 51,200."""
    path = tmp_path_factory.mktemp("huge") / "huge.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100_000, height=100_000, count=3, dtype="uint8", crs="EPSG:32633",
        BIGTIFF="YES", transform=rasterio.transform.from_origin(300000, 5000000, 0.5, 0.5), tiled=True, blockxsize=512,
        blockysize=512, SPARSE_OK=True, compress="deflate",
    ) as target:  # fmt: skip
        target.write(np.full((3, 2048, 2048), 200, np.uint8), window=Window(51_200, 51_200, 2048, 2048))
    return str(path)


def test_huge_raster_without_overviews_is_seen_in_seconds(huge: str):
    start = time.process_time()
    with Scene.open(Raster(href=huge)) as scene:
        overall = scene.view(scene.extent, (224, 224))
        near = scene.view((325600, 4974336, 325664, 4974400), (128, 128))
    assert time.process_time() - start < 8
    assert overall.sampled and overall.gsd_m == pytest.approx(223.2, abs=0.5)
    assert overall.rgb()[116, 116].min() > 60 and overall.rgb()[10, 10].max() == 0
    assert not near.sampled and (near.rgb() == 200).all()


def test_huge_raster_needs_little_memory(huge: str):
    script = (
        "import resource, sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "import conftest\n"
        "from rsvlm.geo.scene import Scene\nfrom rsvlm.protocol import Raster\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with Scene.open(Raster(href=sys.argv[1])) as scene:\n"
        "    scene.view(scene.extent, (224, 224))\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    tests = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script, huge, str(tests)], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 500


def test_wide_strips_are_seen_in_seconds(tmp_path: Path):
    path = tmp_path / "wide.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100_000, height=900, count=1, dtype="uint8", compress="deflate"
    ) as t:
        t.write((np.arange(100_000) // 400).astype(np.uint8)[None, None].repeat(900, 1))
    start = time.process_time()
    with Scene.open(Raster(href=str(path))) as scene:
        view = scene.view(scene.extent, (250, 4))
    assert time.process_time() - start < 5
    np.testing.assert_allclose(view.pixels[0, 0], np.arange(250), atol=0.01)
