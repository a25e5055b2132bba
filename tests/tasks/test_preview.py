"""The preview shows what the model is going to see, and what it is going to cost."""

from __future__ import annotations

import base64
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rasterio.transform import from_origin

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import get_card
from rsvlm.models.pool import Models
from rsvlm.protocol import DescribeRequest, Raster, RsvlmError
from rsvlm.tasks.describe import describe
from rsvlm.tasks.looking import look
from rsvlm.tasks.plan import make_plan
from rsvlm.tasks.preview import LARGEST, preview


def thumbnail(facts: dict) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(facts["thumbnail"]))))


@pytest.mark.parametrize(("height", "width", "gap"), [(200, 200, False), (100, 190, False), (300, 200, True)])
def test_thumbnail_is_the_picture_that_the_model_gets(write, height: int, width: int, gap: bool, landscape):
    pixels = landscape(height, width)
    pixels[:, :30, :40] = 0 if gap else pixels[:, :30, :40]
    raster = Raster(href=write(pixels, nodata=0))
    facts = preview(raster, None)
    with Scene.open(raster) as scene:
        (tile,) = look(scene, make_plan(scene, get_card(None), "brief"))
    np.testing.assert_array_equal(thumbnail(facts), tile.picture)
    assert (facts["width"], facts["height"]) == tile.picture.shape[1::-1]


def test_facts_are_those_of_the_answer(models: Models, write, landscape, listen):
    raster = Raster(
        href=write(landscape(400, 400), transform=from_origin(500000, 5500000, 3, 3)), acquired="2020-02-02"
    )
    facts = preview(raster, "compact")
    answer = describe(DescribeRequest(raster), models, listen())
    assert facts["tiles"] == len(answer.evidence) == 9 and facts["seconds"] > 0.5
    assert facts["gsd_m"] == answer.provenance["gsd_m"] and facts["extent"] == answer.provenance["extent"]
    assert facts["native_gsd_m"] == pytest.approx(3, rel=1e-3)
    assert facts["ground_m"] == pytest.approx([1200, 1200], rel=1e-3)
    assert facts["crs"] == "EPSG:32632" and facts["bands"] == [1, 2, 3] and facts["acquired"] == "2020-02-02"
    assert facts["valid_share"] == 1 and set(facts["warnings"]) <= set(answer.warnings)
    assert max(facts["width"], facts["height"]) == LARGEST
    assert facts["footprint"]["coordinates"][0][0] == [500000, 5498800]


def test_picture_without_a_place_has_no_size_on_the_ground(write, landscape):
    facts = preview(Raster(href=write(landscape(90, 90), crs=None, transform=None)), None)
    assert facts["crs"] is None and facts["gsd_m"] is None and facts["ground_m"] is None
    assert facts["extent"] == [0, 0, 90, 90] and "no coordinate system" in facts["warnings"][0]


def test_nodata_is_seen_beforehand(write):
    facts = preview(Raster(href=write(np.zeros((3, 64, 64), np.uint8), nodata=0)), None)
    assert facts["valid_share"] == 0 and thumbnail(facts).max() == 0


def test_unknown_model_and_missing_file_are_told(tmp_path):
    with pytest.raises(RsvlmError, match="no model called"):
        preview(Raster(href=str(tmp_path / "a.tif")), "big")
    with pytest.raises(RsvlmError, match="There is no file"):
        preview(Raster(href=str(tmp_path / "a.tif")), None)


def test_preview_needs_no_torch(write, landscape):
    script = (
        "import sys; from rsvlm.protocol import Raster; from rsvlm.tasks.preview import preview;"
        "print(preview(Raster(href=sys.argv[1]), None)['tiles'], 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, write(landscape(64, 64))], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["1", "False"]
