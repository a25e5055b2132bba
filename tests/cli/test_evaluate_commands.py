"""`rsvlm eval` scores files of predictions: one JSON document, or figures with their intervals for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROWS = {
    "caption": [{"id": 1, "prediction": "a road near trees", "references": ["a road near trees", "trees"]}] * 2,
    "vqa": [{"id": 1, "prediction": "yes", "reference": "yes", "type": "presence"}],
    "change": [{"id": 1, "prediction": "a road is built", "references": ["a road is built"], "changeflag": 1}] * 2,
    "segment": [{"id": 1, "prediction": [[1, 0], [1, 0]], "reference": [[1, 0], [1, 0]]}],
    "ground": [{"id": 1, "prediction": "{<0><0><50><50>}", "reference": [0, 0, 50, 50]}],
}
BEST = {"caption": "BLEU-1", "vqa": "OA", "change": "ROUGE-L", "segment": "mIoU", "ground": "Acc@0.5"}
WORDS = {"change": ["--protocol", "coco"]}


@pytest.mark.parametrize("task", ROWS)
def test_file_is_scored_for_programs_and_for_people(rsvlm, tmp_path: Path, task: str):
    file = tmp_path / "said.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS[task])))
    done = rsvlm("eval", task, "--predictions", file, *WORDS.get(task, []), "--json")
    result = json.loads(done.out)
    assert done.code == 0 and done.out.count("\n") == 1 and result["task"] == task and result["n"] == len(ROWS[task])
    assert result["metrics"][BEST[task]] == pytest.approx(1, abs=1e-6)
    assert result["ci95"][BEST[task]] == pytest.approx([1, 1], abs=1e-6)
    told = rsvlm("eval", task, "--predictions", file, *WORDS.get(task, []))
    assert told.code == 0 and f"{BEST[task]}  1.000  (1.000 – 1.000)" in told.out and "said.jsonl" in told.out
    if task in ("caption", "change"):
        assert "METEOR  not computed: The protocol never uses Java." in told.out
        assert f"{result['vocabulary']['words']} words, {result['vocabulary']['sha256']}" in told.out


def test_answers_that_the_release_stops_at_are_shown(rsvlm, tmp_path: Path):
    file = tmp_path / "said.json"
    file.write_text(
        json.dumps([{"id": f"p{n}", "prediction": "3 roads", "truth": {"road": 3, "building": 0}} for n in range(12)])
    )
    done = rsvlm("eval", "change", "--predictions", file, "--protocol", "deltavlm-count")
    assert "The released script stops at: p0, p1," in done.out and "and 2 more" in done.out
    assert "road MAE  0.000" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["caption"], "nothing to score"),
        (["vqa"], "--predictions"),
        (["ground", "--predictions", "gone.json"], "gone.json cannot be read"),
        (["segment", "--predictions", "said.json", "--protocol", "dice"], "no segment protocol “dice”"),
        (["caption", "--predictions", "said.json", "--references", "gone.json"], "gone.json cannot be read"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(rsvlm, tmp_path: Path, monkeypatch, words: list[str], told: str):
    monkeypatch.chdir(tmp_path)
    Path("said.json").write_text(json.dumps(ROWS["caption"]))
    done = rsvlm("eval", *words)
    assert done.code == 2 and told in done.err and done.err.count("\n") == 1 and not done.out
