"""The same question again: in other words, and of the picture turned and brighter; numbers beside masks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.measuring.steady import OTHERWISE, Steadiness
from rsvlm.trainer.scoring import score_file


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("Is there a road?", "can you see any road?"),
        ("how many ships are there in the port?", "what is the number of ships in the port?"),
        ("How many ships?", "what is the number of ships?"),
        ("What is in the middle?", "please tell me: What is in the middle?"),
        ("Rural or urban?", "please answer this question: Rural or urban?"),
    ],
)
def test_question_in_other_words_asks_the_same(question: str, other: str):
    found = next(pattern.sub(words, question, count=1) for pattern, words in OTHERWISE if pattern.search(question))
    assert found == other


def test_model_is_asked_again_as_by_hand(
    add_family, models: Models, pictures, records, kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    add_family("geopix", ("two", "ships", *SEGS))
    predictor = models.get("geopix")
    data = records(
        ("vqa", pictures[:1], "how many ships are there?", ["2"], {"meta": {"paraphrases": ["count the ships"]}}),
        ("vqa", pictures[1:2], "Is there a road on the left?", ["yes"], {}),
    )
    heard = []
    answers = Steadiness.answers

    def listening(self: Steadiness, seen, questions):
        heard.append(([one.pixels for one in seen], [question.text for question in questions]))
        return answers(self, seen, questions)

    monkeypatch.setattr(Steadiness, "answers", listening)
    result = evaluate("consistency", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    first, second = (np.asarray(Image.open(path)) for path in pictures[:2])
    plain = ["how many ships are there?", "Is there a road on the left?"]
    words = ["count the ships", "can you see any road on the left?"]
    wanted = [
        ([first, second], plain), ([first, second], words), ([np.rot90(first)], plain[:1]),
        ([first[::-1, ::-1]], plain[:1]),
        ([(pixels * 1.2).clip(0, 255).astype(np.uint8) for pixels in (first, second)], plain),
    ]  # fmt: skip
    assert [texts for _, texts in heard] == [texts for _, texts in wanted]
    for (seen, _), (right, _) in zip(heard, wanted, strict=True):
        assert all((one == other).all() for one, other in zip(seen, right, strict=True))
    rows = kept()
    assert set(rows[0]["again"]) - set(rows[1]["again"]) == {"turned by 90°", "turned by 180°"}
    masks = predictor.ask(predictor.encode([first]), [Question("[segment] Can you segment ships ?")])[0].masks
    assert masks is not None and rows[0]["counts"][0] == 2 and "counts" not in rows[1]
    agree = rows[0]["counts"][0] == rows[0]["counts"][1]
    assert result["metrics"]["numbers as drawn"] == float(agree)
    assert result["metrics"]["all the same"] == 1 and result["metrics"]["turned by 90°"] == 1
    again = score_file("consistency", tmp_path / "said.jsonl")
    assert {**result, **again, "data": "records.jsonl"} == result


def test_numbers_are_held_against_what_is_likely_where_masks_come_so(records, kept, root: Path, tmp_path: Path):
    with Image.open(root / "resources" / "demo" / "before.tif") as village:
        village.convert("RGB").crop((300, 300, 428, 428)).save(tmp_path / "houses.png")
    data = records(("vqa", [tmp_path / "houses.png"], "How many buildings are there?", ["9"], {}))
    result = evaluate("consistency", data, Models("cpu").get(None), kept=Kept(tmp_path / "said.jsonl"))
    (row,) = kept()
    assert row["counts"][0] == row["counts"][1] > 0, "what it says is measured"
    assert result["metrics"]["numbers as drawn"] == 1


def test_shares_are_of_the_answers_that_were_given_again(tmp_path: Path):
    rows = [
        {"id": 1, "prediction": "Yes.", "references": ["yes"], "again": {"brighter": "yes", "turned": "no"}},
        {"id": 2, "prediction": "3", "references": ["3"], "again": {"brighter": "3"}, "counts": [3, 5]},
        {"id": 3, "prediction": "no", "references": ["no"], "again": {"brighter": "yes"}, "counts": [0, 0]},
    ]
    file = tmp_path / "said.json"
    file.write_text(json.dumps(rows))
    found = score_file("consistency", file)["metrics"]
    assert found == pytest.approx({
        "all the same": 1 / 3, "brighter": 2 / 3, "turned": 0, "numbers as drawn": 0.5, "MAE of numbers to masks": 1,
    }, abs=1e-6)  # fmt: skip
    for row in rows:
        del row["again"]
    file.write_text(json.dumps(rows))
    with pytest.raises(RsvlmError, match="No row has an answer given again"):
        score_file("consistency", file)
