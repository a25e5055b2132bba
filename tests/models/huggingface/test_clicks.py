"""From a released SAM 2 to the outline of a click: brought in by the command, found in its card, asked about a raster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from rasterio.features import shapes
from shapely.geometry import Point, shape
from shapely.ops import unary_union

from rsvlm.cli.main import main
from rsvlm.models.cards import get_card
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Prompt
from rsvlm.protocol import Raster, RefineRequest, RsvlmError, Watch
from rsvlm.tasks import TASKS

from .tiny import sam2

TURNED = Affine.translation(500000, 5500000) @ Affine.rotation(25) @ Affine.scale(0.5, -0.5)
LEFT, TOP, SIDE = 96, 32, 128  # the square that is seen around the clicks below


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What `rsvlm models import` said of a small SAM 2 that it was given."""
    torch.manual_seed(0)
    release = tmp_path / "release"
    release.mkdir()
    sam2(release)
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    words = ["rsvlm", "models", "import", str(release), "--family", "huggingface", "--id", "sam2", "--title", "SAM 2"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.fixture
def town(tmp_path: Path) -> tuple[Raster, np.ndarray]:
    """A turned raster of 300 x 200 pixels of half a metre, and these, (200, 300, 3) uint8."""
    pixels = np.random.default_rng(5).integers(1, 255, (3, 200, 300)).astype(np.uint8)
    path = tmp_path / "town.tif"
    profile: dict[str, Any] = {"crs": "EPSG:32632", "transform": TURNED, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", width=300, height=200, **profile) as target:
        target.write(pixels)
    return Raster(href=str(path)), pixels.transpose(1, 2, 0)


def test_imported_sam_outlines_clicks_as_its_network_does(imported: str, town: tuple[Raster, np.ndarray]):
    raster, pixels = town
    assert "sam2 is installed" in imported and get_card("sam2").tasks == ("refine",)
    models = Models("cpu")
    predictor = models.get("sam2")
    seen = predictor.encode([pixels[TOP : TOP + SIDE, LEFT : LEFT + SIDE]])
    inside = {True: 0, False: 0}
    for column, row in ((160, 96), (150, 90), (165, 100), (155, 85), (148, 105), (171, 109)):
        prompt = Prompt(points=((column - LEFT, row - TOP),), inside=(True,))
        (wanted,) = predictor.masks(seen, [[prompt]])
        likely = float(np.median(wanted.masks))  # what has learnt nothing draws no line of its own
        mask = wanted.masks[0] >= likely
        place = TURNED @ Affine.translation(LEFT, TOP)
        parts = [shape(part) for part, _ in shapes(mask.astype(np.uint8), mask, connectivity=4, transform=place)]
        at = TURNED @ (column + 0.5, row + 0.5)
        answer = TASKS["refine"].run(RefineRequest(raster, "roof", at, "sam2", likely, 0.0), models, Watch())
        part = [part for part in parts if part.contains(Point(at))]
        inside[bool(part)] += 1
        if not part:
            assert (answer.evidence, answer.target_absent) == ([], ["roof"])
            continue
        whole = unary_union([shape(item.geometry) for item in answer.evidence])
        assert whole.contains(Point(at)) and whole.symmetric_difference(part[0]).area < 1e-6 * part[0].area
        assert answer.evidence[0].score == pytest.approx(min(1, max(0, float(wanted.quality[0]))), abs=1e-3)
        assert {item.label for item in answer.evidence} == {"roof"}
    print(f"clicks inside of their masks, and outside: {inside}")
    assert inside[True] > 0
    assert answer.provenance["revision"] == get_card("sam2").revision
    assert predictor.counts.encodes == 1  # the same square for all of them


def test_model_that_outlines_clicks_is_not_asked_in_words(imported: str, town: tuple[Raster, np.ndarray]):
    with pytest.raises(RsvlmError, match="sam2 cannot describe a place"):
        request = TASKS["describe"].request(town[0], model="sam2")
        TASKS["describe"].run(request, Models("cpu"), Watch())
