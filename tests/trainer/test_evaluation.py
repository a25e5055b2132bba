"""An evaluation of captions says what it measured, and its figures are those of its scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.load import load_model
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import evaluate_captions
from rsvlm.trainer.metrics.caption_protocols import score_captions
from rsvlm.trainer.metrics.tally import means
from rsvlm.trainer.metrics.tokenisers import plain
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.scoring import score_file


def scores(references: list[list[str]], candidates: list[str]) -> tuple[dict[str, float], np.ndarray]:
    """Figures, and the CIDEr of each picture, by the protocol coco."""
    score = score_captions(references, candidates)
    return score.tally.values(), score.cider


def interval(values: np.ndarray) -> list[float]:
    return means({"mean": values}).intervals()["mean"]


@pytest.fixture(scope="module")
def predictor() -> CompactPredictor:
    return load_model(get_card(None), "cpu")


def test_scores_are_those_recorded_from_the_official_scorer(golden_dir: Path):
    golden = json.loads((golden_dir / "metrics" / "caption_pycocoevalcap.json").read_text())
    items, expected = golden["items"], golden["expected"]["ptb_tokenized"]
    metrics, each = scores([item["references"] for item in items], [item["hypothesis"] for item in items])
    for order in range(4):
        assert metrics[f"BLEU-{order + 1}"] == pytest.approx(expected["Bleu"][order], abs=1e-9)
    assert metrics["ROUGE-L"] == pytest.approx(expected["ROUGE_L"], abs=1e-9)
    assert metrics["CIDEr"] == pytest.approx(expected["CIDEr"], abs=1e-9)
    np.testing.assert_allclose(each, expected["CIDEr_per_item"], atol=1e-9)


REFERENCES = [
    ["many green trees are in a forest", "a dense forest with green trees"],
    ["a long bridge is over a wide river", "there is a bridge over the river"],
    ["several planes are parked near a terminal", "an airport with several planes"],
    ["some boats are in a blue harbor", "a harbor with many white boats"],
]


def test_perfect_captions_reach_the_top_and_wrong_ones_the_bottom():
    single = [row[:1] for row in REFERENCES]
    best, each = scores(single, [row[0] for row in single])
    assert (
        best["BLEU-1"] == pytest.approx(1)
        and best["BLEU-4"] == pytest.approx(1)
        and best["ROUGE-L"] == pytest.approx(1)
    )
    assert best["CIDEr"] == pytest.approx(10) and each == pytest.approx([10] * 4)
    worst, _ = scores(REFERENCES, ["nothing fits"] * 4)
    assert worst["CIDEr"] == 0 and worst["BLEU-1"] < 1e-6 and worst["ROUGE-L"] == 0


def test_constant_caption_scores_only_where_it_fits():
    metrics, each = scores(REFERENCES, ["many green trees are in a forest"] * 4)
    assert each[0] > 3 and (each[1:] < 0.5).all()
    assert metrics["CIDEr"] == pytest.approx(each.mean())


def test_case_and_punctuation_do_not_matter():
    assert plain("A river ,  and (2) Roads's end . ") == "a river and 2 roads's end"
    loud = [[f"{text.upper()} !" for text in row] for row in REFERENCES]
    quiet, shouted = (scores(rows, [row[0] for row in REFERENCES])[0] for rows in (REFERENCES, loud))
    assert quiet == shouted


def test_interval_holds_the_mean_and_narrows_with_more_pictures():
    values = np.random.default_rng(1).normal(2.0, 1.0, 2000)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 2000**0.5, rel=0.25)
    few = interval(values[:50])
    assert few[1] - few[0] > 3 * (high - low)
    assert interval(values) == [low, high] and interval(np.full(9, 3.0)) == [3.0, 3.0]


def test_archive_is_evaluated_from_end_to_end(predictor: CompactPredictor, tiny: Path, tmp_path: Path):
    result = evaluate_captions(predictor, tiny / "tiny.zip", "val", "coco", tmp_path / "said.jsonl")
    assert (result["task"], result["protocol"], result["split"], result["n"]) == ("caption", "coco", "val", 6)
    assert result["data"] == "tiny.zip" and result["model"] == "compact" and len(result["revision"]) == 12
    said = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text("utf-8").splitlines()]
    records = read_caption_archive(tiny / "tiny.zip", "val")
    assert [row["id"] for row in said] == [record.id for record in records]
    again, each = scores([record.captions for record in records], [row["caption"] for row in said])
    for name, value in again.items():
        assert result["metrics"][name] == pytest.approx(value, abs=1e-4)
    assert [row["CIDEr"] for row in said] == pytest.approx(each.tolist(), abs=1e-4)
    rescored = score_file("caption", tmp_path / "said.jsonl")
    assert rescored["metrics"] | {"scene accuracy": result["metrics"]["scene accuracy"]} == result["metrics"]
    assert rescored["vocabulary"] == result["vocabulary"] and rescored["ci95"]["BLEU-4"] == result["ci95"]["BLEU-4"]
    low, high = result["ci95"]["CIDEr"]
    assert low <= result["metrics"]["CIDEr"] <= high
    assert 0 <= result["metrics"]["scene accuracy"] <= 1
    assert json.loads(json.dumps(result)) == result


def test_unknown_protocol_and_missing_folder_are_told_before_any_work(
    predictor: CompactPredictor, tiny: Path, tmp_path: Path
):
    with pytest.raises(RsvlmError, match="no caption protocol “bleurt”"):
        evaluate_captions(predictor, tiny / "tiny.zip", "val", "bleurt")
    with pytest.raises(RsvlmError, match="does not exist") as caught:
        evaluate_captions(predictor, tiny / "tiny.zip", "val", "coco", tmp_path / "none" / "said.jsonl")
    assert caught.value.exit_code == 2
