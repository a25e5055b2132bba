"""However a run ends, what it has finished is kept, and going on gives what one run would have given."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import distributed

from rsvlm.models.weights import load_compact
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.run import last_checkpoint
from rsvlm.trainer.stage import StageTrainer
from rsvlm.trainer.train import Run

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]
Start = Callable[..., "subprocess.Popen[str]"]

# The shipped recipe, on pictures that are here.
SHIPPED = (
    "compact_lora", "data.0.format=archive", "data.0.path=tiny.zip", "data.0.split=train", "validation=null", "batch_size=4",
    "max_steps=10", "save_steps=5", "--json", "--data",
)  # fmt: skip


def until(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 180
    while not there():
        assert process.poll() is None and time.monotonic() < end, process.communicate(timeout=10)
        time.sleep(0.02)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_killed_in_the_middle_and_gone_on_with_is_one_run_to_the_bit(start: Start, tiny: Path, tmp_path: Path):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    process = start(*SHIPPED, tiny, f"output_dir={straight}")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-2000:]
    assert json.loads(out)["installed"] == "compact-lora"
    process = start(*SHIPPED, tiny, f"output_dir={broken}")
    until(lambda: last_checkpoint(broken / "stage-1") is not None and len(lines(broken / "seen.jsonl")) > 5, process)
    process.kill()
    process.communicate(timeout=60)
    assert last_checkpoint(broken / "stage-1") == broken / "stage-1" / "checkpoint-5"
    process = start(*SHIPPED, tiny, f"output_dir={broken}", "--resume")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-2000:]
    assert json.loads(out)["installed"] == "compact-lora-2"
    for name in ("last/model.safetensors", "stage-1/checkpoint-10/model.safetensors"):
        one, other = load_file(straight / name), load_file(broken / name)
        assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one), name
    seen = lines(straight / "seen.jsonl")
    assert [row["step"] for row in seen] == list(range(1, 11)) and {len(row["ids"]) for row in seen} == {4}
    assert lines(broken / "seen.jsonl") == seen
    assert [event["step"] for event in lines(broken / "events.jsonl") if event["event"] == "resumed"] == [5]


def test_last_step_before_a_stop_is_told(
    tuned: Made, tiny: Path, tmp_path: Path, events: Events, monkeypatch: pytest.MonkeyPatch
):
    plain = StageTrainer.training_step

    def stopped(trainer: StageTrainer, *given: Any) -> torch.Tensor:
        trainer.asked_to_stop = trainer.state.global_step == 2
        return plain(trainer, *given)

    monkeypatch.setattr(StageTrainer, "training_step", stopped)
    ended = Run(tuned(validation=None, logging_steps=20), tiny, tmp_path / "run").train()
    assert not ended.whole and [event["step"] for event in events(tmp_path / "run", "step")] == [3] == [ended.steps]


def counted(rank: int, store: str, told: Any) -> None:
    """One of two processes, the first of which shortened 2 examples and the second 3; each left one out."""
    torch.set_num_threads(1)
    wait = timedelta(seconds=30)
    distributed.init_process_group("gloo", f"file://{store}", timeout=wait, rank=rank, world_size=2)
    accelerator, args = SimpleNamespace(num_processes=2), SimpleNamespace(device="cpu")
    trainer: Any = SimpleNamespace(shortened=2 + rank, left_out=1, accelerator=accelerator, args=args)
    told.put([StageTrainer.counted(trainer), StageTrainer.counted(trainer)])
    distributed.barrier()
    distributed.destroy_process_group()


def test_examples_that_are_too_long_are_counted_over_all_processes(tmp_path: Path):
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    processes = [fork.Process(target=counted, args=(rank, str(tmp_path / "store"), told)) for rank in (0, 1)]
    for process in processes:
        process.start()
    try:
        found = [told.get(timeout=60) for _ in processes]
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    assert found == [[{"shortened": 5, "left_out": 2}, {"shortened": 0, "left_out": 0}]] * 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_leave_a_checkpoint_and_their_exit_code(
    tuned: Made, tiny: Path, tmp_path: Path, start: Start, events: Events, models: Path, number: int, code: int
):
    stage = tuned().stages[0].model_dump(mode="json") | {"max_steps": 5000}
    told = tuned(stages=[stage], save_steps=5000, validation=None, workers=1)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    folder = tmp_path / "run"
    process = start(tmp_path / "recipe.yaml", f"output_dir={folder}", "--data", tiny, "--json")
    until(lambda: len(lines(folder / "seen.jsonl")) >= 2, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err[-2000:]
    assert "Traceback" not in err
    ended = json.loads(out)
    assert not ended["whole"] and ended["installed"] is None and not models.exists()
    checkpoint = last_checkpoint(folder / "stage-1")
    assert checkpoint is not None and checkpoint.name == f"checkpoint-{ended['steps']}"
    load_compact(folder / "last")
    assert len(lines(folder / "seen.jsonl")) == ended["steps"]
    assert [event["signal"] for event in events(folder, "stopped")] == [signal.Signals(number).name]


def test_group_that_is_told_to_stop_leaves_a_checkpoint_and_goes_on(
    tuned: Made, tiny: Path, tmp_path: Path, start_group: Start, events: Events
):
    """SIGTERM to one of two processes ends both with 0, and so torchrun. To torchrun itself it ends them as well, but torchrun
    calls that a failure of its own.
    """
    stage = tuned().stages[0].model_dump(mode="json") | {"max_steps": 5000}
    told = tuned(stages=[stage], save_steps=5000, validation=None, record_ids=True)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    folder = tmp_path / "run"
    words = (tmp_path / "recipe.yaml", f"output_dir={folder}", "--data", tiny, "--json")

    process = start_group(*words)
    until(lambda: len(lines(folder / "seen-1.jsonl")) >= 2, process)
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2
    workers[1].send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-2000:]
    first = json.loads(out)
    assert (
        not first["whole"]
        and last_checkpoint(folder / "stage-1") == folder / "stage-1" / f"checkpoint-{first['steps']}"
    )

    process = start_group(*words, "--resume")
    until(lambda: len(lines(folder / "seen-1.jsonl")) >= first["steps"] + 2, process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    second = json.loads(out)
    assert process.returncode == 1 and "SignalException" in err and second["steps"] >= first["steps"] + 2
    assert last_checkpoint(folder / "stage-1") == folder / "stage-1" / f"checkpoint-{second['steps']}"
    for name in ("seen.jsonl", "seen-1.jsonl"):
        assert [row["step"] for row in lines(folder / name)] == list(range(1, second["steps"] + 1))
    assert [event["step"] for event in events(folder, "resumed")] == [first["steps"]]
    assert [event["signal"] for event in events(folder, "stopped")] == ["SIGTERM"] * 2


def test_what_a_worker_cannot_read_is_one_sentence_and_an_event(
    tuned: Made, tiny: Path, tmp_path: Path, start: Start, events: Events
):
    record = {
        "id": "one", "task": "caption", "split": "train", "images": [{"href": "missing.png"}],
        "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "trees"}],
    }  # fmt: skip
    (tmp_path / "records.jsonl").write_text(json.dumps(record) + "\n")
    told = tuned(data=[{"path": str(tmp_path / "records.jsonl")}], validation=None, workers=1)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    folder = tmp_path / "run"
    process = start(tmp_path / "recipe.yaml", f"output_dir={folder}", "--data", tiny)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2 and out == ""
    assert "missing.png cannot be read" in err and "Traceback" not in err
    assert [event["code"] for event in events(folder, "error")] == ["bad_raster"]
