"""A run that goes on: with more steps, with the data that it began with, begun by an older version."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Recipe, load_recipe
from rsvlm.trainer.sources import SOURCES
from rsvlm.trainer.steps import Share
from rsvlm.trainer.train import Run

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]


def test_more_steps_of_an_earlier_stage_are_not_lost_to_a_later_one(
    tuned: Made, tiny: Path, tmp_path: Path, events: Events
):
    """One step of each of two stages and then a second one: as two of each in one go, to the bit."""
    first = tuned().stages[0].model_dump(mode="json")
    told: dict[str, Any] = {"validation": None, "stages": [first, {**first, "learning_rate": 5e-4}]}
    Run(tuned(**told, max_steps=2), tiny, tmp_path / "straight").train()
    Run(tuned(**told, max_steps=1), tiny, tmp_path / "run").train()
    assert events(tmp_path / "run", "dropped") == []
    ended = Run(tuned(**told, max_steps=2), tiny, tmp_path / "run", resume=True).train()
    assert ended.whole and ended.steps == 4
    dropped = events(tmp_path / "run", "dropped")
    assert [(event["step"], event["folder"]) for event in dropped] == [(1, "stage-2")]
    for name in ("stage-1/checkpoint-2", "stage-2/checkpoint-2", "last"):
        one, other = (load_file(tmp_path / run / name / "model.safetensors") for run in ("straight", "run"))
        assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one), name


def test_adapters_of_a_later_stage_begin_the_same_where_a_run_goes_on(tuned: Made, tiny: Path, tmp_path: Path):
    """Killed when the second stage began, whose adapters are drawn in another session then."""
    second = tuned().stages[0].model_dump(mode="json")
    told = tuned(validation=None, stages=[{**second, "adapters": None}, second], max_steps=1)
    straight, again = tmp_path / "straight", tmp_path / "again"
    Run(told, tiny, straight).train()
    shutil.copytree(straight / "stage-1", again / "stage-1")
    shutil.copy(straight / "recipe.yaml", again)
    assert Run(told, tiny, again, resume=True).train().steps == 2
    one, other = (load_file(run / "stage-2" / "checkpoint-1" / "model.safetensors") for run in (straight, again))
    assert any(".lora_A." in key for key in one) and one.keys() == other.keys()
    for key, tensor in one.items():
        assert torch.equal(other[key], tensor), key


def test_checkpoints_lie_as_far_apart_as_a_run_that_goes_on_asks_for(
    tuned: Made, tiny: Path, tmp_path: Path, events: Events
):
    Run(tuned(validation=None, max_steps=1, save_steps=100), tiny, tmp_path / "run").train()
    Run(tuned(validation=None, save_steps=1), tiny, tmp_path / "run", resume=True).train()
    assert [event["step"] for event in events(tmp_path / "run", "checkpoint")] == [1, 2, 3, 4]


def test_best_model_of_a_stage_that_is_dropped_is_forgotten(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And only then: where the batch cannot be shared among as many processes as there are now, all is left as it is."""
    run, path = tmp_path / "run", tmp_path / "run" / "validation.json"
    first = tuned().stages[0].model_dump(mode="json")
    held = {**tuned().validation.model_dump(), "metric": "loss"}
    told: dict[str, Any] = {"validation": held, "stages": [first, {**first, "learning_rate": 5e-4}]}
    Run(tuned(**told, max_steps=1), tiny, run).train()
    state = json.loads(path.read_text())
    state["best"] = {**state["latest"], "figures": {"loss": -99.0}}  # which nothing reaches
    assert state["best"]["step"] == 2, "of the second stage"
    path.write_text(json.dumps(state))

    plain = Share.of
    with monkeypatch.context() as patch:
        patch.setattr(Share, "of", lambda batch, parts, processes, rank: plain(batch, parts, 3, rank))
        with pytest.raises(RsvlmError, match="cannot be shared among 3 processes"):
            Run(tuned(**told, max_steps=2), tiny, run, resume=True).train()
    assert (run / "stage-2" / "checkpoint-1").exists() and json.loads(path.read_text()) == state

    Run(tuned(**told, max_steps=2), tiny, run, resume=True).train()
    best = json.loads(path.read_text())["best"]
    assert best["step"] in (2, 4) and best["figures"]["loss"] > 0 and (run / "best").exists()


def test_data_of_a_run_that_was_refused_are_not_those_of_the_next_one(tuned: Made, tmp_path: Path):
    """Also those that it validates with."""
    for name in "ab":
        rows = []
        for number in range(4):
            Image.new("RGB", (64, 64), (0, 60 * number, 90)).save(tmp_path / f"{name}{number}.png")
            rows.append(
                {"filename": f"{name}{number}.png", "split": "train", "sentences": [{"raw": f"{number} lakes"}]}
            )
        (tmp_path / f"{name}.json").write_text(json.dumps({"images": rows}))
    one, other = ([{"format": "karpathy", "path": f"{name}.json"}] for name in "ab")
    with pytest.raises(RsvlmError, match="that it validates with"):
        Run(tuned(data=one, validation={"data": one}), tmp_path, tmp_path / "run")
    run = Run(tuned(data=other, validation={"data": one}), tmp_path, tmp_path / "run")
    assert Path(run.examples.record(0)[0].images[0]["href"]).name == "b0.png"
    swapped = Run(tuned(data=one, validation={"data": other}), tmp_path, tmp_path / "run")
    assert swapped.held is not None
    hrefs = [Path(seen.record(0)[0].images[0]["href"]).name for seen in (swapped.examples, swapped.held.records)]
    assert hrefs == ["a0.png", "b0.png"]


