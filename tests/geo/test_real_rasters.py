"""Real imagery is seen in the right bands, colours and scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rsvlm.geo.scene import Scene
from rsvlm.geo.view import View
from rsvlm.protocol import Raster

# path: bands seen, sensor, metres per pixel
FACTS = {
    "naip_nd/naip_20120731_rgbn_5m.tif": ((1, 2, 3), "optical", 5.00),
    "landsat_pucallpa/landsat_2020_swir1_nir_red_green.tif": ((1, 2, 3), "optical", 89.2),
    "s2_aquileia/s2_20190416.tif": ((3, 2, 1), "optical", 13.96),
    "s2_spain/S2_13band.tif": ((4, 3, 2), "optical", 8.86),
    "s2_spain/S1_vv_vh.tif": ((1,), "sar", 8.86),
    "s2_spain/water_label.tif": ((1,), "index", 8.86),
    "s2_pilbara_fire/s2_20190105.tif": ((3, 2, 1), "optical", 9.26),
    "vhr_korea/cogeo_0p6m_rgb.tif": ((1, 2, 3), "optical", 0.472),
    "swellendam_osm/ortho_2p5m_rgba.tif": ((1, 2, 3), "optical", 2.53),
    "spacenet4_atlanta/pan_0p5m.tif": ((1,), "panchromatic", 0.50),
}


def seen(data_dir: Path, name: str, size: tuple[int, int] = (128, 128)) -> tuple[Scene, View]:
    with Scene.open(Raster(href=str(data_dir / "rasters" / name))) as scene:
        scene.sensor, scene.false_colour  # noqa: B018 (decided from pixels, so while the file is open)
        return scene, scene.view(scene.extent, size)


@pytest.mark.parametrize("name", FACTS)
def test_bands_sensor_and_scale(data_dir: Path, name: str):
    scene, view = seen(data_dir, name)
    bands, sensor, gsd = FACTS[name]
    assert (scene.rgb_bands, scene.sensor) == (bands, sensor)
    assert scene.gsd_m == pytest.approx(gsd, rel=0.01)
    assert view.valid_share > 0.96
    light = view.rgb()[view.valid]
    assert 30 < light.mean() < 200 and light.std() > 20


def test_mediterranean_fields_and_desert_have_their_colours(data_dir: Path):
    _, desert = seen(data_dir, "s2_pilbara_fire/s2_20181201.tif")
    red, green, blue = desert.rgb()[desert.valid].mean(axis=0)
    assert red > green > blue
    _, snow = seen(data_dir, "vhr_korea/cogeo_0p6m_rgb.tif")
    assert np.ptp(snow.rgb()[snow.rgb().min(axis=2) > 240].mean(axis=0)) < 5


def test_swath_edges_without_declared_nodata_are_not_seen(data_dir: Path):
    _, view = seen(data_dir, "s2_aquileia/s2_20190416.tif", (600, 344))
    assert not view.valid[0, 0] and view.valid_share == pytest.approx(0.97, abs=0.01)


def test_infrared_stack_is_known_to_be_false_colour(data_dir: Path):
    scene, _ = seen(data_dir, "landsat_pucallpa/landsat_1985_swir1_nir_red_green.tif")
    assert scene.false_colour and scene.display.guessed
    aerial, _ = seen(data_dir, "naip_nd/naip_20090818_rgbn_5m.tif")
    assert not aerial.false_colour
