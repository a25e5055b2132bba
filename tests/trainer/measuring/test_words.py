"""Captions, answers and words on two dates are those that the predictor gives if asked by hand, and scored as a file is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.families.mmodalcc.predictor import Change
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.scoring import score_file


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_answers_are_those_to_the_card_s_prompt_and_counted_by_type(
    add_family, models: Models, pictures, records, kept, tmp_path: Path
):
    add_family("geopix", ("two", "ships", "here"))
    predictor = models.get("geopix")
    data = records(
        ("vqa", pictures[:1], "how many ships ?", ["two ships here"], {"meta": {"type": "count"}}),
        ("vqa", pictures[1:2], "is there a ship ?", ["yes"], {"meta": {"type": "presence"}}),
        ("caption", pictures[2:3], "Describe it.", ["a sea"], {}),
        ("vqa", pictures[2:3], "how many ?", ["Two ships here."], {"meta": {"type": "count"}}),
    )
    result = evaluate("vqa", data, predictor, "exact", kept=Kept(tmp_path / "said.jsonl"))
    replies = predictor.ask(
        predictor.encode([pixels(path) for path in pictures[:3]]),
        [Question(f"[vqa] {text}") for text in ("how many ships ?", "is there a ship ?", "how many ?")],
    )
    rows = kept()
    assert [row["prediction"] for row in rows] == [reply.text for reply in replies]
    assert [row["id"] for row in rows] == ["r0", "r1", "r3"] and result["n"] == 3
    assert result["metrics"] == pytest.approx({"OA": 2 / 3, "AA": 0.5, "count": 1, "presence": 0}, abs=1e-6)
    assert result["baselines"] == {"most frequent answer of each type": {"OA": 1.0, "AA": 1.0}}
    again = score_file("vqa", tmp_path / "said.jsonl", "exact")
    assert {**result, **again, "data": "records.jsonl"} == result and result["split"] == "all"
    only = evaluate("vqa", data, predictor, "yes-no")
    assert only["n"] == 1 and only["metrics"]["accuracy"] == 0


def test_captions_of_any_model_are_asked_for_by_its_card(add_family, models: Models, pictures, records, kept, tmp_path):
    add_family("geopix", ("a", "sea", "here"))
    data = records(*(("caption", [path], "Anything?", ["a sea here", "ships"], {}) for path in pictures))
    result = evaluate("caption", data, models.get("geopix"), limit=5, kept=Kept(tmp_path / "said.jsonl"))
    assert [row["prediction"] for row in kept()] == ["a sea here"] * 5
    assert result["metrics"]["BLEU-3"] == pytest.approx(1, abs=1e-6) and "scene accuracy" not in result["metrics"]


def test_what_is_said_of_two_dates_is_a_caption_or_an_answer_by_the_protocol(
    add_family, models: Models, pictures, records, kept, tmp_path: Path
):
    add_family("deltavlm", ("3", "new", "roads"))
    predictor = models.get("deltavlm")
    binary, count = "Please judge whether it changed", "Please determine how many roads changed"
    data = records(
        ("change", pictures[:2], "Describe what has changed.", ["3 new roads", "roads"], {"meta": {"changed": True}}),
        ("change", pictures[2:4], "", ["nothing"], {"meta": {"changed": False}}),
        ("change", pictures[2:4], binary, ["no"], {"meta": {"type": "binary"}}),
        ("change", pictures[2:4], count, ["1 new roads and 0 new buildings"], {"meta": {"type": "count"}}),
    )
    result = evaluate("change", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    rows = kept()
    pairs = predictor.encode(*([pixels(pictures[place]) for place in (date, date + 2)] for date in (0, 1)))
    replies = predictor.ask(pairs, [Question("What changed")] * 2)
    assert [row["prediction"] for row in rows] == [reply.text for reply in replies]
    assert [row["changeflag"] for row in rows] == [1, 0]
    assert result["metrics"]["change told: accuracy"] == 0.5 and result["metrics"]["changed BLEU-1"] > 0.99
    counted = evaluate("change", data, predictor, "deltavlm-count")
    assert counted["n"] == 1 and counted["metrics"]["road MAE"] == 2
    assert evaluate("change", data, predictor, "yes-no")["metrics"]["accuracy"] == 1


def test_maps_of_a_record_are_shown_to_the_model_that_reads_them(
    add_family, models: Models, pictures, records, monkeypatch: pytest.MonkeyPatch
):
    add_family("mmodalcc", ("a", "house", "road", "trees"))
    predictor, shown = models.get("mmodalcc"), list[Change]()
    captions = predictor.captions
    monkeypatch.setattr(predictor, "captions", lambda changes: shown.extend(changes) or captions(changes))
    maps = [{"href": str(path)} for path in pictures[4:]]
    data = records(
        ("change", pictures[:2], "", ["a house"], {"meta": {"maps": maps}}),
        ("change", pictures[2:4], "", ["a road"], {}),
    )
    assert evaluate("change", data, predictor)["n"] == 2
    with_maps, without = shown
    for plane, path in zip(with_maps.maps, pictures[4:], strict=True):
        np.testing.assert_array_equal(plane, pixels(path))
    assert without.maps is None


def test_dates_of_two_sizes_are_told(add_family, models: Models, pictures, records, tmp_path: Path):
    add_family("deltavlm", ("new", "roads"))
    Image.new("RGB", (30, 30)).save(tmp_path / "other.png")
    data = records(("change", [pictures[0], tmp_path / "other.png"], "", ["roads"], {}))
    with pytest.raises(RsvlmError, match="two dates of r0 differ in size"):
        evaluate("change", data, models.get("deltavlm"))


def test_model_of_one_picture_is_not_asked_what_changed(add_family, models: Models, pictures, records):
    add_family("geopix", ("a", "sea"))
    data = records(("change", pictures[:2], "", ["roads"], {}))
    for protocol, told in (("coco", "describe what changed"), ("exact", "answer questions about what changed")):
        with pytest.raises(RsvlmError, match=f"geopix cannot {told}"):
            evaluate("change", data, models.get("geopix"), protocol)
