"""Maps of where a phrase is: by the tiles of the release, and its four figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.geo.heat import heat, likeliness, pyramid
from rsvlm.models.pool import Models
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.metrics.selo import selo
from rsvlm.trainer.scoring import score_file

HEIGHT, WIDTH = 300, 420
REGION = [[40, 60], [180, 60], [180, 200], [40, 200]]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(2).integers(0, 90, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[60:200, 40:180] = (60, 160, 60)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    return tmp_path / "large.png"


def by_hand(predictor, pixels: np.ndarray, phrase: str) -> np.ndarray:
    text = predictor.embed_texts([phrase])[0]
    tiles = pyramid(pixels.shape[1], pixels.shape[0])
    return np.array([
        (predictor.embed_images(predictor.encode(np.stack([pixels[y0:y1, x0:x1]]))) @ text)[0]
        for x0, y0, x1, y1 in tiles
    ])  # fmt: skip


def test_figures_are_those_of_the_map_of_all_tiles(
    add_clip, models: Models, picture: Path, records, kept, tmp_path: Path
):
    add_clip()
    predictor = models.get("clip")
    polygon, box = {"label": "", "polygon": [REGION]}, {"label": "", "bbox": [10, 10, 60, 50]}
    data = records(
        ("localize", [picture], "a meadow", [], {"regions": [polygon]}),
        ("localize", [picture], "a lake", [], {"regions": [box, polygon]}),
        ("localize", [picture], "", [], {"regions": [box]}),
        ("caption", [picture], "a lake", ["a lake"], {"regions": [box]}),
    )
    result = evaluate("localize", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    pixels, figures = np.asarray(Image.open(picture)), []
    corners = [[10, 10], [60, 10], [60, 50], [10, 50]]
    for row, phrase, regions in zip(kept(), ("a meadow", "a lake"), ([REGION], [corners, REGION]), strict=True):
        wanted = by_hand(predictor, pixels, phrase)
        np.testing.assert_allclose(row["prediction"], wanted, atol=2e-6)
        likely = likeliness(heat(row["prediction"], pyramid(WIDTH, HEIGHT), WIDTH, HEIGHT))
        figures.append(selo(likely, [np.array(region) for region in regions]))
    assert result["n"] == 2 and set(result["metrics"]) == {"Rsu", "Rda", "Ras", "Rmi"}
    for name, value in result["metrics"].items():
        assert value == pytest.approx(np.mean([one[name] for one in figures]), abs=1e-6)
    again = score_file("localize", tmp_path / "said.jsonl")
    assert {**result, **again, "data": "records.jsonl"} == result


def test_window_of_a_raster_is_searched_as_a_picture_of_its_own(
    add_clip, models: Models, picture: Path, kept, tmp_path: Path, records
):
    add_clip()
    predictor = models.get("clip")
    data = records(("localize", [picture], "a meadow", [], {"regions": [{"label": "", "bbox": [5, 5, 60, 60]}]}))
    told = json.loads(data.path.read_text())
    told["images"][0]["window"] = [30, 20, 330, 290]
    data.path.write_text(json.dumps(told))
    evaluate("localize", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    (row,) = kept()
    wanted = by_hand(predictor, np.asarray(Image.open(picture))[20:290, 30:330], "a meadow")
    np.testing.assert_allclose(row["prediction"], wanted, atol=2e-6)
    assert row["size"] == [270, 300]


def test_map_of_a_released_pipeline_scores_as_it_did(golden_dir: Path, tmp_path: Path):
    """From its cosines; the release keeps its map as JPEG before it is scored, which moves the figures by a little."""
    told = json.loads((golden_dir / "selo" / "pipeline.json").read_text())
    for number, image in enumerate(told["images"]):
        height, width = image["size_hw"]
        said = [image["tiles"][f"{y0}_{y1}_{x0}_{x1}.jpg"] for x0, y0, x1, y1 in pyramid(width, height)]
        row = {"id": number, "prediction": said, "size": [height, width], "references": image["regions"]}
        (tmp_path / "said.json").write_text(json.dumps([row]))
        found = score_file("localize", tmp_path / "said.json")["metrics"]
        for name, value in image["metrics_on_after_jpeg"].items():
            print(f"picture {number}: {name} {found[name]:.4f}, of the release {value:.4f}")
            assert found[name] == pytest.approx(value, abs=1e-3)


def test_cosines_of_other_tiles_are_told(tmp_path: Path):
    row = {"id": 7, "prediction": [0.1], "size": [300, 900], "references": [REGION]}
    (tmp_path / "said.json").write_text(json.dumps([row]))
    with pytest.raises(RsvlmError, match="cosines of 7 are not those of the tiles"):
        score_file("localize", tmp_path / "said.json")