def test_recipe_that_was_refused_leaves_its_folder_to_a_better_one(tuned: Made, tiny: Path, tmp_path: Path):
    stage = tuned().stages[0].model_dump()
    wrong = {**stage, "adapters": {**stage["adapters"], "targets": ["q_prj"]}}
    run, settings = tmp_path / "run", {"max_steps": 1, "validation": None}
    for changes in (
        {"model": {"id": "compct"}}, {"stages": [wrong]}, {"batch_size": 6, "gradient_accumulation_steps": 4},
    ):  # fmt: skip
        with pytest.raises(RsvlmError) as caught:
            Run(tuned(**settings, **changes), tiny, run).train()
        assert caught.value.exit_code == 2 and not (run / "recipe.yaml").exists()
    new = {**settings, "model": {"family": "compact", "settings": {"pixel_width": 16}}, "stages": [wrong]}
    with pytest.raises(RsvlmError):
        Run(tuned(**new), tiny, run).train()
    assert Run(tuned(**settings), tiny, run).train().whole and not (run / "begin").exists()


def test_run_goes_on_with_the_data_that_it_began_with_alone(tuned: Made, tiny: Path, tmp_path: Path):
    shutil.copy(tiny / "tiny.zip", tmp_path / "tiny.zip")
    Run(tuned(max_steps=1, validation=None), tmp_path, tmp_path / "run").train()
    date = (tmp_path / "tiny.zip").stat().st_mtime_ns
    os.utime(tmp_path / "tiny.zip", ns=(date, date + 10**9))
    told = tuned(max_steps=2, validation=None)
    with pytest.raises(RsvlmError, match="are not those that the run"):
        Run(told, tmp_path, tmp_path / "run", resume=True)
    os.utime(tmp_path / "tiny.zip", ns=(date, date))
    assert Run(told, tmp_path, tmp_path / "run", resume=True).train().steps == 2
    fewer = Run(tuned(max_steps=1, validation=None), tmp_path, tmp_path / "run", resume=True).train()
    assert fewer.whole and fewer.steps == 2, "it has all steps that are asked for, and more"


def test_run_that_an_older_version_began_goes_on(tuned: Made, tiny: Path, tmp_path: Path):
    """It knows nothing of its data, and may keep one checkpoint alone."""
    run = tmp_path / "run"
    Run(tuned(max_steps=1, validation=None), tiny, run).train()
    (run / SOURCES).unlink()
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    (run / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "save_total_limit": 1}))
    assert Run(tuned(max_steps=2, validation=None), tiny, run, resume=True).train().steps == 2
    (run / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "save_total_limit": 1}))
    own = load_recipe(run / "recipe.yaml", ["max_steps=3"])
    assert Run(own, tiny, run, resume=True).train().steps == 3, "by the recipe that lies in its folder, too"


def test_run_that_would_be_validated_with_what_it_learns_does_not_begin(tuned: Made, tiny: Path, tmp_path: Path):
    data = [source.model_dump() for source in tuned().data]
    with pytest.raises(RsvlmError, match=r"records of tiny\.zip that it validates with"):
        Run(tuned(validation={"data": data, "eval_steps": 2}), tiny, tmp_path / "run")
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_what_a_format_leaves_out_and_misses_is_told(
    tuned: Made, tmp_path: Path, events: Events, capsys: pytest.CaptureFixture[str]
):
    """Once, when the records are made: by an event, and in words."""
    rows: list[dict[str, Any]] = [
        {"filename": "gone.png", "split": "test", "sentences": [{"raw": "a lake"}]},
        {"filename": "x"},
    ]
    for number in range(4):
        Image.new("RGB", (64, 64), (0, 60 * number, 90)).save(tmp_path / f"{number}.png")
        rows.append({"filename": f"{number}.png", "split": "train", "sentences": [{"raw": f"{number} lakes"}]})
    (tmp_path / "set.json").write_text(json.dumps({"images": rows}))
    data = [{"format": "karpathy", "path": "set.json", "split": "train"}]
    own = tmp_path / "run" / "data-1.jsonl"
    own.parent.mkdir()
    own.write_text("{}")
    Run(tuned(data=data, max_steps=1, validation=None), tmp_path, tmp_path / "run").train()
    assert own.read_text() == "{}"
    (told,) = events(tmp_path / "run", "converted")
    assert (told["source"], told["records"], told["missing"]) == ("set.json", 5, 1)
    assert told["left_out"] == {"the row is not as this format has it": 1}
    assert told["first_missing"] == str(tmp_path / "gone.png")
    said = capsys.readouterr().err
    assert "set.json: Left out 1: the row is not as this format has it." in said
    assert f"set.json: Pictures that are not there: 1, the first is {tmp_path / 'gone.png'}." in said
    Run(tuned(data=data, max_steps=2, validation=None), tmp_path, tmp_path / "run", resume=True).train()
    assert len(events(tmp_path / "run", "converted")) == 1
