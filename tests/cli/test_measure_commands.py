"""`rsvlm eval TASK --data`: a model is measured, its predictions are kept, and what cannot be is told in a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.trainer.scoring import TASKS

SCENES = ("sea", "road", "sea")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """records.jsonl in the working folder: three pictures with captions and classes, and a line that is none."""
    lines = ["{}"]
    for number, scene in enumerate(SCENES):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        said = [{"role": "assistant", "content": f"a {scene} {time}"} for time in ("by day", "by night")]
        lines.append(
            json.dumps({
                "id": str(number), "task": "caption", "split": "test", "images": [{"href": f"{number}.png"}],
                "messages": [{"role": "user", "content": "Describe it."}, *said], "meta": {"scene": scene},
            })
        )  # fmt: skip
    (tmp_path / "records.jsonl").write_text("\n".join(lines))
    return tmp_path / "records.jsonl"


@pytest.mark.parametrize(
    ("task", "figure", "protocol"),
    [("caption", "CIDEr", "coco"), ("retrieval", "mean recall", "rs5m"), ("zeroshot", "top-1", "top-k")],
)
def test_model_is_measured_and_its_predictions_score_the_same(
    rsvlm, data: Path, tmp_path: Path, task: str, figure: str, protocol: str
):
    said = tmp_path / "said.jsonl"
    words = ["eval", task, "--data", data, "--split", "test", "--device", "cpu", "--predictions", said]
    done = rsvlm(*words, "--json")
    result = json.loads(done.out)
    assert done.code == 0 and done.out.count("\n") == 1 and not done.err
    told = {name: result[name] for name in ("task", "protocol", "data", "split", "model", "n")}
    assert told == {
        "task": task, "protocol": protocol, "data": "records.jsonl", "split": "test", "model": "compact", "n": 3,
    }  # fmt: skip
    assert len(result["revision"]) == 12 and figure in result["metrics"] and len(result["ci95"][figure]) == 2
    assert sum(result["left_out"].values()) == 1
    again = json.loads(rsvlm("eval", task, "--predictions", said, "--json").out)
    assert (again["metrics"], again["ci95"]) == (result["metrics"], result["ci95"])
    refused = rsvlm(*words)
    assert refused.code == 2 and "there already" in refused.err and refused.err.count("\n") == 1
    few = rsvlm(*words, "--overwrite", "--limit", "2")
    assert few.code == 0 and f"{task}, 2 " in few.out and "model compact, revision" in few.out
    assert "for comparison, " in few.out and len(said.read_text().splitlines()) == 2
    assert "1 row of the data set left out" in few.out


@pytest.mark.parametrize(
    ("splits", "words", "measured", "count", "warning"),
    [
        (("train", "val", "test"), (), "val", 1, "train (1), val (1), test (1); “val” is measured. Name another --split"),
        (("train", "test", "train"), (), "test", 1, "train (2), test (1); “test” is measured"),
        (("train", "val", "test"), ("--split", "train"), "train", 1, ""),
        (("train", "val", "test"), ("--split", "all"), "all", 3, ""),
        (("val", "val", "val"), (), "all", 3, ""),
        (("train", "train", "train"), (), "all", 3, "All records of records.jsonl are of the split “train”"),
        (("one", "two", "two"), (), "all", 3, "one (1), two (2); all of them are measured"),
    ],
)  # fmt: skip
def test_what_models_learn_from_is_not_measured_unasked(
    rsvlm, data: Path, splits: tuple[str, ...], words: tuple[str, ...], measured: str, count: int, warning: str
):
    lines = [json.loads(line) for line in data.read_text().splitlines()[1:]]
    data.write_text("".join(json.dumps({**line, "split": split}) + "\n" for line, split in zip(lines, splits)))
    done = rsvlm("eval", "retrieval", "--data", data, "--device", "cpu", *words, "--json")
    result = json.loads(done.out)
    assert (result["split"], result["n"]) == (measured, count)
    assert warning in done.err and warning in result.get("warning", "") and bool(done.err) == bool(warning)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["vqa", "--data", "records.jsonl", "--model", "geoclip"], "geoclip cannot answer questions"),
        (["change", "--data", "records.jsonl", "--model", "geoclip", "--protocol", "yes-no"],
         "cannot answer questions about what changed"),
        (["localize", "--data", "records.jsonl"], "nothing to measure “localize” on"),
        (["caption", "--data", "records.jsonl", "--split", "dev"], "nothing in the split “dev”"),
        (["caption", "--data", "gone.jsonl"], "There is no gone.jsonl"),
        (["caption", "--data", "0.png"], "It does not show what 0.png is"),
        (["caption", "--data", "records.jsonl", "--format", "recordz"], "There is no format “recordz”. Did you mean “records”?"),
        (["caption", "--data", "records.jsonl", "--model", "none"], "no model called “none”"),
        (["caption", "--data", "records.jsonl", "--protocol", "bleu"], "no caption protocol “bleu”"),
        (["zeroshot", "--data", "records.jsonl", "--templates", "gone.txt"], "gone.txt cannot be read"),
        (["rag", "--data", "records.jsonl", "--model", "geoclip"], "cannot answer questions"),
        (["consistency"], "nothing to score"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_told_in_one_line(
    rsvlm, data: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str, add_family
):
    add_family("geoclip", [])
    monkeypatch.chdir(data.parent)
    done = rsvlm("eval", *words)
    assert done.code == 2 and told in done.err and done.err.count("\n") == 1 and not done.out


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_command_whose_help_names_its_protocols(rsvlm, monkeypatch: pytest.MonkeyPatch, task: str):
    monkeypatch.setenv("COLUMNS", "400")
    done = rsvlm("eval", task, "--help")
    assert done.code == 0 and all(protocol in done.out for protocol in TASKS[task]) and "--predictions" in done.out
