"""A run that was stopped goes on as if it had not been, and what it leaves can be used."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from rsvlm.models.cards import get_card
from rsvlm.models.weights import load_compact
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.begin import write_recipe
from rsvlm.trainer.examples import example
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.records import Writer, read_caption_archive
from rsvlm.trainer.run import Average, last_checkpoint
from rsvlm.trainer.stage import StageTrainer
from rsvlm.trainer.steps import FAR, fitted
from rsvlm.trainer.train import Run

STEPS = 6
SIZES = {
    "stem": 8, "widths": [8, 16, 32], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 400,
    "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4,
}  # fmt: skip


def recipe(**changes: Any) -> Recipe:
    stage = {
        "max_steps": STEPS, "learning_rate": 1e-3, "warmup_steps": 2,
        "objectives": {"language": 1.0, "class": 0.5, "contrastive": 0.3, "distillation": 0.5},
    }  # fmt: skip
    settings = {
        "name": "tiny", "seed": 3, "model": {"family": "compact", "settings": SIZES}, "teacher": "teacher.npz",
        "data": [{"format": "archive", "path": "tiny.zip", "split": "train", "augment": "view"}],
        "stages": [stage], "batch_size": 4, "pixels": [{"start": 0.0, "pixels": 32}, {"start": 0.5, "pixels": 64}],
        "weight_decay": 0.05, "average": 0.9, "save_steps": 3, "logging_steps": 1, "bf16": True,
    }  # fmt: skip
    return Recipe.model_validate({**settings, **changes})


def adapted(**changes: Any) -> Recipe:
    """Low-rank adapters on the bundled model."""
    stage = {
        "max_steps": STEPS, "train": ["connector"], "objectives": {"language": 1.0}, "learning_rate": 1e-3,
        "adapters": {"rank": 4, "alpha": 8, "dropout": 0.1, "targets": ["q_proj", "down_proj"]},
    }  # fmt: skip
    return recipe(**{"model": {"id": "compact"}, "teacher": None, "average": None, "stages": [stage], **changes})


def events(folder: Path, kind: str = "step") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    timed = ("seconds_per_step", "minutes_left", "waiting_for_data")
    return [
        {name: value for name, value in line.items() if name not in timed} for line in lines if line["event"] == kind
    ]


@pytest.fixture(scope="module", params=[recipe, adapted], ids=["new", "adapted"])
def straight(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory):
    """The recipe, and the folder of six steps in one go; checkpoints after three and six."""
    folder = tmp_path_factory.mktemp("straight")
    ended = Run(request.param(), tiny, folder / "run").train()
    assert ended.model == folder / "run" / "last" and ended.steps == STEPS and ended.whole
    return request.param, folder / "run"


def same(one: Path, other: Path) -> None:
    left, right = load_file(one / "model.safetensors"), load_file(other / "model.safetensors")
    assert left.keys() == right.keys()
    for key, tensor in left.items():
        assert torch.equal(right[key], tensor), key


def test_run_leaves_what_is_needed_to_go_on_and_to_use_it(straight: tuple[Any, Path]):
    told, folder = straight
    assert {path.name for path in folder.iterdir()} >= {"recipe.yaml", "events.jsonl", "tensorboard", "stage-1", "last"}
    assert last_checkpoint(folder / "stage-1") == folder / "stage-1" / "checkpoint-6"
    model, _ = load_compact(folder / "last")
    assert not any(".lora_" in name for name, _ in model.named_parameters()), "adapters are joined with the weights"
    logged = events(folder)
    assert [event["step"] for event in logged] == [1, 2, 3, 4, 5, 6]
    assert told is adapted or logged[-1]["language"] < logged[0]["language"]
    assert [event["step"] for event in events(folder, "checkpoint")] == [3, 6]


def test_run_that_was_killed_ends_with_the_same_weights_to_the_bit(
    straight: tuple[Any, Path], tiny: Path, tmp_path: Path
):
    """Killed after step 4 while it saved: the checkpoint of step 3 is the last that is whole."""
    told, folder = straight
    again = tmp_path / "again"
    (again / "stage-1").mkdir(parents=True)
    for name in ("recipe.yaml", "begin", "teacher.npz"):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, again / name)
        elif (folder / name).exists():
            shutil.copy(folder / name, again / name)
    for step in (3, 4):
        shutil.copytree(folder / "stage-1" / "checkpoint-3", again / "stage-1" / f"checkpoint-{step}")
    (again / "stage-1" / "checkpoint-4" / "whole").unlink()
    assert Run(told(), tiny, again, resume=True).train().whole
    assert events(again) == events(folder)[3:]
    for name in ("stage-1/checkpoint-6", "last"):
        same(folder / name, again / name)
    first, last = (load_file(folder / "stage-1" / f"checkpoint-{step}" / "model.safetensors") for step in (3, 6))
    assert any(not torch.equal(first[key], last[key]) for key in first), "the last three steps taught something"


def test_what_learns_from_the_teacher_begins_the_same_in_every_session(tiny: Path, tmp_path: Path):
    """Also in one that finds the new model as it began, and has no random weights to draw for it."""
    begun = Run(recipe(), tiny, tmp_path / "run").learner.network.state_dict()
    write_recipe(tmp_path / "run", recipe())
    again = Run(recipe(), tiny, tmp_path / "run", resume=True).learner.network.state_dict()
    assert "distillation.project.weight" in begun and begun.keys() == again.keys()
    for name, tensor in begun.items():
        assert torch.equal(again[name], tensor), name


def test_teacher_that_is_not_there_is_told_before_anything_is_made(tiny: Path, tmp_path: Path):
    (tmp_path / "teacher.txt").write_text("MobileNetV2")
    for teacher in ("mistyped.npz", str(tmp_path / "teacher.txt")):
        with pytest.raises(RsvlmError, match=r"is not there, or is no \.npz") as caught:
            Run(recipe(teacher=teacher), tiny, tmp_path / "run")
        assert caught.value.code == "not_found" and "teacher=null" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_finished_run_is_left_as_it_is(straight: tuple[Any, Path], tiny: Path):
    told, folder = straight
    before, log = (folder / "last" / "model.safetensors").read_bytes(), (folder / "events.jsonl").read_text()
    assert Run(told(), tiny, folder, resume=True).train().whole
    assert (folder / "last" / "model.safetensors").read_bytes() == before
    assert (folder / "events.jsonl").read_text() == log


def test_run_is_neither_overwritten_nor_gone_on_with_by_another_recipe(
    straight: tuple[Any, Path], tiny: Path, tmp_path: Path
):
    told, folder = straight
    for run, wanted, resume in (
        (folder, told(), False), (tmp_path / "none", told(), True), (folder, told(seed=9), True),
    ):  # fmt: skip
        with pytest.raises(RsvlmError) as caught:
            Run(wanted, tiny, run, resume)
        assert caught.value.exit_code == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("system", "forked"), [("linux", 2), ("darwin", 0), ("win32", 0)])
def test_pictures_are_read_in_forked_processes_on_linux_alone(
    system: str, forked: int, monkeypatch: pytest.MonkeyPatch
):
    """macOS has fork as well, but its own libraries do not survive it."""
    monkeypatch.setattr("sys.platform", system)
    trainer = StageTrainer.__new__(StageTrainer)
    trainer.workers, trainer.train_dataset = 2, [1, 2]
    assert trainer.get_train_dataloader().num_workers == forked


def test_only_what_a_stage_trains_is_changed(tiny: Path, tmp_path: Path):
    Run(adapted(max_steps=1), tiny, tmp_path / "run").train()
    begun, now = (
        load_compact(get_card(None).folder)[0].state_dict(),
        load_compact(tmp_path / "run" / "last")[0].state_dict(),
    )
    changed = {name for name in begun if not torch.equal(begun[name].half(), now[name].half())}
    assert any("q_proj" in name for name in changed) and any(name.startswith("connector.") for name in changed)
    assert all("q_proj" in name or "down_proj" in name or name.startswith("connector.") for name in changed)


def test_average_forgets_the_random_start_and_then_moves_slowly():
    network = torch.nn.Linear(1, 1)
    network.register_buffer("running", torch.zeros(1))
    average = Average(network, 0.5)
    expected = None
    for step, value in enumerate([4.0, 8.0, 6.0, 2.0]):
        with torch.no_grad():
            network.weight.fill_(value)
            network.running.fill_(value)
        average.update(network)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = value if expected is None else decay * expected + (1 - decay) * value
        with average.put_into(network):
            np.testing.assert_allclose([network.weight.item(), network.running.item()], expected, rtol=1e-5)
        assert network.weight.item() == value


def test_example_that_is_too_long_gives_way_and_is_counted(tmp_path: Path):
    """All captions of one picture in each split is too long for a row, and one of two of the others: none is cut. Another
    example stands in for the first, a shorter right answer for the second; both are told at the end of each step.
    """
    write_long(tmp_path / "long.zip")
    source = {"format": "archive", "path": "long.zip"}
    stage = {"max_steps": 3, "learning_rate": 1e-3, "objectives": {"language": 1.0}}
    told = recipe(
        data=[{**source, "split": "train"}], stages=[stage], teacher=None, workers=0, average=None,
        validation={"data": [{**source, "split": "val"}], "eval_steps": 3},
    )  # fmt: skip
    run = Run(told, tmp_path, tmp_path / "run")
    run.learner.longest = 30
    run.train()
    skipped = shortened = 0
    for place in range(12):
        while run.examples.at(place).id.endswith("/0.png"):
            skipped, place = skipped + 1, place + FAR
        shortened += "cars" in run.examples.at(place).turns[-1][1]
    assert skipped and shortened, "both happen in these steps"
    told_of = [(event["left_out"], event["shortened"]) for event in events(tmp_path / "run")]
    assert len(told_of) == 3 and tuple(map(sum, zip(*told_of, strict=True))) == (skipped, shortened)
    assert [event["left_out"] for event in events(tmp_path / "run", "eval")] == [1, 1]
    short = Run(told, tmp_path, tmp_path / "short")
    short.learner.longest = 1
    with pytest.raises(RsvlmError, match="too long for this model"):
        short.train()


def test_example_without_a_picture_gives_way_and_is_counted(tiny: Path, tmp_path: Path):
    """Half of the records are words alone: no family learns from them, and the teacher's scale is taken from the others."""
    talk = [{"role": "user", "content": "What is a moraine?"}, {"role": "assistant", "content": "A heap of rubble."}]
    words = [Record(f"talk/{number}", "chat", "train", [], talk) for number in range(18)]
    with Writer(tmp_path / "mixed.jsonl", "") as out:
        for record in (*read_caption_archive(tiny / "tiny.zip", "train"), *words):
            out.write(record)
    data = [{"path": str(tmp_path / "mixed.jsonl"), "augment": "view"}]
    run = Run(recipe(data=data, max_steps=3, average=None, workers=0), tiny, tmp_path / "run")
    run.train()
    skipped = 0
    for place in range(12):
        while not run.examples.at(place).pictures:
            skipped, place = skipped + 1, place + FAR
    assert skipped and sum(event["left_out"] for event in events(tmp_path / "run")) == skipped
    seen = [json.loads(line)["ids"] for line in (tmp_path / "run" / "seen.jsonl").read_text().splitlines()]
    assert len(seen) == 3 and all(name.startswith("tiny/") for ids in seen for name in ids)
    assert fitted(example(words[0]), run.learner) is None, "nor is it validated with"


def write_long(path: Path) -> None:
    """A caption archive of eight pictures, of which the first and the last have no short caption; the last two are validated."""
    with zipfile.ZipFile(path, "w") as archive:
        rows = []
        for number in range(8):
            file = io.BytesIO()
            Image.new("RGB", (64, 64), (0, 30 * number, 90)).save(file, "PNG")
            archive.writestr(f"images/{number}.png", file.getvalue())
            captions = [f"{number} cars on a road beside a long lake, " * 12]
            captions += [f"a lake and {number} trees"] if number not in (0, 7) else []
            split = "val" if number > 5 else "train"
            rows.append({"filename": f"{number}.png", "split": split, "scene": "lake", "captions": captions})
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)) + "\n")
