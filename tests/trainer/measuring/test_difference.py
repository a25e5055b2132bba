"""The difference of two dates as a baseline of change: what it finds, its thresholds, and how changed pixels are counted."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rsvlm.cli.evaluate import evaluate_app
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.measuring.difference import best_threshold, difference, otsu, pairs, score
from rsvlm.trainer.metrics.masks import change_overlap
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import encode
from rsvlm.trainer.scoring import score_file


def ground(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(90, 110, (64, 64, 3)).astype(np.uint8)


def built(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A bright roof, and where it is."""
    mask = np.zeros((64, 64), bool)
    mask[20:44, 10:34] = True
    after = pixels.copy()
    after[mask] = 220
    return after, mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four pairs, two of them without a change, each with a second record of the same dates."""
    rows = []
    for number in range(4):
        before = ground(number)
        after, mask = built(before) if number % 2 else (before, np.zeros((64, 64), bool))
        for name, pixels in (("a", before), ("b", after)):
            Image.fromarray(pixels).save(tmp_path / f"{number}{name}.png")
        images = [{"href": f"{number}{name}.png"} for name in "ab"]
        row = {"id": f"{number}", "task": "change", "split": "val", "images": images, "messages": []}
        regions = [{"label": "building", "rle": encode(mask)}]
        rows += [{**row, "regions": regions}, {**row, "id": f"{number}/again", "regions": regions}]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_light_alone_makes_no_difference_and_a_roof_does():
    before = ground(1)
    brighter = (before * 1.3 + 12).clip(0, 255).astype(np.uint8)
    after, mask = built(before)
    assert difference(before, brighter).max() < 2
    found = difference(before, after)
    assert found[25:39, 15:29].min() > 2.5 * np.median(found[~mask])
    spot = np.zeros((9, 12, 3), np.uint8)
    spot[4, 4] = 250
    moved = difference(spot, np.roll(spot, 5, axis=1))
    assert moved.shape == (9, 12) and moved[2:7, 2:7] == pytest.approx(10.0) and moved[0].max() < 1e-9


def test_thresholds_part_what_differs():
    values = np.concatenate([np.random.default_rng(0).normal(10, 2, 900), np.random.default_rng(1).normal(60, 5, 100)])
    assert (values[:900] < otsu(values)).mean() > 0.99 and (values[900:] > otsu(values)).all()
    true = np.zeros((10, 10), bool)
    true[:4] = True
    levels = np.where(true, 30.0, 8.0)
    levels[9, 9] = 40
    assert 8 < best_threshold([(levels, true)]) <= 30
    with pytest.raises(RsvlmError, match="no change to choose"):
        best_threshold([(levels, np.zeros((10, 10), bool))])


def test_dates_that_are_equal_have_no_changed_pixel():
    noise = (np.random.default_rng(0).random((64, 64, 3)) < 0.1).astype(np.uint8)
    for pixels in (ground(3), noise, np.full((64, 64, 3), 7, np.uint8)):
        found = difference(pixels, pixels)
        assert found.max() < 1e-6 and otsu(found) == np.inf
        _, scored = score([(found, np.zeros((64, 64), bool))], None)
        assert scored.tallies[""].values()["false alarms"] == 0
    assert difference(np.zeros((64, 64, 3), np.uint8), built(ground(3))[0]).max() > 2, "seen against what is flat"


def test_changed_pixels_and_false_alarms_are_counted():
    true = [np.zeros((20, 20), bool), np.zeros((20, 20), bool), np.zeros((20, 20), bool)]
    told = [one.copy() for one in true]
    true[0][:5] = True
    told[0][:4] = told[0][10:11] = True  # 80 right, 20 too many, 20 missed
    told[1][0, :3] = True  # more than 0.5 % of 400
    told[2][0, :2] = True  # no more
    found = change_overlap(told, true).values()
    assert found["precision"] == pytest.approx(80 / 105) and found["recall"] == pytest.approx(0.8)
    assert found["F1"] == pytest.approx(160 / (160 + 25 + 20)) and found["IoU"] == pytest.approx(80 / 125)
    assert found["false alarms"] == 0.5


def test_two_dates_count_once_and_both_commands_agree(data: Path, tmp_path: Path):
    result = CliRunner().invoke(evaluate_app, ["difference", "--data", str(data), "--chosen-on", str(data), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["n"] == 4 and told["protocol"] == "pixels" and told["metrics"]["false alarms"] == 0
    assert told["metrics"]["F1"] > 0.85 and told["threshold"] > 1
    found = list(pairs(Records(data)))
    rows = [
        {"id": str(number), "prediction": encode(values >= told["threshold"]), "reference": encode(true)}
        for number, (values, true) in enumerate(found)
    ]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert score_file("change", tmp_path / "said.jsonl", "pixels")["metrics"] == told["metrics"]
    plain = CliRunner().invoke(evaluate_app, ["difference", "--data", str(data)])
    assert "protocol pixels" in plain.stdout and "false alarms" in plain.stdout
    with pytest.raises(RsvlmError, match="no pair"):
        score([], None)
    lines = data.read_text().splitlines()
    data.write_text("\n".join(json.dumps({**json.loads(line), "split": "test"}) for line in lines))
    whole = CliRunner().invoke(evaluate_app, ["difference", "--data", str(data), "--json"])
    split = json.dumps({**json.loads(lines[0]), "split": "train"})
    data.write_text(data.read_text() + "\n" + split)
    some = CliRunner().invoke(evaluate_app, ["difference", "--data", str(data), "--json"])
    assert "warning" not in json.loads(whole.stdout) and "“test” is measured" in json.loads(some.stdout)["warning"]


def test_models_are_scored_by_changed_pixels_too(add_family, models, pictures, records, kept, tmp_path: Path):
    add_family("deltavlm", ("new", "roads"))
    mask = np.zeros((40, 48), bool)
    mask[:20] = True
    regions = [{"label": "road", "rle": encode(mask)}]
    data = records(
        ("change", pictures[:2], "", ["roads"], {"regions": regions}),
        ("change", pictures[:2], "how many?", ["1"], {"regions": regions}),
    )
    result = evaluate("change", data, models.get("deltavlm"), "pixels", kept=Kept(tmp_path / "said.jsonl"))
    assert result["n"] == 1 and set(result["metrics"]) >= {"F1", "precision", "recall", "IoU"}


def test_pairs_are_scored_one_after_the_other():
    """A pair is gone when the one after the next is made."""
    made: list[weakref.ref[np.ndarray]] = []

    def many() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for number in range(9):
            assert sum(one() is not None for one in made) <= 2
            true = np.arange(16).reshape(4, 4) < number
            made.append(weakref.ref(true))
            yield np.where(true, 9.0, 1.0), true

    count, scored = score(many(), 5)
    assert count == 9 and scored.tallies[""].values()["F1"] == 1
