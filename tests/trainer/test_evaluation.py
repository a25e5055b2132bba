"""An evaluation of captions says what it measured, and its figures are those of its scores."""

from __future__ import annotations

import json
from copy import copy
from pathlib import Path

import numpy as np
import pytest

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.load import load_model
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.measuring import asking
from rsvlm.trainer.measuring.asking import Row
from rsvlm.trainer.measuring.data import Data
from rsvlm.trainer.measuring.words import Captions
from rsvlm.trainer.metrics.caption_protocols import score_captions
from rsvlm.trainer.metrics.tally import means
from rsvlm.trainer.metrics.tokenisers import plain
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.scoring import score_file


def scores(references: list[list[str]], candidates: list[str]) -> tuple[dict[str, float], np.ndarray]:
    """Figures, and the CIDEr of each picture, by the protocol coco."""
    score = score_captions(references, candidates)
    return score.tally.values(), score.cider


def interval(values: np.ndarray) -> list[float]:
    return means({"mean": values}).intervals()["mean"]


def write_records(path: Path, records: list[Record]) -> None:
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in records))


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
    data, kept = Data(tiny / "tiny.zip"), Kept(tmp_path / "said.jsonl")
    result = evaluate("caption", data, predictor, kept=kept)
    assert (result["task"], result["protocol"], result["split"], result["n"]) == ("caption", "coco", "val", 6)
    assert result["data"] == "tiny.zip" and result["model"] == "compact" and len(result["revision"]) == 12
    said = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text("utf-8").splitlines()]
    records = read_caption_archive(tiny / "tiny.zip", "val")
    assert [row["id"] for row in said] == [record.id for record in records]
    seen = predictor.encode(read_squares(records, 128))
    assert [row["prediction"] for row in said] == [caption.text for caption in predictor.captions(seen)]
    again, _ = scores([record.captions for record in records], [row["prediction"] for row in said])
    for name, value in again.items():
        assert result["metrics"][name] == pytest.approx(value, abs=1e-6)
    scenes = [predictor.scenes[place] for place in predictor.scene_probabilities(seen).argmax(axis=1)]
    right = np.mean([scene == record.meta["scene"] for scene, record in zip(scenes, records, strict=True)])
    assert result["metrics"]["scene accuracy"] == pytest.approx(right, abs=1e-6)
    rescored = score_file("caption", tmp_path / "said.jsonl")
    assert {**result, **rescored, "data": "tiny.zip"} == result
    low, high = result["ci95"]["CIDEr"]
    assert low <= result["metrics"]["CIDEr"] <= high
    assert json.loads(json.dumps(result)) == result


def test_evaluation_that_was_stopped_goes_on_to_the_same_file(
    predictor: CompactPredictor, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking, "BATCH", 4)
    data, asked = Data(tiny / "tiny.zip", split="train"), []
    whole = evaluate("caption", data, predictor, kept=Kept(tmp_path / "whole.jsonl"))
    rows = Captions.rows

    def breaking(self: Captions, items: list[Record]) -> list[Row]:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(items))
        return rows(self, items)

    monkeypatch.setattr(Captions, "rows", breaking)
    kept = Kept(tmp_path / "said.jsonl")
    with pytest.raises(KeyboardInterrupt):
        evaluate("caption", data, predictor, kept=kept)
    (part,) = tmp_path.glob(".said.jsonl.*.part")
    lines = part.read_bytes().splitlines(keepends=True)
    assert len(lines) == 8 and not kept.path.exists()
    part.write_bytes(b"".join(lines[:6]) + lines[6][:9])  # as if it had been killed within a batch, and within a line
    asked.clear()
    monkeypatch.setattr(Captions, "rows", lambda self, items: asked.append(len(items)) or rows(self, items))
    assert evaluate("caption", data, predictor, kept=kept) == whole
    assert kept.path.read_bytes() == (tmp_path / "whole.jsonl").read_bytes() and asked == [4, 4, 4, 2]
    with pytest.raises(RsvlmError, match="there already"):
        evaluate("caption", data, predictor, kept=kept)
    few = evaluate("caption", data, predictor, limit=3, kept=Kept(kept.path, overwrite=True))
    assert few["n"] == 3 and len(kept.path.read_bytes().splitlines()) == 3


def test_what_cannot_be_measured_is_told_before_any_work(predictor: CompactPredictor, tiny: Path, tmp_path: Path):
    data, unable = Data(tiny / "tiny.zip"), copy(predictor)
    unable.card = predictor.card.model_copy(update={"tasks": ("describe",)})
    with pytest.raises(RsvlmError, match="no caption protocol “bleurt”"):
        evaluate("caption", data, predictor, "bleurt")
    with pytest.raises(RsvlmError, match="does not exist") as caught:
        evaluate("caption", data, predictor, kept=Kept(tmp_path / "none" / "said.jsonl"))
    assert caught.value.exit_code == 2
    with pytest.raises(RsvlmError, match="compact cannot describe what changed"):
        evaluate("change", data, unable)
    with pytest.raises(RsvlmError, match=r"does not show what list\.txt is"):
        evaluate("caption", Data(tmp_path / "list.txt"), predictor)
    write_records(tmp_path / "asked.jsonl", [Record("1", "vqa", "test", [], [])])
    with pytest.raises(RsvlmError, match=r"asked\.jsonl has nothing to measure “caption” on"):
        evaluate("caption", Data(tmp_path / "asked.jsonl"), predictor, kept=Kept(tmp_path / "said.jsonl"))
    assert [path.name for path in tmp_path.iterdir()] == ["asked.jsonl"]
