"""What covers a picture: the likeliest class of each pixel, tile by tile, against masks of all classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.cards import Calibration
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Likely, Question
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.measuring.asking import Setting
from rsvlm.trainer.measuring.cover import Cover
from rsvlm.trainer.measuring.drawn import resized
from rsvlm.trainer.metrics.masks import class_overlap
from rsvlm.trainer.regions import decode, encode
from rsvlm.trainer.scoring import score_file

BANDS = {"red roofs": 0, "meadow": 1, "lake": 2}


class Painter:
    """Finds classes by their colour, with a doubt that grows towards the edges of a tile."""

    card = SimpleNamespace(
        input=SimpleNamespace(pixels=32, gsd_range_m=(0.3, 10)), tasks=["segment"], calibration=Calibration()
    )
    device, size_bytes, usage, mask_stride = "cpu", 0, dict[str, int](), 1

    def until(self, stop: Any) -> Painter:
        return self

    def encode(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        return list(pictures)

    def likely(self, seen: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Likely]:
        bell = np.sin(np.pi * (np.arange(32) + 0.5) / 32)
        doubt = 0.4 * (1 - bell[:, None] * bell)
        maps = [np.stack([pixels[..., BANDS[phrase]] / 255 * (1 - doubt) for phrase in phrases]) for pixels in seen]
        return [Likely(found.astype(np.float32), found.max(axis=(1, 2))) for found in maps]


@pytest.fixture
def land(tmp_path) -> tuple[Any, dict[str, np.ndarray]]:
    """A picture of 100 x 70: roofs left, a meadow right, a strip that nobody knows; and where each class is."""
    columns = np.broadcast_to(np.arange(100), (70, 100))
    masks = {"red roofs": columns < 30, "meadow": columns >= 40, "lake": np.zeros((70, 100), bool)}
    pixels = np.zeros((70, 100, 3), np.uint8)
    for label, mask in masks.items():
        pixels[mask, BANDS[label]] = 200
    pixels[:, 30:40, 2] = 200  # the strip looks like a lake
    Image.fromarray(pixels).save(tmp_path / "land.png")
    return tmp_path / "land.png", masks


def test_pixels_are_of_the_likeliest_class_without_seams(land, records):
    picture, masks = land
    regions = [{"label": label, "rle": encode(mask)} for label, mask in masks.items()]
    data = records(("segment", [picture], "", [], {"regions": regions}))
    found = list(data.records(data.source()))
    measure = Cover(Setting(Painter(), "semantic", lambda: iter(found)))  # type: ignore[arg-type]
    row = measure.rows(measure.items(found[0]))[0]
    assert row["classes"] == list(masks)
    told = dict(zip(row["classes"], map(decode, row["prediction"]), strict=True))
    assert (told["red roofs"] == masks["red roofs"]).all() and (told["meadow"] == masks["meadow"]).all()
    assert told["lake"].sum() == 70 * 10
    assert [decode(rle).sum() for rle in row["reference"]] == [mask.sum() for mask in masks.values()]


def test_model_that_answers_phrase_by_phrase_is_asked_of_each_tile(add_family, models: Models, land, records, kept):
    add_family("geopix", ("Sure,", "it", "is", *SEGS))
    predictor = models.get("geopix")
    picture, masks = land
    some = dict(list(masks.items())[:2])
    regions = [{"label": label, "rle": encode(mask)} for label, mask in some.items()]
    data = records(
        ("segment", [picture], "", [], {"regions": regions}),
        ("segment", [picture], "", [], {"regions": regions[:1]}),
    )
    out = picture.parent / "said.jsonl"
    result = evaluate("segment", data, predictor, "semantic", kept=Kept(out))
    assert result["n"] == 1 and set(result["metrics"]) == {"mIoU", "accuracy", "red roofs IoU", "meadow IoU"}
    side = predictor.card.input.pixels
    if side >= 100:  # one tile, with the picture mirrored beyond its edge
        pixels = np.pad(np.asarray(Image.open(picture)), ((0, side - 70), (0, side - 100), (0, 0)), "symmetric")
        asked = [Question(f"[segment] Can you segment {text} ?") for text in some]
        seen = predictor.encode([pixels])
        maps = np.stack([predictor.ask(seen, [one])[0].masks.max(axis=0) for one in asked])
        best = np.stack([resized(one, side, side) for one in maps])[:, :70, :100].argmax(axis=0)
        assert [decode(rle).sum() for rle in kept()[0]["prediction"]] == [(best == 0).sum(), (best == 1).sum()]
    assert result["baselines"]["meadow everywhere"]["mIoU"] == pytest.approx(0.5 * 60 / 90, abs=1e-6)
    assert score_file("segment", out, "semantic")["metrics"] == result["metrics"]


def test_figures_are_those_of_all_pixels_that_are_of_a_class():
    true = [np.array([[0, 0, 1, -1]]), np.array([[1, 1, 1, 1]])]
    told = [np.array([[0, 1, 1, 2]]), np.array([[1, 1, 1, -1]])]
    found = class_overlap(told, true, ["a", "b", "c"]).values()
    assert found["a IoU"] == pytest.approx(1 / 2) and found["b IoU"] == pytest.approx(4 / 6)
    assert np.isnan(found["c IoU"]) and found["mIoU"] == pytest.approx((1 / 2 + 4 / 6) / 2)
    assert found["accuracy"] == pytest.approx(5 / 7)
    perfect = class_overlap(true, true, ["a", "b"])
    assert perfect.values() == {"mIoU": 1, "accuracy": 1, "a IoU": 1, "b IoU": 1}
    assert perfect.intervals()["mIoU"] == [1, 1]


def test_rows_that_name_no_classes_or_lack_a_mask_are_told(tmp_path):
    rle = encode(np.ones((3, 4), bool))
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "a", "prediction": [rle], "reference": [rle]}))
    with pytest.raises(RsvlmError, match="names no classes"):
        score_file("segment", tmp_path / "p.jsonl", "semantic")
    row = {"id": "a", "classes": ["x", "y"], "prediction": [rle], "reference": [rle]}
    (tmp_path / "p.jsonl").write_text(json.dumps(row))
    with pytest.raises(RsvlmError, match="one for each class"):
        score_file("segment", tmp_path / "p.jsonl", "semantic")
